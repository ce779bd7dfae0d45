/* SPDX-License-Identifier: MIT */
/*
 * From the firmware's memory map to the regions of pv_boot_info, and the pages for the backend's own tables.
 *
 * Called by boot.c after loader.c. The order of carving matters: what is carved later wins over RAM, never
 * over what was carved before.
 */
#include "loader.h"
#include "native.h"

#define REGIONS_MAX (2 * NATIVE_MAP_MAX)
#define LOW_MEMORY_END 0x100000UL
#define EARLY_LIMIT (4UL << 30)

extern const char pv_image_begin[], pv_image_end[];

struct pv_memory_region native_regions[REGIONS_MAX];
unsigned native_region_count;

static pv_pa_t pool_next, pool_end;

static void insert(unsigned at, pv_pa_t base, pv_pa_t end, uint32_t type)
{
    if (native_region_count == REGIONS_MAX || base >= end)
        return;
    for (unsigned i = native_region_count; i > at; i--)
        native_regions[i] = native_regions[i - 1];
    native_regions[at] = (struct pv_memory_region){base, end - base, type, 0};
    native_region_count++;
}

static void remove_at(unsigned at)
{
    native_region_count--;
    for (unsigned i = at; i < native_region_count; i++)
        native_regions[i] = native_regions[i + 1];
}

static pv_pa_t region_end(const struct pv_memory_region *r)
{
    return r->base + r->size;
}

/* Give the RAM in [base, end) another type; 0: no region at all. */
static void carve(pv_pa_t base, pv_pa_t end, uint32_t type)
{
    for (unsigned i = 0; i < native_region_count; i++) {
        struct pv_memory_region r = native_regions[i];
        pv_pa_t from = r.base > base ? r.base : base;
        pv_pa_t to = region_end(&r) < end ? region_end(&r) : end;

        if (r.type != PV_MEMORY_RAM || from >= to)
            continue;
        remove_at(i);
        insert(i, to, region_end(&r), PV_MEMORY_RAM);
        if (type != 0)
            insert(i, from, to, type);
        insert(i, r.base, from, PV_MEMORY_RAM);
    }
}

/* Add a range sorted; what regions are there already keep their addresses. */
static void add_sorted(pv_pa_t base, pv_pa_t end, uint32_t type)
{
    unsigned at = 0;

    while (at < native_region_count && native_regions[at].base < base)
        at++;
    if (at > 0 && region_end(&native_regions[at - 1]) > base)
        base = region_end(&native_regions[at - 1]);
    if (at < native_region_count && native_regions[at].base < end)
        end = native_regions[at].base;
    insert(at, base, end, type);
}

static void add_map_entries(void)
{
    const struct native_loader *l = &native_loader;

    for (unsigned i = 0; i < l->map_count; i++) {
        const struct native_map_entry *e = &l->map[i];

        if (e->type == NATIVE_MAP_RAM)
            add_sorted((e->base + PV_PAGE_SIZE - 1) & PV_PAGE_MASK, (e->base + e->size) & PV_PAGE_MASK, PV_MEMORY_RAM);
    }
    for (unsigned i = 0; i < l->map_count; i++) {
        const struct native_map_entry *e = &l->map[i];
        pv_pa_t base = e->base & PV_PAGE_MASK, end = (e->base + e->size + PV_PAGE_SIZE - 1) & PV_PAGE_MASK;

        if (e->type == NATIVE_MAP_RAM)
            continue;
        carve(base, end, 0);
        if (e->type == NATIVE_MAP_ACPI || e->type == NATIVE_MAP_NVS)
            add_sorted(base, end, PV_MEMORY_FIRMWARE);
    }
}

static void carve_used(void)
{
    const struct native_loader *l = &native_loader;

    /* The first megabyte: BIOS data, and the place where other processors start. */
    carve(0, LOW_MEMORY_END, PV_MEMORY_KERNEL);
    carve(pv_virt_to_phys(pv_image_begin), pv_virt_to_phys(pv_image_end), PV_MEMORY_KERNEL);
    for (unsigned i = 0; i < l->module_count; i++)
        carve(l->modules[i].base & PV_PAGE_MASK,
              (l->modules[i].base + l->modules[i].size + PV_PAGE_SIZE - 1) & PV_PAGE_MASK, PV_MEMORY_MODULE);
}

pv_pa_t native_memory_end(void)
{
    return region_end(&native_regions[native_region_count - 1]);
}

/* Tables for the direct map (2 MiB pages, 4 KiB ones at the edges), the image, devices. */
static uint64_t pool_size(void)
{
    uint64_t image = pv_virt_to_phys(pv_image_end) >> 21;
    uint64_t pages = 48 + (native_memory_end() >> 30) + (native_memory_end() >> 39) + 4UL * native_region_count + image;

    return pages * PV_PAGE_SIZE;
}

static const char *take_pool(void)
{
    uint64_t size = pool_size();

    for (unsigned i = 0; i < native_region_count; i++) {
        const struct pv_memory_region *r = &native_regions[i];

        if (r->type != PV_MEMORY_RAM || r->size < size || r->base + size > EARLY_LIMIT)
            continue;
        pool_next = r->base;
        pool_end = pool_next + size;
        carve(pool_next, pool_end, PV_MEMORY_KERNEL);
        return NULL;
    }
    return "not enough memory for page tables: give the machine more";
}

/* Neighbours of the same type become one. */
static void merge(void)
{
    for (unsigned i = 0; i + 1 < native_region_count;) {
        struct pv_memory_region *r = &native_regions[i];

        if (region_end(r) == r[1].base && r->type == r[1].type && r->type != PV_MEMORY_MODULE) {
            r->size += r[1].size;
            remove_at(i + 1);
        } else {
            i++;
        }
    }
}

const char *native_memory_init(void)
{
    const char *problem;

    add_map_entries();
    carve_used();
    if (native_region_count == 0)
        return "the memory map has no RAM";
    problem = take_pool();
    merge();
    return problem;
}

void *native_page_alloc(void)
{
    void *page = pv_phys_to_virt(pool_next);

    if (pool_next == pool_end)
        pv_power_crash("native: the pool of page tables is empty", NULL);
    pool_next += PV_PAGE_SIZE;
    memset(page, 0, PV_PAGE_SIZE);
    return page;
}
