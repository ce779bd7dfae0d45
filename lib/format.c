/* SPDX-License-Identifier: MIT */
/* A small snprintf for the crash dump and the control channel: works in any context, uses no memory but its own. */
#include "lib.h"

struct output {
    char *to;
    size_t size, length;
};

static void put(struct output *out, char c)
{
    if (out->length + 1 < out->size)
        out->to[out->length++] = c;
}

static void put_number(struct output *out, uint64_t value, unsigned base, unsigned width, char fill)
{
    char digits[24];
    unsigned count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (unsigned i = count; i < width; i++)
        put(out, fill);
    while (count > 0)
        put(out, digits[--count]);
}

static void put_signed(struct output *out, int64_t value, unsigned width, char fill)
{
    if (value < 0)
        put(out, '-');
    put_number(out, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width, fill);
}

static void put_string(struct output *out, const char *text)
{
    for (text = text != NULL ? text : "(null)"; *text != '\0'; text++)
        put(out, *text);
}

/* One conversion behind its '%'; gives the place behind it. */
static const char *convert(struct output *out, const char *f, va_list *args)
{
    char fill = *f == '0' ? '0' : ' ';
    unsigned width = 0;
    bool is_long = false;

    while (*f >= '0' && *f <= '9')
        width = width * 10 + (unsigned)(*f++ - '0');
    for (; *f == 'l' || *f == 'z'; f++)
        is_long = true;
    switch (*f) {
    case 's':
        put_string(out, va_arg(*args, const char *));
        break;
    case 'c':
        put(out, (char)va_arg(*args, int));
        break;
    case 'd':
        put_signed(out, is_long ? va_arg(*args, long) : va_arg(*args, int), width, fill);
        break;
    case 'u':
    case 'x':
        put_number(out, is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned), *f == 'x' ? 16 : 10, width, fill);
        break;
    default:
        put(out, *f);
        break;
    }
    return *f != '\0' ? f + 1 : f;
}

size_t lib_vformat(char *to, size_t size, const char *format, va_list args)
{
    struct output out = {to, size, 0};
    va_list copy; /* so that its address can be passed: a va_list may be an array */

    va_copy(copy, args);
    while (*format != '\0') {
        if (*format == '%')
            format = convert(&out, format + 1, &copy);
        else
            put(&out, *format++);
    }
    va_end(copy);
    if (size > 0)
        to[out.length] = '\0';
    return out.length;
}

size_t lib_format(char *to, size_t size, const char *format, ...)
{
    va_list args;
    size_t length;

    va_start(args, format);
    length = lib_vformat(to, size, format, args);
    va_end(args);
    return length;
}
