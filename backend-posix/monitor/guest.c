/* SPDX-License-Identifier: MIT */
/*
 * Guest memory as the monitor sees it: addresses of the kernel half are walked in the guest's tables and reached
 * through the alias of RAM, so that no address of the guest can make the monitor fault.
 */
#include "monitor.h"

char *guest_at(pv_va_t va, size_t size, bool write)
{
    struct posix_walk walk;
    uint64_t offset = va & (PV_PAGE_SIZE - 1);

    if (size > PV_PAGE_SIZE - offset)
        return NULL;
    /* The direct map is what it is, also before the guest has tables. */
    if (va >= PV_POSIX_DIRECT && va < PV_POSIX_DIRECT + ABI->memory_size)
        return RAM + (va - PV_POSIX_DIRECT);
    if (ABI->root == 0 && va >= PV_POSIX_KERNEL && va < PV_POSIX_KERNEL + ABI->memory_size)
        return RAM + (va - PV_POSIX_KERNEL);
    if (!posix_walk(RAM, ABI->memory_size, ABI->root, va, write ? PV_PF_W : 0, &walk))
        return NULL;
    return RAM + walk.pa;
}

static size_t part_of(pv_va_t va, size_t size)
{
    size_t room = PV_PAGE_SIZE - (va & (PV_PAGE_SIZE - 1));

    return size < room ? size : room;
}

bool guest_read(void *to, pv_va_t from, size_t size)
{
    for (char *at = to; size > 0;) {
        size_t part = part_of(from, size);
        char *bytes = guest_at(from, part, false);

        if (bytes == NULL)
            return false;
        __builtin_memcpy(at, bytes, part);
        at += part;
        from += part;
        size -= part;
    }
    return true;
}

bool guest_write(pv_va_t to, const void *from, size_t size)
{
    for (const char *at = from; size > 0;) {
        size_t part = part_of(to, size);
        char *bytes = guest_at(to, part, true);

        if (bytes == NULL)
            return false;
        __builtin_memcpy(bytes, at, part);
        at += part;
        to += part;
        size -= part;
    }
    return true;
}

bool guest_rip(uint64_t rip)
{
    return rip < PV_POSIX_WINDOWS_END;
}
