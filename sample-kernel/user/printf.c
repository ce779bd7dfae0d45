/* SPDX-License-Identifier: MIT */
/* printf: %d %u %x %c %s %% with width, '-', '0' and the size 'l'. One call is one write as long as the text
 * is shorter than the buffer, so that lines of several processes do not mix. The tests run on the host, too:
 * nothing here but write() leads out of this file. */
#include "lib.h"

struct out {
    int fd; /* -1: keep the text, for snprintf */
    char *text;
    size_t size;  /* of text */
    size_t used;  /* bytes in text now */
    size_t total; /* bytes of the whole output */
};

struct spec {
    bool left, zero, is_long;
    size_t width;
};

static void put(struct out *o, char c)
{
    if (o->used == o->size && o->fd >= 0) {
        write_all(o->fd, o->text, o->used);
        o->used = 0;
    }
    if (o->used < o->size)
        o->text[o->used++] = c;
    o->total++;
}

static void put_padded(struct out *o, const struct spec *spec, const char *prefix, const char *body,
                       size_t length)
{
    size_t plen = strlen(prefix);
    size_t pad = spec->width > plen + length ? spec->width - plen - length : 0;

    for (; pad && !spec->left && !spec->zero; pad--)
        put(o, ' ');
    while (*prefix)
        put(o, *prefix++);
    for (; pad && !spec->left; pad--)
        put(o, '0');
    while (length--)
        put(o, *body++);
    for (; pad; pad--)
        put(o, ' ');
}

static void put_number(struct out *o, const struct spec *spec, unsigned long value, unsigned base,
                       bool negative)
{
    char digits[24];
    size_t at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    put_padded(o, spec, negative ? "-" : "", digits + at, sizeof digits - at);
}

/* Reads flags, width and size; returns the conversion letter's place. */
static const char *read_spec(const char *format, struct spec *spec)
{
    memset(spec, 0, sizeof *spec);
    for (;; format++) {
        if (*format == '-')
            spec->left = true;
        else if (*format == '0')
            spec->zero = true;
        else
            break;
    }
    for (; *format >= '0' && *format <= '9'; format++)
        spec->width = spec->width * 10 + (size_t)(*format - '0');
    for (; *format == 'l'; format++)
        spec->is_long = true;
    if (spec->left)
        spec->zero = false;
    return format;
}

static void convert(struct out *o, struct spec *spec, char letter, va_list *args)
{
    const char *s;
    char c;
    long n;

    switch (letter) {
    case 'd':
        n = spec->is_long ? va_arg(*args, long) : va_arg(*args, int);
        put_number(o, spec, n < 0 ? 0 - (unsigned long)n : (unsigned long)n, 10, n < 0);
        break;
    case 'u':
    case 'x':
        put_number(o, spec, spec->is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned),
                   letter == 'x' ? 16 : 10, false);
        break;
    case 'c':
        spec->zero = false;
        c = (char)va_arg(*args, int);
        put_padded(o, spec, "", &c, 1);
        break;
    case 's':
        spec->zero = false;
        s = va_arg(*args, const char *);
        put_padded(o, spec, "", s ? s : "(null)", strlen(s ? s : "(null)"));
        break;
    default:
        put(o, letter);
    }
}

static void format_to(struct out *o, const char *format, va_list args)
{
    struct spec spec;
    va_list copy;

    va_copy(copy, args);
    while (*format) {
        if (*format != '%') {
            put(o, *format++);
            continue;
        }
        format = read_spec(format + 1, &spec);
        if (!*format)
            break;
        convert(o, &spec, *format++, &copy);
    }
    va_end(copy);
}

int vdprintf(int fd, const char *format, va_list args)
{
    char text[512];
    struct out o = {.fd = fd, .text = text, .size = sizeof text};

    format_to(&o, format, args);
    write_all(fd, text, o.used);
    return (int)o.total;
}

int dprintf(int fd, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vdprintf(fd, format, args);
    va_end(args);
    return n;
}

int printf(const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vdprintf(1, format, args);
    va_end(args);
    return n;
}

int vsnprintf(char *text, size_t size, const char *format, va_list args)
{
    struct out o = {.fd = -1, .text = text, .size = size ? size - 1 : 0};

    format_to(&o, format, args);
    if (size)
        text[o.used] = '\0';
    return (int)o.total;
}

int snprintf(char *text, size_t size, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, size, format, args);
    va_end(args);
    return n;
}
