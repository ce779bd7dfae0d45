/* SPDX-License-Identifier: MIT */
/* Memory and strings. The compiler itself calls memcpy, memmove, memset and memcmp, also in freestanding
 * code, so these four must exist under these names; the rest is what the programs here use. Plain loops:
 * the copies of user programs are small. */
#include "lib.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t size)
{
    unsigned char *to = dst;
    const unsigned char *from = src;

    while (size--)
        *to++ = *from++;
    return dst;
}

void *memmove(void *dst, const void *src, size_t size)
{
    unsigned char *to = dst;
    const unsigned char *from = src;

    if (to <= from)
        return memcpy(dst, src, size);
    while (size--)
        to[size] = from[size];
    return dst;
}

void *memset(void *dst, int value, size_t size)
{
    unsigned char *to = dst;

    while (size--)
        *to++ = (unsigned char)value;
    return dst;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *p = a, *q = b;

    for (; size; size--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        ;
    return (unsigned char)*a - (unsigned char)*b;
}

char *strchr(const char *s, int c)
{
    for (; *s != (char)c; s++)
        if (!*s)
            return NULL;
    return (char *)(uintptr_t)s;
}

/* Decimal, with a sign; the whole string must be a number that fits in 18 digits. */
bool parse_long(const char *s, long *value)
{
    bool negative = *s == '-';
    const char *first = s + negative;
    long n = 0;

    for (s = first; *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (*s - '0');
    if (s == first || *s || s - first > 18)
        return false;
    *value = negative ? -n : n;
    return true;
}
