/* SPDX-License-Identifier: MIT */
/*
 * mmu.h: "Where a page is not there, the copy raises a page fault with kernel cs; the handler may sleep, mend
 * and return, and the copy goes on, or call pv_user_fault_fixup() and return." The handler below does what
 * the test plans, after it has checked the frame.
 */
#include "access.h"

#define VA 0x21000000UL
#define PAGES 8

static struct plan {
    pv_va_t begin, end;   /* faults have to be in here */
    uint64_t error;       /* and have this error code */
    bool enabled;         /* and come from code with this interrupt flag */
    unsigned mend;        /* so many are mended; the next one is given up */
    void (*before)(void); /* done before, or NULL */
    pv_pa_t fresh;        /* the pages to mend with, one per page from `begin` */
    unsigned faults;
    uint64_t seen;         /* bit n: page n has faulted */
    struct pv_frame frame; /* the last */
} plan;

static unsigned char buffer[PAGES * PV_PAGE_SIZE] __attribute__((aligned(4096)));
static pv_pa_t root;

static void mend(pv_va_t va)
{
    uint64_t n = (va - plan.begin) / PV_PAGE_SIZE;
    pv_pte_t *ptep = conform_walk(root, va, 1);
    pv_pte_t old = pv_pte_get(ptep);
    pv_pa_t pa = plan.fresh + n * PV_PAGE_SIZE;

    /* Copy on write, or just there. */
    if (old & PV_PTE_P)
        __builtin_memcpy(pv_phys_to_virt(pa), pv_phys_to_virt(pv_pte_pa(old)), PV_PAGE_SIZE);
    pv_pte_set(root, va, ptep, pv_pte_make(pa, CONFORM_USER_RW));
    if (old & PV_PTE_P)
        pv_mmu_invalidate_page(va);
    plan.seen |= 1UL << n;
}

static bool handler(struct pv_frame *frame)
{
    pv_va_t va = conform_entry.address;

    if (frame->vector == PV_VECTOR_TIMER)
        return conform_count_timer(frame);
    if (frame->vector != PV_EXCEPTION_PF || ++plan.faults > 100)
        return false;
    plan.frame = *frame;
    CHECK(!pv_frame_from_user(frame));
    CHECK_EQ(frame->cs, PV_SELECTOR_KERNEL_CODE);
    CHECK_EQ(frame->error, plan.error);
    CHECK(va >= plan.begin && va < plan.end);
    CHECK(!conform_entry.enabled);
    CHECK_EQ((frame->rflags & PV_RFLAGS_IF) != 0, plan.enabled);
    if (plan.before)
        plan.before();
    if (plan.faults <= plan.mend)
        mend(va);
    else
        CHECK(pv_user_fault_fixup(frame));
    return true;
}

/* A user window of PAGES pages; `present` has a bit for each that is there, with flags. */
static void prepare(uint64_t present, uint64_t flags, uint64_t error, unsigned mends)
{
    pv_pa_t pa = conform_pages(PAGES, 1);

    root = access_user_init();
    plan = (struct plan){.begin = VA, .end = VA + PAGES * PV_PAGE_SIZE, .error = error, .mend = mends};
    plan.fresh = conform_pages(PAGES, 1);
    for (uint64_t i = 0; i < PAGES; i++) {
        conform_map(root, VA + i * PV_PAGE_SIZE, pa + i * PV_PAGE_SIZE, present >> i & 1 ? flags : 0);
        for (uint64_t n = 0; n < PV_PAGE_SIZE / 8; n++) {
            access_word(pa + i * PV_PAGE_SIZE)[n] = i << 32 | n | 1UL << 62;
            access_word(plan.fresh + i * PV_PAGE_SIZE)[n] = i << 32 | n | 1UL << 63;
        }
    }
    conform_expect_trap(handler);
}

static bool same_as_user(size_t size)
{
    return __builtin_memcmp(buffer, (void *)VA, size) == 0;
}

static void fill_buffer(void)
{
    for (size_t i = 0; i < sizeof buffer; i++)
        buffer[i] = (unsigned char)(i * 7 + (i >> 8));
}

/* Every page is missing: each faults once, and the whole is exact. */
static void user_copy_in_all_pages_mended(void)
{
    prepare(0, 0, 0, PAGES);
    CHECK_EQ(pv_user_copy_in(buffer, VA, sizeof buffer), 0);
    CHECK_EQ(plan.faults, PAGES);
    CHECK_EQ(plan.seen, (1UL << PAGES) - 1);
    CHECK(same_as_user(sizeof buffer));
    CHECK_EQ(*(uint64_t *)(void *)(buffer + 3 * PV_PAGE_SIZE), 3UL << 32 | 1UL << 63);
}

static void user_copy_out_all_pages_mended(void)
{
    prepare(0, 0, PV_PF_W, PAGES);
    fill_buffer();
    CHECK_EQ(pv_user_copy_out(VA, buffer, sizeof buffer), 0);
    CHECK_EQ(plan.faults, PAGES);
    CHECK_EQ(plan.seen, (1UL << PAGES) - 1);
    CHECK(same_as_user(sizeof buffer));
}

/* Copy on write: the faults say present, the old frames keep what they had, the rest of a page stays. */
static void user_copy_out_to_read_only_is_mended(void)
{
    prepare(~0UL, PV_PTE_P | PV_PTE_U | PV_PTE_NX, PV_PF_W | PV_PF_P, 3);
    fill_buffer();
    pv_pa_t old = pv_pte_pa(pv_pte_get(conform_walk(root, VA, 1)));

    /* Read first, so that a cache of mappings has them read-only. */
    ACCESS_READS(VA + PV_PAGE_SIZE, PV_PF_U, 1UL << 32 | 1UL << 62);
    CHECK_EQ(pv_user_copy_out(VA + 100, buffer, 2 * PV_PAGE_SIZE), 0);
    CHECK_EQ(plan.faults, 3);
    CHECK_EQ(plan.seen, 7);
    CHECK(__builtin_memcmp((void *)(VA + 100), buffer, 2 * PV_PAGE_SIZE) == 0);
    CHECK_EQ(*(volatile uint64_t *)(VA + 88), 11 | 1UL << 62);
    CHECK_EQ(access_word(old)[511], 511 | 1UL << 62);
    CHECK_EQ(*access_word(old + PV_PAGE_SIZE), 1UL << 32 | 1UL << 62);
    ACCESS_READS(VA + 2 * PV_PAGE_SIZE + 104, PV_PF_U, 2UL << 32 | 13 | 1UL << 62);
}

/* Reading a read-only page needs no mending. */
static void user_copy_in_from_read_only(void)
{
    prepare(~0UL, PV_PTE_P | PV_PTE_U | PV_PTE_NX, 0, 0);
    CHECK_EQ(pv_user_copy_in(buffer, VA, sizeof buffer), 0);
    CHECK_EQ(plan.faults, 0);
    CHECK(same_as_user(sizeof buffer));
}

/* The second page is missing; all ways to come over the border. */
static void user_copy_fault_in_the_middle(void)
{
    prepare(~2UL, CONFORM_USER_RW, 0, 1);
    for (uint64_t before = 0; before < 20; before++)
        for (uint64_t behind = 1; behind < 20; behind += 3) {
            pv_va_t va = VA + PV_PAGE_SIZE - before;

            plan.faults = 0;
            plan.error = 0;
            CHECK_EQ(pv_user_copy_in(buffer, va, before + behind), 0);
            CHECK_EQ(plan.faults, 1);
            CHECK(__builtin_memcmp(buffer, (void *)va, before + behind) == 0);
            conform_unmap(root, VA + PV_PAGE_SIZE);
            plan.faults = 0;
            plan.error = PV_PF_W;
            buffer[0] ^= 0xff;
            CHECK_EQ(pv_user_copy_out(va, buffer, before + behind), 0);
            CHECK_EQ(plan.faults, 1);
            if (!CHECK(__builtin_memcmp(buffer, (void *)va, before + behind) == 0))
                return;
            conform_unmap(root, VA + PV_PAGE_SIZE);
        }
}

/* Given up at the n-th fault: an error, nothing behind the end touched, and the next copy works. */
static void user_copy_given_up(void)
{
    for (unsigned n = 0; n < 4; n++) {
        prepare(1, CONFORM_USER_RW, 0, n);
        __builtin_memset(buffer, 0x77, sizeof buffer);
        CHECK_EQ(pv_user_copy_in(buffer, VA + 16, 6 * PV_PAGE_SIZE), -PV_EFAULT);
        CHECK_EQ(plan.faults, n + 1);
        CHECK_EQ(buffer[6 * PV_PAGE_SIZE], 0x77);
        plan.faults = 0;
        plan.error = PV_PF_W;
        CHECK_EQ(pv_user_copy_out(VA + 16, buffer, 7 * PV_PAGE_SIZE), -PV_EFAULT);
        CHECK_EQ(plan.faults, n + 1);
        CHECK_EQ(pv_user_copy_in(buffer, VA, PV_PAGE_SIZE), 0);
        CHECK_EQ(pv_user_copy_out(VA, buffer, PV_PAGE_SIZE), 0);
        CHECK_EQ(plan.faults, n + 1);
    }
}

static void user_copy_out_to_read_only_given_up(void)
{
    prepare(~0UL, PV_PTE_P | PV_PTE_U | PV_PTE_NX, PV_PF_W | PV_PF_P, 0);
    CHECK_EQ(pv_user_copy_out(VA + 5, buffer, 1), -PV_EFAULT);
    CHECK_EQ(pv_user_copy_out(VA + PV_PAGE_SIZE - 1, buffer, 2), -PV_EFAULT);
    CHECK_EQ(plan.faults, 2);
    ACCESS_READS(VA, 0, 1UL << 62);
}

/* The interrupt flag of the caller is in the frame, and is what it was afterwards. */
static void user_copy_keeps_the_interrupt_flag(void)
{
    for (unsigned n = 0; n < 4; n++) {
        prepare(0, 0, 0, n & 2 ? PAGES : 0);
        plan.enabled = n & 1;
        if (n & 1)
            pv_irq_enable();
        CHECK_EQ(pv_user_copy_in(buffer, VA, 2 * PV_PAGE_SIZE), n & 2 ? 0 : -PV_EFAULT);
        CHECK_EQ(pv_irq_enabled(), n & 1);
        pv_irq_disable();
    }
}

static void take_ticks(void)
{
    uint64_t until = conform_timer_count + 3;

    pv_irq_disable();
    while (conform_timer_count < until) {
        pv_cpu_idle();
        pv_irq_disable();
    }
}

static void user_copy_handler_sleeps(void)
{
    prepare(0, 0, 0, PAGES);
    plan.before = take_ticks;
    pv_time_periodic(PV_NS_PER_MS);
    CHECK_EQ(pv_user_copy_in(buffer, VA + 9, sizeof buffer - 9), 0);
    CHECK(__builtin_memcmp(buffer, (void *)(VA + 9), sizeof buffer - 9) == 0);
    CHECK(conform_timer_count >= 3 * PAGES);
}

/* Another root is loaded in between, with other pages at the same addresses, and used for a copy. */
static pv_pa_t other;

static void visit_other(void)
{
    uint64_t value = 0;

    pv_mmu_load(other);
    CHECK_EQ(pv_user_copy_in(&value, VA + PV_PAGE_SIZE - 4, sizeof value), 0);
    CHECK_EQ(value, 0x9999888877776666UL);
    CHECK_EQ(pv_user_copy_out(VA + 2 * PV_PAGE_SIZE - 8, &value, sizeof value), 0);
    pv_mmu_load(root);
}

static void user_copy_handler_switches_roots(void)
{
    pv_pa_t pa;

    prepare(0, 0, PV_PF_W, PAGES);
    other = conform_root();
    pa = conform_pages(2, 1);
    conform_map(other, VA, pa, CONFORM_USER_RW);
    conform_map(other, VA + PV_PAGE_SIZE, pa + PV_PAGE_SIZE, CONFORM_USER_RW);
    access_word(pa)[511] = 0x7777666600000000UL;
    access_word(pa)[512] = 0x0000000099998888UL;
    plan.before = visit_other;
    fill_buffer();
    CHECK_EQ(pv_user_copy_out(VA, buffer, sizeof buffer), 0);
    CHECK_EQ(plan.faults, PAGES);
    CHECK(same_as_user(sizeof buffer));
    CHECK_EQ(access_word(pa)[1023], 0x9999888877776666UL);
}

/* A copy in the handler of a copy, and so on: every fault starts one more, whose pages are missing, too. */
static void nest(void)
{
    static unsigned char inner[PAGES][PV_PAGE_SIZE];
    unsigned depth = plan.faults;

    if (depth >= PAGES)
        return;
    /* The next page; what it faults on is mended inside. */
    CHECK_EQ(pv_user_copy_in(inner[depth], VA + depth * PV_PAGE_SIZE, PV_PAGE_SIZE), 0);
    CHECK(__builtin_memcmp(inner[depth], (void *)(VA + depth * PV_PAGE_SIZE), PV_PAGE_SIZE) == 0);
}

static bool nesting_handler(struct pv_frame *frame)
{
    pv_va_t va = conform_entry.address;

    if (frame->vector != PV_EXCEPTION_PF || ++plan.faults > PAGES)
        return false;
    CHECK_EQ(frame->error, 0);
    nest();
    mend(va);
    return true;
}

static void user_copy_nested_in_handlers(void)
{
    prepare(0, 0, 0, PAGES);
    conform_expect_trap(nesting_handler);
    CHECK_EQ(pv_user_copy_in(buffer, VA, PV_PAGE_SIZE), 0);
    CHECK_EQ(plan.faults, PAGES);
    CHECK_EQ(plan.seen, (1UL << PAGES) - 1);
    CHECK(same_as_user(PV_PAGE_SIZE));
}

const struct conform_test conform_user_copy_fault_tests[] = {
    CONFORM_TEST(user_copy_in_all_pages_mended),
    CONFORM_TEST(user_copy_out_all_pages_mended),
    CONFORM_TEST(user_copy_out_to_read_only_is_mended),
    CONFORM_TEST(user_copy_in_from_read_only),
    CONFORM_TEST(user_copy_fault_in_the_middle),
    CONFORM_TEST(user_copy_given_up),
    CONFORM_TEST(user_copy_out_to_read_only_given_up),
    CONFORM_TEST(user_copy_keeps_the_interrupt_flag),
    CONFORM_TEST(user_copy_handler_sleeps),
    CONFORM_TEST(user_copy_handler_switches_roots),
    CONFORM_TEST(user_copy_nested_in_handlers),
    {0},
};
