/* SPDX-License-Identifier: MIT */
/*
 * The functions that compilers call by themselves in freestanding code (GCC manual, "Standards"), and two more.
 * Weak: a kernel that brings its own keeps them.
 */
#include "lib.h"

#define WEAK __attribute__((weak))

WEAK void *memcpy(void *dst, const void *src, size_t size)
{
    void *to = dst;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(src), "+c"(size)::"memory");
    return dst;
}

WEAK void *memset(void *dst, int value, size_t size)
{
    void *to = dst;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
    return dst;
}

WEAK void *memmove(void *dst, const void *src, size_t size)
{
    char *to = dst;
    const char *from = src;

    if ((uintptr_t)to - (uintptr_t)from >= size)
        return memcpy(dst, src, size);
    while (size-- > 0) {
        to[size] = from[size];
        __asm__ volatile("" ::: "memory"); /* or the compiler makes this a call of memmove */
    }
    return dst;
}

WEAK int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;

    for (; size > 0; size--, x++, y++)
        if (*x != *y)
            return *x < *y ? -1 : 1;
    return 0;
}

WEAK size_t strlen(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0') {
        length++;
        __asm__ volatile("" ::: "memory");
    }
    return length;
}

WEAK int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}
