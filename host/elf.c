/* SPDX-License-Identifier: MIT */
/* The ELF parser (elf.h). Everything read from the file goes through in_file(), and tables are copied entry
 * by entry with memcpy, because a hostile file may give any alignment. The formats are those of the System V
 * ABI, edition 4.1, chapters 4 and 5. Called by tools/pvrun/kernel.c; symbols.c uses the symbol table. */
#include "elf.h"

#include <elf.h>
#include <string.h>

#include "pvops/abi/note.h"

/* xen/include/public/elfnote.h: the entry point of a PVH kernel */
#define XEN_ELFNOTE_PHYS32_ENTRY 18

static bool in_file(const struct elf_image *image, uint64_t offset, uint64_t size)
{
    return offset <= image->size && size <= image->size - offset;
}

/* count * each bytes at offset; false also when the product overflows */
static bool table_in_file(const struct elf_image *image, uint64_t offset, uint64_t count, uint64_t each)
{
    uint64_t size;

    return !__builtin_mul_overflow(count, each, &size) && in_file(image, offset, size);
}

static enum elf_error check_header(const struct elf_image *image, Elf64_Ehdr *header)
{
    if (image->size < SELFMAG || memcmp(image->data, ELFMAG, SELFMAG) != 0)
        return ELF_NOT_ELF;
    if (image->size < EI_NIDENT)
        return ELF_TRUNCATED;
    if (image->data[EI_CLASS] != ELFCLASS64 || image->data[EI_DATA] != ELFDATA2LSB)
        return ELF_NOT_64BIT;
    if (image->size < sizeof *header)
        return ELF_TRUNCATED;
    memcpy(header, image->data, sizeof *header);
    if (header->e_machine != EM_X86_64)
        return ELF_NOT_X86_64;
    if (header->e_type != ET_EXEC)
        return ELF_NOT_EXEC;
    if (header->e_version != EV_CURRENT || header->e_ident[EI_VERSION] != EV_CURRENT)
        return ELF_BAD_HEADER;
    if (header->e_phnum != 0 && header->e_phentsize != sizeof(Elf64_Phdr))
        return ELF_BAD_HEADER;
    if (header->e_phnum > ELF_SEGMENTS_MAX)
        return ELF_TOO_MANY;
    if (!table_in_file(image, header->e_phoff, header->e_phnum, sizeof(Elf64_Phdr)))
        return ELF_TRUNCATED;
    return ELF_OK;
}

static enum elf_error add_segment(struct elf_image *image, const Elf64_Phdr *program)
{
    uint64_t end;

    if (!in_file(image, program->p_offset, program->p_filesz))
        return ELF_TRUNCATED;
    if (program->p_memsz < program->p_filesz ||
        __builtin_add_overflow(program->p_vaddr, program->p_memsz, &end) ||
        __builtin_add_overflow(program->p_paddr, program->p_memsz, &end))
        return ELF_BAD_SEGMENT;
    if (program->p_memsz == 0)
        return ELF_OK;
    image->segment[image->segments++] = (struct elf_segment){
        .offset = program->p_offset,
        .file_size = program->p_filesz,
        .memory_size = program->p_memsz,
        .virtual = program->p_vaddr,
        .physical = program->p_paddr,
        .flags = program->p_flags,
    };
    if (end > image->top)
        image->top = end;
    return ELF_OK;
}

struct note {
    uint32_t abi, backend;
    uint64_t memory;
};

/* Take a PVOPS note; two of them must agree. */
static enum elf_error take_pvops(struct elf_image *image, const uint8_t *desc, uint32_t desc_size)
{
    struct note note;

    if (desc_size != PV_NOTE_DESC_SIZE)
        return ELF_BAD_NOTE;
    memcpy(&note, desc, sizeof note);
    if (image->has_note &&
        (note.abi != image->abi || note.backend != image->backend || note.memory != image->memory))
        return ELF_BAD_NOTE;
    image->has_note = true;
    image->abi = note.abi;
    image->backend = note.backend;
    image->memory = note.memory;
    return ELF_OK;
}

static bool note_is(const Elf64_Nhdr *header, const uint8_t *name, const char *wanted, uint32_t type)
{
    return header->n_type == type && header->n_namesz == strlen(wanted) + 1 &&
           memcmp(name, wanted, header->n_namesz) == 0;
}

/* Walk one PT_NOTE segment. Notes of others are skipped; a damaged one ends the walk, as QEMU does it. */
static enum elf_error read_notes(struct elf_image *image, const Elf64_Phdr *program)
{
    uint64_t at = program->p_offset, left = program->p_filesz;
    enum elf_error error = ELF_OK;

    if (!in_file(image, at, left))
        return ELF_TRUNCATED;
    while (error == ELF_OK && left >= sizeof(Elf64_Nhdr)) {
        const uint8_t *name = image->data + at + sizeof(Elf64_Nhdr);
        Elf64_Nhdr header;
        uint64_t name_size, desc_size; /* 64-bit sums of 32-bit fields: no overflow */
        memcpy(&header, image->data + at, sizeof header);
        left -= sizeof header;
        name_size = ((uint64_t)header.n_namesz + 3) & ~3ULL;
        desc_size = ((uint64_t)header.n_descsz + 3) & ~3ULL;
        if (name_size > left || header.n_descsz > left - name_size)
            break;
        if (note_is(&header, name, PV_NOTE_NAME, PV_NOTE_TYPE))
            error = take_pvops(image, name + name_size, header.n_descsz);
        else if (note_is(&header, name, "Xen", XEN_ELFNOTE_PHYS32_ENTRY))
            image->has_pvh = true;
        if (desc_size > left - name_size)
            break;
        at += sizeof header + name_size + desc_size;
        left -= name_size + desc_size;
    }
    return error;
}

_Static_assert(sizeof(struct note) == PV_NOTE_DESC_SIZE, "the note is copied as a whole");

/* The entry point of a PVH image is a physical address, that of other loaders a virtual one: take both. */
static bool entry_is_loaded(const struct elf_image *image)
{
    for (unsigned i = 0; i < image->segments; i++) {
        const struct elf_segment *segment = &image->segment[i];
        if (image->entry - segment->virtual < segment->memory_size ||
            image->entry - segment->physical < segment->memory_size)
            return true;
    }
    return false;
}

enum elf_error elf_parse(struct elf_image *image, const void *data, size_t size)
{
    Elf64_Ehdr header;
    enum elf_error error;

    memset(image, 0, sizeof *image);
    image->data = data;
    image->size = size;
    error = check_header(image, &header);
    for (unsigned i = 0; error == ELF_OK && i < header.e_phnum; i++) {
        Elf64_Phdr program;
        memcpy(&program, image->data + header.e_phoff + i * sizeof program, sizeof program);
        if (program.p_type == PT_LOAD)
            error = add_segment(image, &program);
        else if (program.p_type == PT_NOTE)
            error = read_notes(image, &program);
    }
    if (error != ELF_OK)
        return error;
    if (image->segments == 0)
        return ELF_NO_SEGMENT;
    image->entry = header.e_entry;
    if (!entry_is_loaded(image))
        return ELF_BAD_ENTRY;
    return image->has_note ? ELF_OK : ELF_NO_NOTE;
}

const char *elf_error_text(enum elf_error error)
{
    switch (error) {
    case ELF_OK:
        return "is a kernel image";
    case ELF_NOT_ELF:
        return "is not an ELF file";
    case ELF_TRUNCATED:
        return "is truncated: a part of the ELF file lies behind its end";
    case ELF_NOT_64BIT:
        return "is not a 64-bit little-endian ELF file";
    case ELF_NOT_X86_64:
        return "is for another machine than x86-64";
    case ELF_NOT_EXEC:
        return "is not an executable (ET_EXEC): object files, shared libraries and PIE do not boot";
    case ELF_BAD_HEADER:
        return "has a damaged ELF header";
    case ELF_BAD_SEGMENT:
        return "has a damaged program header: a segment's size or address is impossible";
    case ELF_TOO_MANY:
        return "has more program headers than pvrun accepts";
    case ELF_NO_SEGMENT:
        return "has no segment to load";
    case ELF_BAD_ENTRY:
        return "has its entry point outside of all segments";
    case ELF_BAD_NOTE:
        return "has a damaged PVOPS note";
    case ELF_NO_NOTE:
        return "was not built with pvops: link it with $(pkg-config --libs pvops-native)";
    }
    return "is damaged";
}

static bool read_section(const struct elf_image *image, const Elf64_Ehdr *header, uint32_t index,
                         Elf64_Shdr *section)
{
    if (index >= header->e_shnum)
        return false;
    memcpy(section, image->data + header->e_shoff + index * sizeof *section, sizeof *section);
    return section->sh_type == SHT_NOBITS || in_file(image, section->sh_offset, section->sh_size);
}

/* SHN_XINDEX (65280 sections and more) is not followed: such an image has no symbols for us. */
bool elf_find_symtab(const struct elf_image *image, struct elf_symtab *symtab)
{
    Elf64_Ehdr header;
    Elf64_Shdr table, names;

    memcpy(&header, image->data, sizeof header);
    if (header.e_shentsize != sizeof(Elf64_Shdr) ||
        !table_in_file(image, header.e_shoff, header.e_shnum, sizeof(Elf64_Shdr)))
        return false;
    for (uint32_t i = 0; i < header.e_shnum; i++) {
        if (!read_section(image, &header, i, &table) || table.sh_type != SHT_SYMTAB)
            continue;
        if (table.sh_entsize != sizeof(Elf64_Sym) || !read_section(image, &header, table.sh_link, &names) ||
            names.sh_type != SHT_STRTAB || names.sh_size == 0 ||
            image->data[names.sh_offset + names.sh_size - 1] != 0)
            return false;
        symtab->entries = image->data + table.sh_offset;
        symtab->count = table.sh_size / sizeof(Elf64_Sym);
        symtab->names = (const char *)image->data + names.sh_offset;
        symtab->names_size = names.sh_size;
        return true;
    }
    return false;
}
