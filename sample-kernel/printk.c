/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says: printk, and the two ways in which the machine ends. Called from everywhere.
 */
#include <stdarg.h>

#include "console.h"
#include "kernel.h"

#define TEXT_SIZE 256

/* Text that grows up to a limit; what goes beyond is cut. */
struct text {
    char data[TEXT_SIZE];
    size_t size;
};

static void add_char(struct text *text, char c)
{
    if (text->size < TEXT_SIZE)
        text->data[text->size++] = c;
}

static void add_string(struct text *text, const char *string)
{
    while (*string != '\0')
        add_char(text, *string++);
}

static void add_number(struct text *text, uint64_t number, unsigned base)
{
    char digits[20];
    unsigned count = 0;

    do
        digits[count++] = "0123456789abcdef"[number % base];
    while ((number /= base) != 0);
    while (count > 0)
        add_char(text, digits[--count]);
}

static void add_signed(struct text *text, long number)
{
    if (number < 0)
        add_char(text, '-');
    add_number(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10);
}

static void add_argument(struct text *text, char kind, bool is_long, va_list *arguments)
{
    switch (kind) {
    case 's':
        add_string(text, va_arg(*arguments, const char *));
        break;
    case 'd':
        add_signed(text, is_long ? va_arg(*arguments, long) : va_arg(*arguments, int));
        break;
    case 'u':
    case 'x':
        add_number(text, is_long ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned),
                   kind == 'x' ? 16 : 10);
        break;
    default:
        add_char(text, kind);
    }
}

void printk(const char *format, ...)
{
    struct text text = {.size = 0};
    va_list arguments;

    va_start(arguments, format);
    for (; *format != '\0'; format++) {
        bool is_long = format[0] == '%' && format[1] == 'l';

        if (*format != '%') {
            add_char(&text, *format);
            continue;
        }
        format += is_long ? 2 : 1;
        add_argument(&text, *format, is_long, &arguments);
    }
    va_end(arguments);
    console_print(text.data, text.size);
}

void kernel_off(unsigned status)
{
    console_drain();
    pv_power_off(status);
}

void kernel_crash(const char *message, const struct pv_frame *frame)
{
    console_drain();
    pv_power_crash(message, frame);
}
