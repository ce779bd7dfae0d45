/* SPDX-License-Identifier: MIT */
/*
 * Reading ELF64 executables (System V ABI, chapters 4 and 5; for x86-64 its processor supplement). A file
 * may hold anything, so each number is checked before it is used, and what passes can be loaded without a
 * further look. Called by exec.c; compiled on the host too, by its unit test.
 */
#include "elf.h"

#define PAGE 4096ul

struct elf_header {
    uint8_t magic[4], class, data, ident_version, abi, padding[8];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_size, program_entry_size, program_count, section_entry_size, section_count, names;
};

struct elf_program_header {
    uint32_t type, flags;
    uint64_t offset, va, pa, file_size, memory_size, align;
};

_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_program_header) == 56, "ELF layout");

enum { CLASS_64 = 2, DATA_LITTLE = 1, TYPE_EXECUTABLE = 2, MACHINE_X86_64 = 62, VERSION = 1 };
enum { SEGMENT_LOAD = 1, SEGMENT_INTERPRETER = 3 };
enum { FLAG_EXECUTE = 1, FLAG_WRITE = 2 };

static bool header_is_good(const struct elf_header *header, uint64_t size)
{
    return memcmp(header->magic, "\177ELF", 4) == 0 && header->class == CLASS_64 &&
           header->data == DATA_LITTLE && header->ident_version == VERSION &&
           header->type == TYPE_EXECUTABLE && header->machine == MACHINE_X86_64 &&
           header->version == VERSION && header->program_entry_size == sizeof(struct elf_program_header) &&
           header->program_offset <= size &&
           (size - header->program_offset) / sizeof(struct elf_program_header) >= header->program_count;
}

/* [start, start + size) lies in [low, high), whatever the numbers are. */
static bool is_within(uint64_t start, uint64_t size, uint64_t low, uint64_t high)
{
    return start >= low && start <= high && size <= high - start;
}

/* Take a segment that lies behind those before it. low: the first page that is still free. */
static bool add_segment(struct elf_program *program, const struct elf_program_header *header, uint64_t size,
                        uint64_t low, uint64_t limit)
{
    if (program->segment_count == ELF_SEGMENTS_MAX || header->file_size > header->memory_size ||
        !is_within(header->offset, header->file_size, 0, size) ||
        !is_within(header->va, header->memory_size, low, limit))
        return false;
    program->segments[program->segment_count++] = (struct elf_segment){
        .va = header->va,
        .memory_size = header->memory_size,
        .offset = header->offset,
        .file_size = header->file_size,
        .writable = (header->flags & FLAG_WRITE) != 0,
        .executable = (header->flags & FLAG_EXECUTE) != 0,
    };
    program->end = round_up(header->va + header->memory_size, PAGE);
    return true;
}

static bool entry_is_good(const struct elf_program *program)
{
    for (unsigned i = 0; i < program->segment_count; i++) {
        const struct elf_segment *segment = &program->segments[i];

        if (segment->executable &&
            is_within(program->entry, 1, segment->va, segment->va + segment->memory_size))
            return true;
    }
    return false;
}

bool elf_read(const void *file, uint64_t size, uint64_t base, uint64_t limit, struct elf_program *program)
{
    struct elf_header header;
    struct elf_program_header segment;
    const char *bytes = file;

    if (size < sizeof header)
        return false;
    memcpy(&header, bytes, sizeof header); /* a file in an archive is not aligned */
    if (!header_is_good(&header, size))
        return false;
    *program = (struct elf_program){.entry = header.entry, .end = base};
    for (unsigned i = 0; i < header.program_count; i++) {
        memcpy(&segment, bytes + header.program_offset + i * sizeof segment, sizeof segment);
        if (segment.type == SEGMENT_INTERPRETER)
            return false;
        if (segment.type == SEGMENT_LOAD && segment.memory_size > 0 &&
            !add_segment(program, &segment, size, program->end, limit))
            return false;
    }
    return entry_is_good(program);
}
