/* SPDX-License-Identifier: MIT */
/*
 * The page pool of the suite: RAM regions of pv_boot_info, handed out in ascending order and taken back all
 * together at the end of each test.
 */
#include "conform.h"

static uint32_t region;  /* the region pages are taken from */
static pv_pa_t position; /* the next page in it; 0: at its base */

static pv_pa_t align_up(pv_pa_t pa, uint64_t align)
{
    return (pa + align - 1) / align * align;
}

/* Whether the current region has size bytes at a multiple of align; *pa is where. */
static bool fits(uint64_t size, uint64_t align, pv_pa_t *pa)
{
    const struct pv_memory_region *r = &conform_info->regions[region];
    pv_pa_t base = position > r->base ? position : r->base;

    if (r->type != PV_MEMORY_RAM)
        return false;
    *pa = align_up(base, align);
    /* Page 0 is as good as any other, but 0 also means "no page" in many a kernel. */
    if (*pa == 0)
        *pa = align;
    return *pa + size <= r->base + r->size;
}

pv_pa_t conform_pages(size_t count, size_t align)
{
    uint64_t size = count * PV_PAGE_SIZE;
    pv_pa_t pa;

    for (; region < conform_info->region_count; region++, position = 0) {
        if (!fits(size, align * PV_PAGE_SIZE, &pa))
            continue;
        position = pa + size;
        __builtin_memset(pv_phys_to_virt(pa), 0, size);
        return pa;
    }
    REQUIRE(!"out of pages");
    return 0;
}

pv_pa_t conform_page(void)
{
    return conform_pages(1, 1);
}

size_t conform_pages_left(void)
{
    uint64_t best = 0;

    for (uint32_t i = region; i < conform_info->region_count; i++) {
        const struct pv_memory_region *r = &conform_info->regions[i];
        pv_pa_t base = i == region && position > r->base ? position : r->base;

        if (r->type == PV_MEMORY_RAM && r->base + r->size - base > best)
            best = r->base + r->size - base;
    }
    return best / PV_PAGE_SIZE;
}

void conform_pages_reset(void)
{
    region = 0;
    position = 0;
}
