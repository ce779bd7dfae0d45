/* SPDX-License-Identifier: MIT */
/*
 * How mmap becomes an MMU, in the process of the guest kernel.
 *
 * The host's mappings are a TLB: a fault walks the guest's tables (walk.h) and maps the page of the RAM file that
 * they name, with the rights that they give; an invalidation unmaps. Image and direct map are mapped for good and
 * never come here but for a lack of rights. For user code the same happens in another process: space.c.
 */
#include <sys/mman.h>

#include "launch.h"
#include "monitor.h"
#include "raw.h"

#define ENOMEM 12
#define VMAP_SIZE (PV_POSIX_VMAP_END - PV_POSIX_VMAP)

/* The largest page that was filled: an invalidation of one address in it must drop all of it. */
static uint64_t span = PV_PAGE_SIZE;

static bool in_window(pv_va_t va)
{
    return va < USER_END || (va >= PV_POSIX_VMAP && va < PV_POSIX_VMAP_END);
}

static int protection(const struct posix_walk *walk)
{
    return PROT_READ | (walk->flags & PV_PTE_W && walk->flags & PV_PTE_D ? PROT_WRITE : 0) |
           (walk->flags & PV_PTE_NX ? 0 : PROT_EXEC);
}

static long map_page(pv_va_t page, pv_pa_t pa, int prot)
{
    return raw(__NR_mmap, page, PV_PAGE_SIZE, prot, MAP_SHARED | MAP_FIXED, POSIX_FD_RAM, pa);
}

bool fill_fault(pv_va_t va, uint64_t access, uint64_t *error)
{
    struct posix_walk walk;
    pv_va_t page = va & PV_PAGE_MASK;
    long result;

    if (!posix_walk(RAM, ABI->memory_size, ABI->root, va, access, &walk)) {
        *error = walk.error;
        return false;
    }
    if (!in_window(va)) {
        /* Walks, but is not mapped so: the guest has changed tables of the backend's. */
        *error = access | PV_PF_P;
        return false;
    }
    if (PV_MMU_SPAN(walk.level) > span)
        span = PV_MMU_SPAN(walk.level);
    result = map_page(page, walk.pa & PV_PAGE_MASK, protection(&walk));
    if (result == -ENOMEM) { /* too many mappings: they are only a cache */
        fill_drop_all();
        result = map_page(page, walk.pa & PV_PAGE_MASK, protection(&walk));
    }
    MONITOR_CHECK(result == (long)page);
    if (va < USER_END)
        ABI->user_maps++;
    return true;
}

static void drop(pv_va_t base, pv_va_t end)
{
    if (base < end && raw(__NR_munmap, base, end - base) == -ENOMEM)
        fill_drop_all(); /* a hole in a mapping would have been one mapping too many */
}

void fill_drop_user(void)
{
    if (ABI->user_maps != 0)
        raw(__NR_munmap, USER_BASE, USER_END - USER_BASE);
    ABI->user_maps = 0;
}

void fill_drop_all(void)
{
    fill_drop_user();
    raw(__NR_munmap, PV_POSIX_VMAP, VMAP_SIZE);
}

void fill_drop(pv_va_t va, uint64_t size)
{
    pv_va_t base = va & ~(span - 1), end = va + size;

    end = end < va ? PV_POSIX_WINDOWS_END : (end + span - 1) & ~(span - 1);
    if (base < USER_END && ABI->user_maps != 0)
        drop(base > USER_BASE ? base : USER_BASE, end < USER_END ? end : USER_END);
    if (end > PV_POSIX_VMAP && base < PV_POSIX_VMAP_END)
        drop(base > PV_POSIX_VMAP ? base : PV_POSIX_VMAP, end < PV_POSIX_VMAP_END ? end : PV_POSIX_VMAP_END);
}
