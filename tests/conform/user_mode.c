/* SPDX-License-Identifier: MIT */
/*
 * Page faults of user code as processes live with them: demand-zero pages, copy on write and growing stacks,
 * all mended by a handler that returns, so that the instruction is done again, or goes on where it was (rep,
 * locked and crossing ones). And the borders of the user window in user mode.
 */
#include "access.h"

#define VA 0x30000000UL
#define DATA 16

CONFORM_BLOB(mode_blob, "mode_fill: rep stosb\n"
                        "  int3\n"
                        "mode_move: rep movsq\n"
                        "  int3\n"
                        "mode_add: lock addq %rsi, (%rdi)\n"
                        "  int3\n"
                        "mode_store: mov %rsi, (%rdi)\n"
                        "  int3\n"
                        "mode_swap: xchg %rsi, (%rdi)\n"
                        "  int3\n"
                        "mode_push: push %rax\n"
                        "  dec %rcx\n"
                        "  jnz mode_push\n"
                        "mode_pop: pop %rax\n"
                        "  dec %rdx\n"
                        "  jnz mode_pop\n"
                        "  int3\n"
                        "mode_jump: jmp *%rdi\n"
                        "mode_long: movabs $0x1122334455667788, %rax\n"
                        "mode_long_end: int3\n");
extern const char mode_fill[], mode_move[], mode_add[], mode_store[], mode_swap[], mode_push[], mode_jump[],
    mode_long[];

static struct conform_user user;
static pv_pa_t fresh; /* DATA pages to mend with */
static unsigned faults;
static uint64_t last_error;
static pv_va_t last_address;

/* Demand zero and copy on write for [VA, VA + DATA pages). */
static bool handler(struct pv_frame *frame)
{
    pv_va_t va = conform_entry.address & PV_PAGE_MASK;
    uint64_t n = (va - VA) / PV_PAGE_SIZE;
    pv_pa_t pa = fresh + n * PV_PAGE_SIZE;
    pv_pte_t *ptep;

    if (frame->vector != PV_EXCEPTION_PF || va < VA || n >= DATA || ++faults > 100)
        return false;
    CHECK(pv_frame_from_user(frame));
    CHECK(frame->error & PV_PF_U);
    last_error = frame->error;
    last_address = conform_entry.address;
    ptep = conform_walk_make(user.root, va, 1);
    if (pv_pte_get(ptep) & PV_PTE_P)
        __builtin_memcpy(pv_phys_to_virt(pa), pv_phys_to_virt(pv_pte_pa(pv_pte_get(ptep))), PV_PAGE_SIZE);
    else
        __builtin_memset(pv_phys_to_virt(pa), 0, PV_PAGE_SIZE);
    pv_pte_set(user.root, va, ptep, pv_pte_make(pa, PV_PTE_P | PV_PTE_W | PV_PTE_U));
    pv_mmu_invalidate_page(va);
    return true;
}

static void prepare(struct pv_frame *frame, const char *label)
{
    conform_user_blob(&user, mode_blob);
    fresh = conform_pages(DATA, 1);
    faults = 0;
    conform_expect_trap(handler);
    conform_user_frame(&user, frame, label);
}

static void run(struct pv_frame *frame)
{
    conform_user_enter(frame);
    CHECK_EQ(frame->vector, PV_EXCEPTION_BP);
}

/* rep stosb over missing pages: it goes on where it was, each page is asked for once. */
static void user_demand_zero_under_a_string_instruction(void)
{
    unsigned char *bytes;
    struct pv_frame frame;

    prepare(&frame, mode_fill);
    frame.rdi = VA + 100;
    frame.rcx = 5 * PV_PAGE_SIZE;
    frame.rax = 0x5b;
    run(&frame);
    CHECK_EQ(faults, 6);
    CHECK_EQ(frame.rcx, 0);
    CHECK_EQ(frame.rdi, VA + 100 + 5 * PV_PAGE_SIZE);
    bytes = pv_phys_to_virt(fresh);
    for (unsigned i = 0; i < 6 * PV_PAGE_SIZE; i++)
        if (!CHECK_EQ(bytes[i], i >= 100 && i < 100 + 5 * PV_PAGE_SIZE ? 0x5b : 0))
            return;
}

/* Both sides missing: the source reads as zero, the target is overwritten. */
static void user_demand_zero_on_both_sides(void)
{
    struct pv_frame frame;

    prepare(&frame, mode_move);
    frame.rsi = VA;
    frame.rdi = VA + 4 * PV_PAGE_SIZE;
    frame.rcx = 3 * PV_PAGE_SIZE / 8;
    run(&frame);
    CHECK_EQ(faults, 6);
    CHECK_EQ(frame.rsi, VA + 3 * PV_PAGE_SIZE);
    CHECK_EQ(frame.rdi, VA + 7 * PV_PAGE_SIZE);
}

static pv_pa_t map_shared(uint64_t value)
{
    pv_pa_t pa = access_page(value);

    conform_map(user.root, VA, pa, PV_PTE_P | PV_PTE_U | PV_PTE_NX);
    return pa;
}

/* Read-modify-write of a page to be copied: one fault, a write, and the operation is done once. */
static void user_copy_on_write_under_locked_instructions(void)
{
    static const char *const labels[] = {mode_add, mode_swap};

    for (unsigned n = 0; n < 2; n++) {
        struct pv_frame frame;
        pv_pa_t shared;

        prepare(&frame, labels[n]);
        shared = map_shared(40);
        frame.rdi = VA;
        frame.rsi = 2;
        run(&frame);
        CHECK_EQ(faults, 1);
        CHECK_EQ(last_error, PV_PF_P | PV_PF_W | PV_PF_U);
        CHECK_EQ(last_address, VA);
        CHECK_EQ(*access_word(shared), 40);
        CHECK_EQ(*access_word(fresh), n == 0 ? 42 : 2);
        CHECK_EQ(frame.rsi, n == 0 ? 2 : 40);
    }
}

/* A store that crosses into a missing page is done whole, once it can be. */
static void user_store_across_a_missing_page(void)
{
    struct pv_frame frame;

    prepare(&frame, mode_store);
    conform_map(user.root, VA, fresh, CONFORM_USER_RW);
    access_word(fresh)[511] = 0x1111111122222222UL;
    frame.rdi = VA + PV_PAGE_SIZE - 4;
    frame.rsi = 0x0000000300000004UL;
    run(&frame);
    CHECK_EQ(faults, 1);
    CHECK_EQ(last_error, PV_PF_W | PV_PF_U);
    CHECK_EQ(last_address, VA + PV_PAGE_SIZE);
    CHECK_EQ(access_word(fresh)[511], 0x0000000422222222UL);
    CHECK_EQ(access_word(fresh)[512], 3);
}

/* A stack that grows by faults: pushes below it, and the pops find what was pushed. */
static void user_stack_grows_by_faults(void)
{
    struct pv_frame frame;

    prepare(&frame, mode_push);
    frame.rsp = VA + 10 * PV_PAGE_SIZE;
    frame.rcx = frame.rdx = 7 * PV_PAGE_SIZE / 8;
    frame.rax = 0x1234567812345678UL;
    run(&frame);
    CHECK_EQ(faults, 7);
    CHECK_EQ(last_address, VA + 4 * PV_PAGE_SIZE - 8);
    CHECK_EQ(frame.rsp, VA + 10 * PV_PAGE_SIZE);
    CHECK_EQ(frame.rax, 0x1234567812345678UL);
    CHECK_EQ(*access_word(fresh + 3 * PV_PAGE_SIZE), 0x1234567812345678UL);
}

/* An instruction of ten bytes over a border: fetched from the page that was missing; rip is its beginning. */
static void user_fetch_across_a_missing_page(void)
{
    for (unsigned before = 1; before < 10; before++) {
        struct pv_frame frame;
        pv_pa_t pa;

        prepare(&frame, mode_jump);
        conform_expect_trap(NULL);
        pa = conform_pages(2, 1);
        __builtin_memcpy((char *)pv_phys_to_virt(pa) + PV_PAGE_SIZE - before, mode_long, 11);
        conform_map(user.root, VA, pa, CONFORM_USER_RX);
        frame.rdi = VA + PV_PAGE_SIZE - before;
        conform_user_enter(&frame);
        conform_check_trap(&frame, PV_EXCEPTION_PF, PV_PF_U | PV_PF_I, VA + PV_PAGE_SIZE - before);
        CHECK_EQ(conform_entry.address, VA + PV_PAGE_SIZE);
        conform_map(user.root, VA + PV_PAGE_SIZE, pa + PV_PAGE_SIZE, CONFORM_USER_RX);
        conform_user_enter(&frame);
        conform_check_trap(&frame, PV_EXCEPTION_BP, 0, VA + PV_PAGE_SIZE - before + 11);
        CHECK_EQ(frame.rax, 0x1122334455667788UL);
    }
}

/* Code that was written by the kernel's alias is what runs, also after it has run before. */
static void user_code_changed_under_it(void)
{
    pv_pa_t root = access_user_init();
    pv_pa_t pa = conform_page();
    unsigned char *code = pv_phys_to_virt(pa);

    conform_map(root, VA, pa, CONFORM_USER_RX);
    for (unsigned n = 0; n < conform_n(50); n++) {
        uint64_t value = 0;

        /* A nop and an int3 change places. */
        code[n & 1] = 0x90;
        code[!(n & 1)] = ACCESS_INT3;
        access_try(VA, PV_PF_U | PV_PF_I, &value);
        CHECK_EQ(access_frame.vector, PV_EXCEPTION_BP);
        CHECK_EQ(access_frame.rip, VA + 1 + !(n & 1));
    }
}

static void user_window_works_from_end_to_end(void)
{
    static const pv_va_t places[] = {PV_USER_BASE, PV_USER_END - PV_PAGE_SIZE,
                                     PV_USER_END / 2 & PV_PAGE_MASK};
    pv_pa_t root = access_user_init();

    for (unsigned i = 0; i < 3; i++) {
        conform_map(root, places[i], access_page(ACCESS_TAG(i)), PV_PTE_P | PV_PTE_W | PV_PTE_U);
        ACCESS_READS(places[i], PV_PF_U, ACCESS_TAG(i));
        ACCESS_WORKS(places[i] + PV_PAGE_SIZE - 8, PV_PF_U | PV_PF_W);
        ACCESS_WORKS(places[i], PV_PF_U | PV_PF_I);
        ACCESS_READS(places[i], 0, ACCESS_TAG(i));
    }
    ACCESS_FAULTS(PV_USER_BASE - 8, PV_PF_U, PV_PF_U);
    ACCESS_FAULTS(PV_USER_BASE + PV_PAGE_SIZE, PV_PF_U, PV_PF_U);
    ACCESS_FAULTS(PV_USER_END - PV_PAGE_SIZE - 8, PV_PF_U, PV_PF_U);
}

/* Whatever a new root's page held where no user slot is: nothing of it may be reached from user mode. */
static void user_cannot_use_what_a_root_page_held(void)
{
    unsigned first = PV_USER_END / PV_MMU_SPAN(4);
    pv_pa_t home = access_user_init(), root = conform_page();
    uint64_t trap = pv_pte_get(conform_walk(home, CONFORM_USER_CODE, 4)), value = 0;
    pv_pte_t *entry = pv_phys_to_virt(root);

    for (unsigned i = first; i < PV_MMU_ENTRIES; i++)
        entry[i] = trap;
    pv_mmu_root_init(root);
    access_user_share(root);
    pv_mmu_load(root);
    ACCESS_WORKS(CONFORM_USER_CODE, PV_PF_U);
    for (unsigned i = first; i < PV_MMU_ENTRIES / 2; i++)
        if (!CHECK(!access_try(i * PV_MMU_SPAN(4) + CONFORM_USER_CODE, PV_PF_U, &value)))
            break;
    pv_mmu_load(home);
    pv_pte_set(root, CONFORM_USER_CODE, &entry[0], 0);
    pv_mmu_root_release(root);
}

const struct conform_test conform_user_mode_tests[] = {
    CONFORM_TEST(user_demand_zero_under_a_string_instruction),
    CONFORM_TEST(user_demand_zero_on_both_sides),
    CONFORM_TEST(user_copy_on_write_under_locked_instructions),
    CONFORM_TEST(user_store_across_a_missing_page),
    CONFORM_TEST(user_stack_grows_by_faults),
    CONFORM_TEST(user_fetch_across_a_missing_page),
    CONFORM_TEST(user_code_changed_under_it),
    CONFORM_TEST(user_window_works_from_end_to_end),
    CONFORM_TEST(user_cannot_use_what_a_root_page_held),
    {0},
};
