/* SPDX-License-Identifier: MIT */
/*
 * How mmap becomes an MMU for user code, whose address space is another process.
 *
 * Only a process can change its own mappings: so the monitor gives orders (mmap, munmap), the stub carries them
 * out, and each is held by a notification until it was compared with the order (a jump of user code into the stub
 * gets nothing). The cache says what the space has mapped. It is held against the tables after each load of the
 * root, and after invalidations: what the tables do not grant any more is unmapped before user code runs.
 *
 * Clean pages are mapped read-only, so that the first write faults and the dirty bit is true.
 */
#include <sys/mman.h>

#include "launch.h"
#include "monitor.h"
#include "raw.h"
#include "stub-layout.h"

#define EFAULT 14
#define RUN_MAX 16          /* pages mapped at once when they are contiguous */
#define PAGES_MAX 32000     /* of a space; each may be a mapping of its own, and the host has 65,530 */
#define DROP_MAX 16         /* stale pages unmapped one by one; more: all at once */
#define PROT_MASK 7UL

static struct posix_order orders[POSIX_ORDERS_MAX];
static uint32_t order_count;

/* --- orders --- */

static void order_map(pv_va_t va, pv_pa_t pa, uint64_t size, uint64_t prot)
{
    orders[order_count++] =
        (struct posix_order){__NR_mmap, va, size, prot, MAP_SHARED | MAP_FIXED, POSIX_SPACE_FD_RAM, pa};
}

static void order_unmap(pv_va_t va, uint64_t size)
{
    orders[order_count++] = (struct posix_order){__NR_munmap, va, size, 0, 0, 0, 0};
}

static bool is_order(const struct report *r, const struct posix_order *o)
{
    if (r->rip != POSIX_STUB_ORDERED || r->nr != o->nr || r->args[0] != o->address || r->args[1] != o->size)
        return false;
    return o->nr == __NR_munmap || (r->args[2] == o->prot && r->args[3] == o->flags && r->args[4] == o->fd &&
                                    r->args[5] == o->offset);
}

/* Have the orders done by the thread, which is held and is held again afterwards. */
static bool carry_out(struct space *space)
{
    struct posix_area *area = AREA(space->slot);
    struct report report;
    uint32_t next = 0;

    if (order_count == 0)
        return true;
    __builtin_memcpy(area->orders, orders, order_count * sizeof orders[0]);
    area->order_count = order_count;
    if (!handoff_reply(space, POSIX_REPLY_ORDERS, false))
        return false;
    while (handoff_receive(space, &report, false)) {
        if (report.kind == POSIX_REPORT_ORDERS && report.nr == POSIX_NR_REPORT && next == order_count) {
            order_count = 0;
            return true;
        }
        if (report.nr == POSIX_NR_REPORT) {
            if (!run_stub_on(space, &report))
                break;
            continue;
        }
        if (next == order_count || !is_order(&report, &orders[next]))
            break;
        next++;
        if (!handoff_reply(space, 0, true))
            break;
    }
    space_kill(space); /* a thread that does anything else is not the stub's any more */
    order_count = 0;
    return false;
}

static bool drop_everything(struct space *space)
{
    order_count = 0;
    order_unmap(USER_BASE, USER_END - USER_BASE);
    cache_clear(&space->cache);
    space->cache.span = PV_PAGE_SIZE;
    return carry_out(space);
}

/* --- is it still true? --- */

/* Whether the tables grant what is mapped; accessed and dirty included, or their next setting would be missed. */
static bool is_granted(pv_pa_t root, pv_va_t va, uint64_t value)
{
    uint64_t rights = PV_PTE_W | PV_PTE_U | PV_PTE_A, nx = 0, size = ABI->memory_size;
    pv_pa_t table = root;

    for (unsigned level = PV_MMU_LEVELS; level > 0; level--) {
        pv_pte_t pte;

        if (table > size - PV_PAGE_SIZE)
            return false;
        pte = ((volatile pv_pte_t *)(RAM + table))[pv_mmu_index(va, level)];
        if (!(pte & PV_PTE_P) || posix_walk_reserved(pte, level))
            return false;
        rights &= pte;
        nx |= pte & PV_PTE_NX;
        if (level == 1 || (level < PV_MMU_LEVELS && (pte & PV_PTE_LARGE))) {
            pv_pa_t pa = (pv_pte_pa(pte) & ~(PV_MMU_SPAN(level) - 1)) | (va & (PV_MMU_SPAN(level) - 1));

            if ((value & PV_PAGE_MASK) != pa || (rights & (PV_PTE_U | PV_PTE_A)) != (PV_PTE_U | PV_PTE_A))
                return false;
            if ((value & PROT_WRITE) && (!(rights & PV_PTE_W) || !(pte & PV_PTE_D)))
                return false;
            return !(value & PROT_EXEC) || nx == 0;
        }
        table = pv_pte_pa(pte);
    }
    return false;
}

/* Unmap what is no more granted in [base, end); false: the space has died. */
static bool check(struct space *space, pv_va_t base, pv_va_t end)
{
    struct cache *cache = &space->cache;

    for (uint32_t i = 0; i < cache->size; i++) {
        pv_va_t va = cache->keys[i] & PV_PAGE_MASK;

        if (!(cache->keys[i] & 1) || va < base || va >= end || is_granted(space->root, va, cache->values[i]))
            continue;
        if (order_count == DROP_MAX)
            return drop_everything(space);
        order_unmap(va, PV_PAGE_SIZE);
        cache_remove(cache, va);
    }
    return true;
}

/* One page, without looking at all. */
static void check_page(struct space *space, pv_va_t va)
{
    uint64_t value;

    if (!cache_get(&space->cache, va, &value) || is_granted(space->root, va, value))
        return;
    order_unmap(va, PV_PAGE_SIZE);
    cache_remove(&space->cache, va);
}

static bool check_queue(struct space *space)
{
    for (uint32_t i = 0; i < ABI->queue_count && i < PV_POSIX_QUEUE; i++) {
        uint64_t span = space->cache.span, size = ABI->queue[i].size;
        pv_va_t va = ABI->queue[i].va & ~(span - 1), end = ABI->queue[i].va + size;

        if (end - va > 8 * PV_PAGE_SIZE || order_count + 8 > DROP_MAX) {
            if (!check(space, 0, USER_END))
                return false;
            break;
        }
        for (; va < end; va += PV_PAGE_SIZE)
            check_page(space, va);
    }
    return true;
}

bool space_sync(struct space *space)
{
    bool alive = true;

    if (space->stale)
        alive = drop_everything(space);
    else if (space->checked != ABI->root_loads || ABI->queue_all)
        alive = check(space, 0, USER_END);
    else if (ABI->queue_count != 0)
        alive = check_queue(space);
    space->stale = false;
    space->checked = ABI->root_loads;
    ABI->queue_count = ABI->queue_all = 0;
    return alive && carry_out(space);
}

/* --- fills --- */

static uint64_t protection(const struct posix_walk *walk)
{
    return PROT_READ | ((walk->flags & PV_PTE_W) && (walk->flags & PV_PTE_D) ? PROT_WRITE : 0) |
           (walk->flags & PV_PTE_NX ? 0 : PROT_EXEC);
}

/* How many pages from @a va on can be mapped by the same call: contiguous, equal rights, in the same table. */
static unsigned run_length(struct space *space, pv_va_t va, const struct posix_walk *first)
{
    uint64_t prot = protection(first), value;
    unsigned pages = 1;

    while (pages < RUN_MAX) {
        pv_va_t next = va + pages * PV_PAGE_SIZE;
        struct posix_walk walk;

        if ((next & (PV_MMU_SPAN(2) - 1)) == 0 || next >= USER_END || cache_get(&space->cache, next, &value))
            break;
        if (!posix_walk(RAM, ABI->memory_size, space->root, next, PV_PF_U, &walk))
            break;
        if ((walk.pa & PV_PAGE_MASK) != (first->pa & PV_PAGE_MASK) + pages * PV_PAGE_SIZE || protection(&walk) != prot)
            break;
        pages++;
    }
    return pages;
}

bool space_fill(struct space *space, pv_va_t va, uint64_t access, uint64_t *error)
{
    struct posix_walk walk;
    pv_va_t page = va & PV_PAGE_MASK;
    unsigned pages;

    if (!posix_walk(RAM, ABI->memory_size, space->root, va, access | PV_PF_U, &walk)) {
        *error = walk.error;
        return false;
    }
    *error = 0;
    if (page < USER_BASE || page >= USER_END) {
        *error = access | PV_PF_U | PV_PF_P; /* present for the user, but no place for a program */
        return false;
    }
    if (space->cache.pages >= PAGES_MAX && !drop_everything(space))
        return false;
    if (PV_MMU_SPAN(walk.level) > space->cache.span)
        space->cache.span = PV_MMU_SPAN(walk.level);
    pages = run_length(space, page, &walk);
    order_map(page, walk.pa & PV_PAGE_MASK, pages * PV_PAGE_SIZE, protection(&walk));
    for (unsigned i = 0; i < pages; i++)
        cache_put(&space->cache, page + i * PV_PAGE_SIZE, ((walk.pa & PV_PAGE_MASK) + i * PV_PAGE_SIZE) | protection(&walk));
    return carry_out(space);
}

/*
 * A space says that the host could not give it a page (SIGBUS). It may say so without reason; so have the host look
 * at the page for us: a siginfo is read from there first of all (pidfd_send_signal(2)), and not sent, since its
 * number is another one (or it is only a kick).
 */
void space_check_memory(struct space *space, pv_va_t va)
{
    struct posix_walk walk;

    if (posix_walk(RAM, ABI->memory_size, space->root, va, PV_PF_U, &walk) &&
        raw(__NR_pidfd_send_signal, space->pidfd, SIGUSR1, RAM + (walk.pa & PV_PAGE_MASK), 0) == -EFAULT)
        monitor_host_fails("no memory is left for the guest's RAM");
}

void space_invalidate(pv_va_t va, uint64_t size, bool all)
{
    uint32_t at = ABI->queue_count;

    if (all || at >= PV_POSIX_QUEUE) {
        ABI->queue_all = 1;
        return;
    }
    ABI->queue[at].va = va;
    ABI->queue[at].size = size;
    ABI->queue_count = at + 1;
}
