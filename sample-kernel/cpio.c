/* SPDX-License-Identifier: MIT */
/*
 * The "newc" format of cpio archives, as `cpio -H newc` makes them: per member a header of 110 characters,
 * the name, the data; name and data each filled up to a multiple of 4 bytes. An archive comes from outside,
 * so every number in it is checked before it is used. Called by initrd.c at boot; compiled on the host too,
 * by its unit test.
 *
 * Limit: of hard links to one file only the last has the data, as cpio writes it; the others are empty.
 */
#include "cpio.h"

#define HEADER_SIZE 110u
#define MAGIC_SIZE 6u
#define FIELD_SIZE 8u
#define END_NAME "TRAILER!!!"

/* Fields of the header: 13 numbers of 8 hexadecimal digits behind the magic. */
enum { FIELD_MODE = 1, FIELD_FILE_SIZE = 6, FIELD_NAME_SIZE = 11 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool read_field(const char *header, unsigned field, uint32_t *value)
{
    const char *text = header + MAGIC_SIZE + field * FIELD_SIZE;

    *value = 0;
    for (unsigned i = 0; i < FIELD_SIZE; i++) {
        int digit = hex_digit(text[i]);

        if (digit < 0)
            return false;
        *value = *value << 4 | (uint32_t)digit;
    }
    return true;
}

/* 070701: plain; 070702: with checksums, which are not looked at. */
static bool has_magic(const char *header)
{
    return memcmp(header, "07070", MAGIC_SIZE - 1) == 0 && (header[5] == '1' || header[5] == '2');
}

int cpio_next(const void *archive, size_t size, size_t *offset, struct cpio_entry *entry)
{
    const char *bytes = archive, *header = bytes + *offset;
    uint32_t mode, file_size, name_size;
    uint64_t name, data, next; /* offsets; sums of 32-bit numbers, which cannot overflow */

    if (*offset > size || size - *offset < HEADER_SIZE || !has_magic(header))
        return -1;
    if (!read_field(header, FIELD_MODE, &mode) || !read_field(header, FIELD_FILE_SIZE, &file_size) ||
        !read_field(header, FIELD_NAME_SIZE, &name_size))
        return -1;

    name = *offset + HEADER_SIZE;
    data = round_up(name + name_size, 4);
    next = round_up(data + file_size, 4);
    if (name_size == 0 || data > size || data + file_size > size || bytes[name + name_size - 1] != '\0')
        return -1;
    if (str_equal(bytes + name, END_NAME))
        return 0;

    *entry = (struct cpio_entry){bytes + name, bytes + data, file_size, mode};
    *offset = min_u64(next, size);
    return 1;
}
