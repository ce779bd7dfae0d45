/* SPDX-License-Identifier: MIT */
/* Small text helpers of the host side (text.h). The parsers take hostile text: they stop at the first byte
 * that does not belong and check every multiplication, because strtoul and friends accept blanks, signs and
 * overflow. Called by tools/pvrun/options.c and host/control.c; read control.c next. */
#define _GNU_SOURCE /* vasprintf */
#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* 10^9 s: thirty years, and far from overflowing when added to a clock in ns */
#define SECONDS_MAX 1000000000u

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

static bool parse_digits(const char *text, size_t length, unsigned base, uint64_t *value)
{
    uint64_t sum = 0;

    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)digit_value(text[i]);
        if (digit >= base || __builtin_mul_overflow(sum, (uint64_t)base, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)digit, &sum))
            return false;
    }
    *value = sum;
    return true;
}

bool text_parse_decimal(const char *text, size_t length, uint64_t *value)
{
    return parse_digits(text, length, 10, value);
}

bool text_parse_hex(const char *text, size_t length, uint64_t *value)
{
    return parse_digits(text, length, 16, value);
}

bool text_parse_size(const char *text, uint64_t *bytes)
{
    static const char suffixes[] = "kmgt";
    size_t digits = strspn(text, "0123456789");
    uint64_t value;
    unsigned shift = 0;

    if (!text_parse_decimal(text, digits, &value))
        return false;
    if (text[digits] != '\0') {
        const char *suffix = strchr(suffixes, text[digits] | 0x20);
        if (suffix == NULL || *suffix == '\0' || text[digits + 1] != '\0')
            return false;
        shift = 10 * (unsigned)(suffix - suffixes + 1);
    }
    if (value > UINT64_MAX >> shift)
        return false;
    *bytes = value << shift;
    return true;
}

bool text_parse_seconds(const char *text, uint64_t *ns)
{
    size_t digits = strspn(text, "0123456789");
    uint64_t seconds, fraction = 0;

    if (!text_parse_decimal(text, digits, &seconds) || seconds > SECONDS_MAX)
        return false;
    text += digits;
    if (*text == '.') {
        uint64_t unit = 100000000;
        text++;
        for (; *text >= '0' && *text <= '9'; text++, unit /= 10)
            fraction += (uint64_t)(*text - '0') * unit;
    }
    if (*text != '\0')
        return false;
    *ns = seconds * 1000000000 + fraction;
    return true;
}

const char *text_size(char *buffer, size_t size, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    unsigned unit = 0;

    while (bytes >= 10240 && unit < 4) {
        bytes = bytes / 1024 + (bytes % 1024 != 0);
        unit++;
    }
    snprintf(buffer, size, "%llu %s", (unsigned long long)bytes, units[unit]);
    return buffer;
}

void text_put_escaped(FILE *stream, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c < 0x7f)
            putc(c, stream);
        else
            fprintf(stream, "\\x%02x", c);
    }
}

void message(const char *format, ...)
{
    char *line;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&line, format, arguments) < 0)
        line = NULL;
    va_end(arguments);
    flockfile(stderr);
    fputs("pvrun: ", stderr);
    for (const char *c = line != NULL ? line : "out of memory"; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            fprintf(stderr, "\\x%02x", (unsigned char)*c);
        else
            putc(*c, stderr);
    }
    putc('\n', stderr);
    funlockfile(stderr);
    free(line);
}
