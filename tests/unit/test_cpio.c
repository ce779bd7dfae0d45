/* SPDX-License-Identifier: MIT */
/* sample-kernel/cpio.c: archives as cpio makes them, and damaged ones. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample-kernel/cpio.h"
#include "unit.h"

/* An archive that grows; it is read from copies of exact size, so that a sanitizer sees reads too far. */
static char archive[8192];
static size_t archive_size;

static void pad(void)
{
    while (archive_size % 4 != 0)
        archive[archive_size++] = '\0';
}

static void add(const char *name, unsigned mode, const char *data, size_t size)
{
    const unsigned name_size = (unsigned)strlen(name) + 1;
    const unsigned fields[13] = {1, mode, 0, 0, 1, 0, (unsigned)size, 0, 0, 0, 0, name_size, 0};

    memcpy(archive + archive_size, "070701", 6);
    for (int i = 0; i < 13; i++)
        sprintf(archive + archive_size + 6 + i * 8, "%08x", fields[i]);
    archive_size += 110;
    memcpy(archive + archive_size, name, strlen(name) + 1);
    archive_size += strlen(name) + 1;
    pad();
    memcpy(archive + archive_size, data, size);
    archive_size += size;
    pad();
}

static void end(void)
{
    add("TRAILER!!!", 0, "", 0);
}

static void set_up(void)
{
    memset(archive, 0, sizeof archive);
    archive_size = 0;
}

/* Read all of the first size bytes of archive: how many members, and in *result what came last. */
static unsigned count_members(size_t size, int *result)
{
    char *copy = malloc(size + 1);
    struct cpio_entry entry;
    size_t offset = 0;
    unsigned count = 0;

    memcpy(copy, archive, size);
    copy = realloc(copy, size > 0 ? size : 1);
    while ((*result = cpio_next(copy, size, &offset, &entry)) == 1) {
        size_t sum = strlen(entry.name);

        for (uint64_t i = 0; i < entry.size; i++)
            sum += (unsigned char)entry.data[i];
        ck_assert(sum < 1u << 30 && offset <= size);
        count++;
    }
    free(copy);
    return count;
}

START_TEST(members_come_in_order)
{
    struct cpio_entry entry;
    size_t offset = 0;

    add("bin", 0040755, "", 0);
    add("bin/ls", 0100755, "12345", 5);
    add("empty", 0100644, "", 0);
    end();
    ck_assert_int_eq(cpio_next(archive, archive_size, &offset, &entry), 1);
    ck_assert_str_eq(entry.name, "bin");
    ck_assert_uint_eq(entry.mode & CPIO_MODE_TYPE, CPIO_MODE_DIRECTORY);
    ck_assert_uint_eq(entry.size, 0);
    ck_assert_int_eq(cpio_next(archive, archive_size, &offset, &entry), 1);
    ck_assert_str_eq(entry.name, "bin/ls");
    ck_assert_uint_eq(entry.mode, 0100755);
    ck_assert_uint_eq(entry.size, 5);
    ck_assert_mem_eq(entry.data, "12345", 5);
    ck_assert_int_eq(cpio_next(archive, archive_size, &offset, &entry), 1);
    ck_assert_str_eq(entry.name, "empty");
    ck_assert_int_eq(cpio_next(archive, archive_size, &offset, &entry), 0);
    ck_assert_int_eq(cpio_next(archive, archive_size, &offset, &entry), 0);
}
END_TEST

START_TEST(what_cpio_makes_is_read)
{
    FILE *pipe;
    int result;

    if (system("command -v cpio >/dev/null") != 0)
        return; /* configure asks for it; this test only says that both mean the same format */
    pipe = popen("d=$(mktemp -d) && cd $d && mkdir a && echo hello >a/b && (find . -mindepth 1 | sort | "
                 "cpio -o -H newc --quiet) && rm -r $d",
                 "r");
    archive_size = fread(archive, 1, sizeof archive, pipe);
    ck_assert_int_eq(pclose(pipe), 0);
    ck_assert_uint_eq(count_members(archive_size, &result), 2);
    ck_assert_int_eq(result, 0);
}
END_TEST

START_TEST(every_cut_is_noticed)
{
    size_t whole, complete[3];
    int result;

    add("one", 0100644, "abc", 3);
    complete[0] = archive_size;
    add("two", 0100644, "", 0);
    complete[1] = archive_size;
    end();
    whole = archive_size;
    for (size_t size = 0; size < whole; size++) {
        unsigned count = count_members(size, &result);

        /* The padding of the last thing that is there may be missing. */
        if (result == 0)
            ck_assert(size + 4 > whole);
        else
            ck_assert_int_eq(result, -1);
        ck_assert_uint_le(count, 2);
        if (size < complete[0] - 3)
            ck_assert_uint_eq(count, 0);
        if (size >= complete[1])
            ck_assert_uint_eq(count, 2);
    }
}
END_TEST

START_TEST(no_archive_is_refused)
{
    static const char *const bad[] = {"", "070701", "hello", "\177ELF"};
    int result;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        set_up();
        memcpy(archive, bad[i], strlen(bad[i]));
        ck_assert_uint_eq(count_members(200, &result), 0);
        ck_assert_int_eq(result, -1);
    }
}
END_TEST

START_TEST(other_formats_are_refused)
{
    int result;

    add("x", 0100644, "", 0);
    end();
    memcpy(archive, "070707", 6); /* the old portable format */
    count_members(archive_size, &result);
    ck_assert_int_eq(result, -1);
    memcpy(archive, "070702", 6); /* newc with checksums */
    ck_assert_uint_eq(count_members(archive_size, &result), 1);
    ck_assert_int_eq(result, 0);
}
END_TEST

/* Overwrite one of the 13 fields of the first header. */
static void set_field(unsigned field, const char *digits)
{
    memcpy(archive + 6 + field * 8, digits, 8);
}

START_TEST(hostile_numbers_are_refused)
{
    static const struct {
        unsigned field;
        const char *digits;
    } bad[] = {
        {6, "ffffffff"},  {6, "7fffffff"},  {6, "00001fff"},  {6, "fffffff0"}, /* size of the file */
        {11, "ffffffff"}, {11, "00000000"}, {11, "00001fff"}, {11, "00000001"}, /* size of the name */
        {6, "0000000g"},  {6, " 0000001"},  {6, "-0000001"},  {1, "0x000000"},
    };
    int result;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        set_up();
        add("name", 0100644, "data", 4);
        end();
        set_field(bad[i].field, bad[i].digits);
        ck_assert_uint_eq(count_members(archive_size, &result), 0);
        ck_assert_int_eq(result, -1);
    }
}
END_TEST

START_TEST(names_without_end_are_refused)
{
    int result;

    add("name", 0100644, "data", 4);
    end();
    archive[110 + 4] = 'x';
    count_members(archive_size, &result);
    ck_assert_int_eq(result, -1);
}
END_TEST

START_TEST(any_changed_byte_is_survived)
{
    static const unsigned char values[] = {0, '0', '9', 'f', 'F', 'g', 0x7f, 0xff};
    int result;

    add("dir", 0040755, "", 0);
    add("dir/file", 0100644, "some data", 9);
    end();
    for (size_t i = 0; i < archive_size; i++)
        for (size_t j = 0; j < sizeof values; j++) {
            char kept = archive[i];

            archive[i] = (char)values[j];
            ck_assert_uint_le(count_members(archive_size, &result), 3);
            archive[i] = kept;
        }
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("cpio");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, members_come_in_order);
    tcase_add_test(tests, what_cpio_makes_is_read);
    tcase_add_test(tests, every_cut_is_noticed);
    tcase_add_test(tests, no_archive_is_refused);
    tcase_add_test(tests, other_formats_are_refused);
    tcase_add_test(tests, hostile_numbers_are_refused);
    tcase_add_test(tests, names_without_end_are_refused);
    tcase_add_test(tests, any_changed_byte_is_survived);
    return unit_run(tests);
}
