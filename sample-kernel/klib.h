/* SPDX-License-Identifier: MIT */
/*
 * The few things that every file of the kernel uses and that need nothing from pvops: strings and rounding.
 * The files that include only this (cpio.c, elf.c, line.c) are compiled on the host too, by their unit
 * tests. Read next: kernel.h.
 */
#ifndef SAMPLE_KLIB_H
#define SAMPLE_KLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The C compiler may call these four on its own; the backend's archive has them. */
void *memcpy(void *dst, const void *src, size_t size);
void *memmove(void *dst, const void *src, size_t size);
void *memset(void *dst, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

static inline size_t str_length(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    return length;
}

static inline bool str_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return *a == *b;
}

/* Copy as much of text as fits into size bytes, with an end. size is not 0. */
static inline void str_copy(char *dst, const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size - 1 && text[i] != '\0'; i++)
        dst[i] = text[i];
    dst[i] = '\0';
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* step is a power of two. */
static inline uint64_t round_down(uint64_t value, uint64_t step)
{
    return value & ~(step - 1);
}

static inline uint64_t round_up(uint64_t value, uint64_t step)
{
    return round_down(value + step - 1, step);
}

#endif
