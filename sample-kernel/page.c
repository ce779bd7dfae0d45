/* SPDX-License-Identifier: MIT */
/*
 * The page allocator. All memory of the kernel that is not static comes from here, one page at a time: page
 * tables, kernel stacks, pipes, the memory of processes. Each page has a count of owners, since fork lets
 * processes share pages until one of them writes (space.c).
 *
 * Pages that were never used are taken from the RAM regions in order; pages that came back form a list. So
 * nothing has to be touched at boot, however much RAM there is.
 */
#include "page.h"

#include "kernel.h"
#include "lock.h"

/* A free page holds the address of the next one. */
struct free_page {
    struct free_page *next;
};

static struct {
    struct lock lock;         /* for all of this; a leaf: nothing else is taken under it */
    struct free_page *list;   /* pages that came back */
    uint64_t available;       /* pages on the list and untouched ones */
    const struct pv_memory_region *region, *region_end; /* where untouched pages are */
    pv_pa_t next;             /* the first of them, in *region */
    uint16_t *owners;         /* by page number; an entry is set when its page is handed out */
    pv_pa_t table;            /* where the owners lie: the start of a region */
    uint64_t table_size;
} pages;

static uint16_t *owners_of(const void *page)
{
    return &pages.owners[pv_virt_to_phys(page) >> PV_PAGE_SHIFT];
}

/* Go to the next region of free RAM; the table of owners lies at the start of one. */
static bool next_region(void)
{
    while (++pages.region < pages.region_end) {
        if (pages.region->type != PV_MEMORY_RAM)
            continue;
        pages.next = pages.region->base;
        if (pages.next == pages.table)
            pages.next += pages.table_size;
        return true;
    }
    return false;
}

static void *take_untouched(void)
{
    void *page;

    while (pages.next == pages.region->base + pages.region->size)
        if (!next_region())
            return NULL;
    page = pv_phys_to_virt(pages.next);
    pages.next += PV_PAGE_SIZE;
    return page;
}

static void *take_from_list(void)
{
    struct free_page *page = pages.list;

    if (page != NULL)
        pages.list = page->next;
    return page;
}

void *page_alloc(void)
{
    pv_irq_flags_t flags = lock_acquire(&pages.lock);
    void *page = NULL;

    if (pages.available > 0) {
        page = take_from_list();
        if (page == NULL)
            page = take_untouched();
        CHECK(page != NULL);
        pages.available--;
        *owners_of(page) = 1;
    }
    lock_release(&pages.lock, flags);
    return page;
}

void *page_alloc_zeroed(void)
{
    void *page = page_alloc();

    if (page != NULL)
        memset(page, 0, PV_PAGE_SIZE);
    return page;
}

void page_share(void *page)
{
    pv_irq_flags_t flags = lock_acquire(&pages.lock);

    CHECK(*owners_of(page) > 0 && *owners_of(page) < UINT16_MAX);
    ++*owners_of(page);
    lock_release(&pages.lock, flags);
}

void page_free(void *page)
{
    pv_irq_flags_t flags = lock_acquire(&pages.lock);
    struct free_page *free = page;

    CHECK(*owners_of(page) > 0);
    if (--*owners_of(page) == 0) {
        free->next = pages.list;
        pages.list = free;
        pages.available++;
    }
    lock_release(&pages.lock, flags);
}

bool page_is_shared(const void *page)
{
    return __atomic_load_n(owners_of(page), __ATOMIC_RELAXED) > 1;
}

uint64_t page_available(void)
{
    return __atomic_load_n(&pages.available, __ATOMIC_RELAXED);
}

void page_init(const struct pv_boot_info *info)
{
    pages.table_size = round_up((info->memory_end >> PV_PAGE_SHIFT) * sizeof *pages.owners, PV_PAGE_SIZE);
    pages.region_end = info->regions + info->region_count;

    for (const struct pv_memory_region *region = info->regions; region < pages.region_end; region++) {
        if (region->type != PV_MEMORY_RAM)
            continue;
        pages.available += region->size >> PV_PAGE_SHIFT;
        if (pages.owners == NULL && region->size > pages.table_size) {
            pages.table = region->base;
            pages.owners = pv_phys_to_virt(region->base);
            pages.available -= pages.table_size >> PV_PAGE_SHIFT;
        }
    }
    CHECK(pages.owners != NULL);
    pages.region = info->regions - 1;
    CHECK(next_region());
}
