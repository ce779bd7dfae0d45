/* SPDX-License-Identifier: MIT */
/* host/elf.c: the image of elf-file.h, sound and damaged. */
#include "elf-file.h"
#include "host/symbols.h"
#include "unit.h"

START_TEST(elf_sound_image_is_taken)
{
    ck_assert_int_eq(parse(), ELF_OK);
    ck_assert_uint_eq(image.abi, 7);
    ck_assert_uint_eq(image.backend, PV_NOTE_BACKEND_KVM);
    ck_assert_uint_eq(image.memory, 0x123000);
    ck_assert(image.has_pvh);
    ck_assert_uint_eq(image.entry, PHYSICAL + AT(text));
    ck_assert_uint_eq(image.segments, 1);
    ck_assert_uint_eq(image.segment[0].virtual, BASE);
    ck_assert_uint_eq(image.top, PHYSICAL + AT(symbol) + 0x1000);
}
END_TEST

/* Every length but the whole: an error or, behind the last segment, an image without symbols; never a read
 * behind the end (run under valgrind or a sanitizer, the copy has exactly that length). */
START_TEST(elf_every_truncation_is_safe)
{
    for (size_t length = 0; length < sizeof file; length++) {
        void *copy = malloc(length + (length == 0));
        memcpy(copy, &file, length);
        enum elf_error error = elf_parse(&image, copy, length);
        ck_assert_int_eq(error == ELF_OK, length >= AT(symbol));
        if (error == ELF_OK) {
            struct symbols symbols;
            symbols_load(&symbols, &image);
            ck_assert_uint_eq(symbols.count, 0);
        }
        free(copy);
    }
}
END_TEST

START_TEST(elf_bad_magic)
{
    file.header.e_ident[1] = 'F';
    ck_assert_int_eq(parse(), ELF_NOT_ELF);
}
END_TEST

START_TEST(elf_other_class_and_order)
{
    file.header.e_ident[EI_CLASS] = ELFCLASS32;
    ck_assert_int_eq(parse(), ELF_NOT_64BIT);
    file.header.e_ident[EI_CLASS] = ELFCLASS64;
    file.header.e_ident[EI_DATA] = ELFDATA2MSB;
    ck_assert_int_eq(parse(), ELF_NOT_64BIT);
}
END_TEST

START_TEST(elf_other_machine)
{
    file.header.e_machine = EM_AARCH64;
    ck_assert_int_eq(parse(), ELF_NOT_X86_64);
}
END_TEST

START_TEST(elf_other_type)
{
    for (unsigned type = 0; type < 6; type++) {
        file.header.e_type = (uint16_t)type;
        ck_assert_int_eq(parse(), type == ET_EXEC ? ELF_OK : ELF_NOT_EXEC);
    }
}
END_TEST

START_TEST(elf_bad_version_and_entry_size)
{
    file.header.e_version = 2;
    ck_assert_int_eq(parse(), ELF_BAD_HEADER);
    make_file();
    file.header.e_phentsize = 0;
    ck_assert_int_eq(parse(), ELF_BAD_HEADER);
    make_file();
    file.header.e_phentsize = 57;
    ck_assert_int_eq(parse(), ELF_BAD_HEADER);
}
END_TEST

START_TEST(elf_program_headers_outside)
{
    static const uint64_t offsets[] = {sizeof file, sizeof file - 1,  sizeof file - 111,
                                       UINT64_MAX,  UINT64_MAX - 111, 1ull << 63};

    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        file.header.e_phoff = offsets[i];
        ck_assert_int_eq(parse(), ELF_TRUNCATED);
    }
    make_file();
    file.header.e_phnum = ELF_SEGMENTS_MAX + 1;
    ck_assert_int_eq(parse(), ELF_TOO_MANY);
    file.header.e_phnum = 0;
    ck_assert_int_eq(parse(), ELF_NO_SEGMENT);
}
END_TEST

START_TEST(elf_segment_outside_the_file)
{
    file.load.p_offset = UINT64_MAX - 10;
    ck_assert_int_eq(parse(), ELF_TRUNCATED);
    make_file();
    file.load.p_filesz = file.load.p_memsz = sizeof file + 1;
    ck_assert_int_eq(parse(), ELF_TRUNCATED);
    make_file();
    file.load.p_offset = sizeof file; /* nothing at the very end is still inside */
    file.load.p_filesz = 0;
    ck_assert_int_eq(parse(), ELF_OK);
}
END_TEST

START_TEST(elf_segment_that_makes_no_sense)
{
    file.load.p_memsz = file.load.p_filesz - 1;
    ck_assert_int_eq(parse(), ELF_BAD_SEGMENT);
    make_file();
    file.load.p_vaddr = UINT64_MAX - 100;
    ck_assert_int_eq(parse(), ELF_BAD_SEGMENT);
    make_file();
    file.load.p_paddr = UINT64_MAX - 100;
    ck_assert_int_eq(parse(), ELF_BAD_SEGMENT);
    make_file();
    file.load.p_memsz = UINT64_MAX;
    ck_assert_int_eq(parse(), ELF_BAD_SEGMENT);
    make_file();
    file.load.p_filesz = file.load.p_memsz = 0;
    ck_assert_int_eq(parse(), ELF_NO_SEGMENT);
}
END_TEST

START_TEST(elf_entry_outside)
{
    file.header.e_entry = BASE + AT(text);
    ck_assert_int_eq(parse(), ELF_OK);
    file.header.e_entry = 0;
    ck_assert_int_eq(parse(), ELF_BAD_ENTRY);
    file.header.e_entry = PHYSICAL - 1;
    ck_assert_int_eq(parse(), ELF_BAD_ENTRY);
    file.header.e_entry = PHYSICAL + file.load.p_memsz;
    ck_assert_int_eq(parse(), ELF_BAD_ENTRY);
}
END_TEST

START_TEST(elf_no_note)
{
    file.note.p_type = PT_NULL;
    ck_assert_int_eq(parse(), ELF_NO_NOTE);
    make_file();
    file.pvops.head.n_type = 2;
    ck_assert_int_eq(parse(), ELF_NO_NOTE);
    make_file();
    file.pvops.name[4] = 's';
    ck_assert_int_eq(parse(), ELF_NO_NOTE);
    make_file();
    file.pvops.head.n_namesz = 5;
    ck_assert_int_eq(parse(), ELF_NO_NOTE);
    make_file();
    file.pvh.head.n_type = 17;
    ck_assert_int_eq(parse(), ELF_OK);
    ck_assert(!image.has_pvh);
}
END_TEST

START_TEST(elf_note_sizes_lie)
{
    static const uint32_t lies[] = {0xffffffff, 0xfffffffc, 0xfffffffd, 0x80000000, 100};

    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        make_file();
        file.pvh.head.n_namesz = lies[i];
        ck_assert_int_eq(parse(), ELF_NO_NOTE);
        make_file();
        file.pvh.head.n_descsz = lies[i];
        ck_assert_int_eq(parse(), ELF_NO_NOTE);
        make_file();
        file.pvops.head.n_descsz = lies[i];
        ck_assert_int_ne(parse(), ELF_OK);
    }
    make_file();
    file.pvops.head.n_descsz = 12;
    ck_assert_int_eq(parse(), ELF_BAD_NOTE);
}
END_TEST

START_TEST(elf_note_segment_lies)
{
    file.note.p_filesz = UINT64_MAX;
    ck_assert_int_eq(parse(), ELF_TRUNCATED);
    make_file();
    file.note.p_offset = UINT64_MAX;
    ck_assert_int_eq(parse(), ELF_TRUNCATED);
    for (uint64_t cut = 1; cut <= sizeof file.pvops; cut++) {
        make_file();
        file.note.p_filesz -= cut;
        ck_assert_int_eq(parse(), ELF_NO_NOTE);
    }
}
END_TEST

/* A linker may list one note in two segments; two that differ are a mix of two backends. */
START_TEST(elf_two_notes)
{
    file.pvh.head = (Elf64_Nhdr){4, 8, 18};
    file.header.e_phoff = AT(section); /* make room: the section headers become program headers */
    file.header.e_shnum = 0;
    _Static_assert(sizeof file.section >= 3 * sizeof(Elf64_Phdr), "three program headers fit");
    Elf64_Phdr three[3] = {file.load, file.note, file.note};
    memcpy(file.section, three, sizeof three);
    file.header.e_phnum = 3;
    ck_assert_int_eq(parse(), ELF_OK);
    /* the second note: a copy in the text with another backend */
    memcpy(file.text, &file.pvops, sizeof file.pvops);
    ((uint32_t *)file.text)[6] = PV_NOTE_BACKEND_NATIVE;
    three[2].p_offset = AT(text);
    three[2].p_filesz = sizeof file.pvops;
    memcpy(file.section, three, sizeof three);
    ck_assert_int_eq(parse(), ELF_BAD_NOTE);
}
END_TEST

START_TEST(elf_every_error_has_a_text)
{
    for (int error = ELF_OK; error <= ELF_NO_NOTE; error++)
        ck_assert_str_ne(elf_error_text((enum elf_error)error), "is damaged");
    ck_assert_str_eq(elf_error_text((enum elf_error)99), "is damaged");
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("elf");

    tcase_add_checked_fixture(tests, make_file, NULL);
    tcase_add_test(tests, elf_sound_image_is_taken);
    tcase_add_test(tests, elf_every_truncation_is_safe);
    tcase_add_test(tests, elf_bad_magic);
    tcase_add_test(tests, elf_other_class_and_order);
    tcase_add_test(tests, elf_other_machine);
    tcase_add_test(tests, elf_other_type);
    tcase_add_test(tests, elf_bad_version_and_entry_size);
    tcase_add_test(tests, elf_program_headers_outside);
    tcase_add_test(tests, elf_segment_outside_the_file);
    tcase_add_test(tests, elf_segment_that_makes_no_sense);
    tcase_add_test(tests, elf_entry_outside);
    tcase_add_test(tests, elf_no_note);
    tcase_add_test(tests, elf_note_sizes_lie);
    tcase_add_test(tests, elf_note_segment_lies);
    tcase_add_test(tests, elf_two_notes);
    tcase_add_test(tests, elf_every_error_has_a_text);
    return unit_run(tests);
}
