/* SPDX-License-Identifier: MIT */
/* sample-kernel/elf.c: programs that may be loaded, and files that must not be. */
#include <check.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "sample-kernel/elf.h"
#include "unit.h"

#define BASE 0x10000UL
#define LIMIT 0x400000000000UL
#define FILE_SIZE 0x3000UL

/* A good program with three segments, which each test spoils in one place. */
static struct {
    Elf64_Ehdr header;
    Elf64_Phdr segments[10];
    char rest[FILE_SIZE];
} file;

static struct elf_program program;

static Elf64_Phdr *const text = &file.segments[0];
static Elf64_Phdr *const constants = &file.segments[1];
static Elf64_Phdr *const data = &file.segments[2];

static void set_up(void)
{
    memset(&file, 0, sizeof file);
    memcpy(file.header.e_ident, ELFMAG, SELFMAG);
    file.header.e_ident[EI_CLASS] = ELFCLASS64;
    file.header.e_ident[EI_DATA] = ELFDATA2LSB;
    file.header.e_ident[EI_VERSION] = EV_CURRENT;
    file.header.e_type = ET_EXEC;
    file.header.e_machine = EM_X86_64;
    file.header.e_version = EV_CURRENT;
    file.header.e_entry = 0x400010;
    file.header.e_phoff = sizeof file.header;
    file.header.e_ehsize = sizeof file.header;
    file.header.e_phentsize = sizeof(Elf64_Phdr);
    file.header.e_phnum = 3;
    *text = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0x1000, 0x400000, 0, 0x123, 0x123, 0x1000};
    *constants = (Elf64_Phdr){PT_LOAD, PF_R, 0x1200, 0x401200, 0, 0x10, 0x10, 0x1000};
    *data = (Elf64_Phdr){PT_LOAD, PF_R | PF_W, 0x1300, 0x402300, 0, 0x80, 0x5000, 0x1000};
}

/* From a copy of exact size, so that a sanitizer sees what is read too far. */
static bool read_size(size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);
    bool good;

    memcpy(copy, &file, size);
    good = elf_read(copy, size, BASE, LIMIT, &program);
    free(copy);
    return good;
}

static bool read_file(void)
{
    return read_size(FILE_SIZE);
}

START_TEST(good_program_is_taken_as_it_is)
{
    ck_assert(read_file());
    ck_assert_uint_eq(program.entry, 0x400010);
    ck_assert_uint_eq(program.end, 0x408000);
    ck_assert_uint_eq(program.segment_count, 3);
    ck_assert_uint_eq(program.segments[0].va, 0x400000);
    ck_assert(program.segments[0].executable && !program.segments[0].writable);
    ck_assert(!program.segments[1].executable && !program.segments[1].writable);
    ck_assert(!program.segments[2].executable && program.segments[2].writable);
    ck_assert_uint_eq(program.segments[2].offset, 0x1300);
    ck_assert_uint_eq(program.segments[2].file_size, 0x80);
    ck_assert_uint_eq(program.segments[2].memory_size, 0x5000);
}
END_TEST

START_TEST(file_need_not_be_aligned)
{
    char *copy = malloc(FILE_SIZE + 1);

    memcpy(copy + 1, &file, FILE_SIZE);
    ck_assert(elf_read(copy + 1, FILE_SIZE, BASE, LIMIT, &program));
    free(copy);
}
END_TEST

START_TEST(headers_that_are_not_loaded_do_not_matter)
{
    file.segments[3] = (Elf64_Phdr){PT_GNU_STACK, PF_R | PF_W, ~0UL, ~0UL, ~0UL, ~0UL, ~0UL, ~0UL};
    file.segments[4] = (Elf64_Phdr){PT_LOAD, PF_R | PF_W, ~0UL, ~0UL, 0, 0, 0, 0}; /* empty */
    file.header.e_phnum = 5;
    ck_assert(read_file());
    ck_assert_uint_eq(program.segment_count, 3);
}
END_TEST

START_TEST(each_wrong_byte_of_the_identity_is_refused)
{
    static const unsigned places[] = {0, 1, 2, 3, EI_CLASS, EI_DATA, EI_VERSION};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        set_up();
        file.header.e_ident[places[i]] ^= 3;
        ck_assert(!read_file());
    }
}
END_TEST

START_TEST(other_machines_and_types_are_refused)
{
    file.header.e_machine = EM_AARCH64;
    ck_assert(!read_file());
    set_up();
    file.header.e_type = ET_DYN;
    ck_assert(!read_file());
    set_up();
    file.header.e_type = ET_REL;
    ck_assert(!read_file());
    set_up();
    file.header.e_version = 2;
    ck_assert(!read_file());
    set_up();
    constants->p_type = PT_INTERP;
    ck_assert(!read_file());
}
END_TEST

START_TEST(program_headers_lie_in_the_file)
{
    static const uint64_t bad[] = {FILE_SIZE,  FILE_SIZE - 1, FILE_SIZE - 3 * 56 + 1,
                                   1UL << 32, ~0UL,          ~0UL - 100};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        file.header.e_phoff = bad[i];
        ck_assert(!read_file());
    }
    set_up();
    file.header.e_phnum = 0xffff;
    ck_assert(!read_file());
    set_up();
    file.header.e_phentsize = 32;
    ck_assert(!read_file());
    set_up();
    for (size_t size = 0; size < sizeof file.header + 3 * sizeof(Elf64_Phdr); size++)
        ck_assert(!read_size(size));
}
END_TEST

START_TEST(content_lies_in_the_file)
{
    static const struct {
        uint64_t offset, size;
    } bad[] = {{FILE_SIZE, 1}, {FILE_SIZE - 1, 2}, {0, FILE_SIZE + 1}, {~0UL, 1},
               {~0UL, 2},      {1, ~0UL},          {~0UL - 1, 3}};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        data->p_offset = bad[i].offset;
        data->p_filesz = bad[i].size;
        data->p_memsz = bad[i].size > 0x5000 ? bad[i].size : 0x5000;
        ck_assert(!read_file());
    }
    data->p_offset = FILE_SIZE - 1;
    data->p_filesz = 1;
    data->p_memsz = 1;
    ck_assert(read_file());
}
END_TEST

START_TEST(content_fits_into_memory)
{
    data->p_filesz = 0x80;
    data->p_memsz = 0x7f;
    ck_assert(!read_file());
}
END_TEST

START_TEST(segments_lie_in_the_window)
{
    static const struct {
        uint64_t va, size;
    } bad[] = {{LIMIT, 0x80},    {LIMIT - 1, 0x80}, {LIMIT - 0x80, 0x81},   {~0UL, 0x80},
               {~0UL - 0x7f, 0x80}, {0x500000, ~0UL}, {0x500000, LIMIT}, {0xffff800000000000UL, 0x80}};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        data->p_vaddr = bad[i].va;
        data->p_memsz = bad[i].size;
        ck_assert(!read_file());
    }
    data->p_vaddr = LIMIT - 0x80;
    data->p_memsz = 0x80;
    ck_assert(read_file());
    ck_assert_uint_eq(program.end, LIMIT);

    set_up();
    text->p_vaddr = BASE - 1;
    file.header.e_entry = BASE;
    ck_assert(!read_file());
    text->p_vaddr = 0;
    ck_assert(!read_file());
    text->p_vaddr = BASE;
    ck_assert(read_file());
}
END_TEST

START_TEST(segments_do_not_share_pages)
{
    constants->p_vaddr = 0x400200; /* behind the text, on its page */
    ck_assert(!read_file());
    constants->p_vaddr = 0x400000;
    ck_assert(!read_file());
    constants->p_vaddr = 0x3ff000; /* before it: not by rising addresses */
    ck_assert(!read_file());
    constants->p_vaddr = 0x401000;
    ck_assert(read_file());
}
END_TEST

START_TEST(too_many_segments_are_refused)
{
    file.header.e_phnum = ELF_SEGMENTS_MAX;
    for (unsigned i = 0; i < 10; i++)
        file.segments[i] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0x1000, 0x400000 + i * 0x1000, 0, 1, 0x1000, 1};
    ck_assert(read_file());
    ck_assert_uint_eq(program.segment_count, ELF_SEGMENTS_MAX);
    file.header.e_phnum = ELF_SEGMENTS_MAX + 1;
    ck_assert(!read_file());
}
END_TEST

START_TEST(entry_lies_in_code)
{
    static const uint64_t bad[] = {0, 0x3fffff, 0x400123, 0x401200, 0x402300, ~0UL};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        file.header.e_entry = bad[i];
        ck_assert(!read_file());
    }
    file.header.e_entry = 0x400122;
    ck_assert(read_file());
    file.header.e_phnum = 0;
    ck_assert(!read_file());
}
END_TEST

/* Whatever is in a file: what passes can be loaded. */
START_TEST(any_changed_byte_is_survived)
{
    static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};

    for (size_t i = 0; i < sizeof file.header + 3 * sizeof(Elf64_Phdr); i++)
        for (size_t j = 0; j < sizeof values; j++) {
            set_up();
            ((unsigned char *)&file)[i] = values[j];
            if (!read_file())
                continue;
            for (unsigned k = 0; k < program.segment_count; k++) {
                const struct elf_segment *segment = &program.segments[k];

                ck_assert(segment->offset + segment->file_size <= FILE_SIZE);
                ck_assert(segment->file_size <= segment->memory_size);
                ck_assert(segment->va >= BASE && segment->va + segment->memory_size <= program.end);
            }
            ck_assert(program.end <= LIMIT);
        }
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("exec_elf");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, good_program_is_taken_as_it_is);
    tcase_add_test(tests, file_need_not_be_aligned);
    tcase_add_test(tests, headers_that_are_not_loaded_do_not_matter);
    tcase_add_test(tests, each_wrong_byte_of_the_identity_is_refused);
    tcase_add_test(tests, other_machines_and_types_are_refused);
    tcase_add_test(tests, program_headers_lie_in_the_file);
    tcase_add_test(tests, content_lies_in_the_file);
    tcase_add_test(tests, content_fits_into_memory);
    tcase_add_test(tests, segments_lie_in_the_window);
    tcase_add_test(tests, segments_do_not_share_pages);
    tcase_add_test(tests, too_many_segments_are_refused);
    tcase_add_test(tests, entry_lies_in_code);
    tcase_add_test(tests, any_changed_byte_is_survived);
    return unit_run(tests);
}
