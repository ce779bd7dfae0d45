/* SPDX-License-Identifier: MIT */
/*
 * The regions of a machine whose RAM is a file: boot data of pvrun, image, initrd, free.
 * Called by boot.c first; the pages of the boot tables come from behind the image.
 */
#include "posix.h"

#define BOOT_DATA_END 0x10000UL /* pvrun puts the command line here */
#define REGIONS_MAX 8

extern const char pv_image_begin[], pv_image_end[];

struct pv_memory_region posix_regions[REGIONS_MAX];
unsigned posix_region_count;

static pv_pa_t pool_next, pool_end;

static void add(pv_pa_t base, pv_pa_t end, uint32_t type)
{
    if (base < end)
        posix_regions[posix_region_count++] = (struct pv_memory_region){base, end - base, type, 0};
}

/* Large pages map nearly all: a table per GiB, one for each edge, and the image in small pages. */
static uint64_t pool_size(pv_pa_t image_end)
{
    uint64_t pages = 32 + (pv_posix_abi.memory_size >> 30) + (image_end >> 21);

    return pages * PV_PAGE_SIZE;
}

void posix_memory_init(void)
{
    pv_pa_t image = pv_virt_to_phys(pv_image_begin), image_end = pv_virt_to_phys(pv_image_end);
    pv_pa_t module = pv_posix_abi.module_base, end = pv_posix_abi.memory_size & PV_PAGE_MASK;
    pv_pa_t module_end = (module + pv_posix_abi.module_size + PV_PAGE_SIZE - 1) & PV_PAGE_MASK;

    pool_next = image_end;
    pool_end = pool_next + pool_size(image_end);
    if (pv_posix_abi.module_size == 0)
        module = module_end = end;
    if (pool_end > module)
        pv_power_crash("posix: not enough memory for page tables: give the guest more", NULL);
    add(0, BOOT_DATA_END, PV_MEMORY_KERNEL);
    add(BOOT_DATA_END, image, PV_MEMORY_RAM);
    add(image, pool_end, PV_MEMORY_KERNEL);
    add(pool_end, module, PV_MEMORY_RAM);
    add(module, module_end, PV_MEMORY_MODULE);
    add(module_end, end, PV_MEMORY_RAM);
}

void *posix_page_alloc(void)
{
    void *page = pv_phys_to_virt(pool_next);

    if (pool_next == pool_end)
        pv_power_crash("posix: the pool of page tables is empty", NULL);
    pool_next += PV_PAGE_SIZE;
    memset(page, 0, PV_PAGE_SIZE);
    return page;
}
