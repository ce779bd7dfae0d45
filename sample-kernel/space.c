/* SPDX-License-Identifier: MIT */
/*
 * The memory of processes: what exec.c lays out, fork shares, page faults fill (trap.c), sbrk moves and exit
 * frees. An area says what may be used; a page-table entry is made when a page is first touched. A page that
 * its area lets be written, but its entry does not, is shared with a relative since a fork: copy on write.
 *
 * Here one sees pvops' rules for page tables at work: added rights need nothing; before a page may be reused
 * whose mapping was taken away, the invalidation (or the end of its batch) must have returned. A batch must
 * not be interrupted by another one, so interrupts are off in it; batches cover one page table at most.
 * Read next: exec.c.
 */
#include "space.h"

#include "page.h"
#include "pagetable.h"

_Static_assert(PROGRAM_BASE >= PV_USER_BASE && STACK_TOP <= PV_USER_END, "programs lie in the user window");
_Static_assert(STACK_TOP - STACK_SIZE >= PROGRAM_END, "the heap ends below the stack");

int space_create(struct space *space, pv_va_t heap)
{
    void *root = page_alloc_zeroed();

    if (root == NULL)
        return -ENOMEM;
    *space = (struct space){
        .root = pv_virt_to_phys(root),
        .area_count = AREA_SEGMENTS,
        .areas[AREA_HEAP] = {heap, heap, PV_PTE_W | PV_PTE_NX},
        .areas[AREA_STACK] = {STACK_TOP - STACK_SIZE, STACK_TOP, PV_PTE_W | PV_PTE_NX},
        .heap_break = heap,
    };
    pv_mmu_root_init(space->root);
    return 0;
}

void space_destroy(struct space *space)
{
    pagetable_clear(space->root, 0, PV_USER_END, page_free);
    pv_mmu_root_release(space->root);
    page_free(pv_phys_to_virt(space->root));
    space->root = 0;
}

void space_add_area(struct space *space, pv_va_t start, pv_va_t end, uint64_t rights)
{
    CHECK(space->area_count < AREA_MAX);
    space->areas[space->area_count++] = (struct area){start, end, rights};
}

static const struct area *find_area(const struct space *space, pv_va_t va)
{
    for (unsigned i = 0; i < space->area_count; i++)
        if (va >= space->areas[i].start && va < space->areas[i].end)
            return &space->areas[i];
    return NULL;
}

/* The entry of a page that is the process's alone. */
static pv_pte_t private_entry(const struct area *area, const void *page)
{
    return pv_pte_make(pv_virt_to_phys(page), PV_PTE_P | PV_PTE_U | area->rights);
}

int space_put_page(struct space *space, pv_va_t va, void *page)
{
    pv_pte_t *pte = pagetable_walk(space->root, va, true);

    if (pte == NULL)
        return -ENOMEM;
    pv_pte_set(space->root, va, pte, private_entry(find_area(space, va), page));
    space->pages++;
    return 0;
}

/* --- page faults --- */

static int fill_with_zeros(struct space *space, pv_va_t va)
{
    void *page = page_alloc_zeroed();

    if (page == NULL)
        return -ENOMEM;
    if (space_put_page(space, va, page) < 0) {
        page_free(page);
        return -ENOMEM;
    }
    return 0;
}

/* A write to a page that relatives may share: the last owner keeps it, others get a copy. */
static int make_private(struct space *space, const struct area *area, pv_va_t va, pv_pte_t *pte)
{
    void *old = pv_phys_to_virt(pv_pte_pa(pv_pte_get(pte)));
    void *copy;

    if (!page_is_shared(old)) {
        pv_pte_set(space->root, va, pte, private_entry(area, old));
        return 0;
    }
    copy = page_alloc();
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, old, PV_PAGE_SIZE);
    pv_pte_set(space->root, va, pte, private_entry(area, copy));
    pv_mmu_invalidate_page(va);
    page_free(old);
    return 0;
}

int space_fault(struct space *space, pv_va_t va, uint64_t error)
{
    const struct area *area = find_area(space, va);
    pv_pte_t *pte;

    if (area == NULL || (error & PV_PF_R))
        return -EFAULT;
    if ((error & PV_PF_W) && !(area->rights & PV_PTE_W))
        return -EFAULT;
    if ((error & PV_PF_I) && (area->rights & PV_PTE_NX))
        return -EFAULT;

    va = round_down(va, PV_PAGE_SIZE);
    pte = pagetable_walk(space->root, va, false);
    if (pte == NULL || !(pv_pte_get(pte) & PV_PTE_P))
        return fill_with_zeros(space, va);
    if ((error & PV_PF_W) && !(pv_pte_get(pte) & PV_PTE_W))
        return make_private(space, area, va, pte);
    return 0; /* mended since, or a fault of a right that was added: going on is the answer */
}

/* --- fork --- */

/* Share the pages of [va, end), which one table maps, between parent and child: read-only on both sides. */
static void share_table(struct space *child, pv_pte_t *to, struct space *parent, pv_pte_t *from, pv_va_t va,
                        pv_va_t end)
{
    pv_irq_flags_t flags = pv_irq_save();

    pv_mmu_batch_begin();
    for (; va < end; va += PV_PAGE_SIZE, from++, to++) {
        pv_pte_t pte = pv_pte_get(from), shared = pte & ~PV_PTE_W;

        if (!(pte & PV_PTE_P))
            continue;
        page_share(pv_phys_to_virt(pv_pte_pa(pte)));
        pv_pte_set(child->root, va, to, shared);
        child->pages++;
        if (pte != shared) {
            pv_pte_set(parent->root, va, from, shared);
            pv_mmu_invalidate_page(va);
        }
    }
    pv_mmu_batch_end();
    pv_irq_restore(flags);
}

static int share_area(struct space *child, struct space *parent, const struct area *area)
{
    for (pv_va_t va = area->start, next; va < area->end; va = next) {
        pv_pte_t *from = pagetable_walk(parent->root, va, false), *to;

        next = min_u64(area->end, round_down(va, PAGETABLE_SPAN) + PAGETABLE_SPAN);
        if (from == NULL)
            continue;
        to = pagetable_walk(child->root, va, true);
        if (to == NULL)
            return -ENOMEM;
        share_table(child, to, parent, from, va, next);
    }
    return 0;
}

int space_fork(struct space *child, struct space *parent)
{
    int error = space_create(child, parent->areas[AREA_HEAP].start);

    if (error < 0)
        return error;
    memcpy(child->areas, parent->areas, sizeof child->areas);
    child->area_count = parent->area_count;
    child->heap_break = parent->heap_break;

    for (unsigned i = 0; i < parent->area_count && error == 0; i++)
        error = share_area(child, parent, &parent->areas[i]);
    if (error < 0)
        space_destroy(child);
    return error;
}

/* --- sbrk --- */

#define UNMAP_BATCH 32

/* Take the pages of [va, end) away from a loaded space; no more than UNMAP_BATCH of one table. */
static void unmap_some(struct space *space, pv_va_t va, pv_va_t end)
{
    pv_pte_t *pte = pagetable_walk(space->root, va, false);
    void *pages[UNMAP_BATCH];
    unsigned count = 0;
    pv_irq_flags_t flags;

    if (pte == NULL)
        return;
    flags = pv_irq_save();
    pv_mmu_batch_begin();
    for (; va < end; va += PV_PAGE_SIZE, pte++) {
        if (!(pv_pte_get(pte) & PV_PTE_P))
            continue;
        pages[count++] = pv_phys_to_virt(pv_pte_pa(pv_pte_get(pte)));
        pv_pte_set(space->root, va, pte, 0);
        pv_mmu_invalidate_page(va);
    }
    pv_mmu_batch_end();
    pv_irq_restore(flags);

    space->pages -= count;
    while (count > 0) /* only now can nobody reach them any more */
        page_free(pages[--count]);
}

static void unmap(struct space *space, pv_va_t va, pv_va_t end)
{
    for (pv_va_t next; va < end; va = next) {
        next = round_down(va, UNMAP_BATCH * PV_PAGE_SIZE) + UNMAP_BATCH * PV_PAGE_SIZE;
        unmap_some(space, va, min_u64(end, next));
    }
}

/*
 * Limit: memory is promised against what is free now, not against what other processes were promised. A
 * process that is promised too much is killed when it touches a page that is not to be had.
 */
long space_grow(struct space *space, long bytes)
{
    struct area *heap = &space->areas[AREA_HEAP];
    pv_va_t old = space->heap_break, end;

    if (bytes < 0 && 0 - (uint64_t)bytes > old - heap->start)
        return -EINVAL;
    if (bytes > 0 && ((uint64_t)bytes > PROGRAM_END - old ||
                      (uint64_t)bytes >> PV_PAGE_SHIFT >= page_available()))
        return -ENOMEM;

    end = round_up(old + (uint64_t)bytes, PV_PAGE_SIZE);
    unmap(space, end, heap->end);
    heap->end = end;
    space->heap_break = old + (uint64_t)bytes;
    return (long)old;
}
