/* SPDX-License-Identifier: MIT */
/*
 * User code that wants all of something: mappings of its process, processes of the host, signals, fills. It
 * gets what the kernel's tables give it, at its own cost.
 */
#include "attack.h"

/* Adds 1 to the words at rdi, rdi + rsi, ... (rdx of them). */
CONFORM_BLOB(exhaust, "exhaust_touch: incq (%rdi)\n"
                      "add %rsi, %rdi\n"
                      "dec %rdx\n"
                      "jnz exhaust_touch\n"
                      "syscall\n"
                      "exhaust_spin: jmp exhaust_spin\n"
                      "exhaust_die: mov $0x7e0000001190, %rax\n"
                      "jmp *%rax\n"
                      "exhaust_trap: ud2");
extern const char exhaust_touch[], exhaust_spin[], exhaust_die[], exhaust_trap[];

#define SCATTER_BASE 0x100000000UL
#define FRAMES 64

/* Pages at every second address, no two neighbours in one piece of RAM: each is a mapping of its own. */
static void scatter(uint64_t count)
{
    pv_pa_t pages[FRAMES];

    for (unsigned i = 0; i < FRAMES; i++)
        pages[i] = conform_page();
    for (uint64_t i = 0; i < count; i++)
        conform_map(attack_user.root, SCATTER_BASE + i * 2 * PV_PAGE_SIZE, pages[i * 7 % FRAMES],
                    CONFORM_USER_RW);
}

static void attack_exhaust_mappings_of_100000_scattered_pages(void)
{
    uint64_t count = 100000, sum = 0;
    struct pv_frame frame;

    ATTACK_BEGIN(exhaust);
    scatter(count);
    attack_frame(&frame, exhaust_touch);
    frame.rdi = SCATTER_BASE;
    frame.rsi = 2 * PV_PAGE_SIZE;
    frame.rdx = count;
    attack_patience(60 * PV_NS_PER_S);
    if (ATTACK_GIVES(&frame, ON_SYSCALL)) {
        CHECK_EQ(frame.rdx, 0);
        for (unsigned i = 0; i < FRAMES; i++) {
            pv_pa_t pa = pv_pte_pa(*conform_walk(attack_user.root, SCATTER_BASE + i * 2 * PV_PAGE_SIZE, 1));
            sum += *(uint64_t *)pv_phys_to_virt(pa);
        }
        CHECK_EQ(sum, count);
    }
    attack_end();
}

/*
 * A fork bomb: more address spaces than the host is asked for at once, each of them run, some of them twice.
 */
static void attack_exhaust_spaces(void)
{
    enum { ROOTS = 700 };
    static pv_pa_t roots[ROOTS];
    struct pv_frame frame;

    ATTACK_BEGIN(exhaust);
    attack_patience(PV_NS_PER_S);
    for (unsigned i = 0; i < ROOTS; i++) {
        roots[i] = conform_root();
        /* Slot 0 of the attacker's root: code, data and stack are shared, the address space is not. */
        *(pv_pte_t *)pv_phys_to_virt(roots[i]) = *(pv_pte_t *)pv_phys_to_virt(attack_user.root);
    }
    for (unsigned i = 0; i < ROOTS + 50; i++) {
        pv_mmu_load(roots[i % ROOTS]);
        attack_frame(&frame, exhaust_trap);
        if (!ATTACK_GIVES(&frame, ON(PV_EXCEPTION_UD)))
            break;
    }
    pv_mmu_load(conform_info->root);
    for (unsigned i = 0; i < ROOTS; i++)
        *(pv_pte_t *)pv_phys_to_virt(roots[i]) = 0;
    attack_end();
}

/* The end of a space is a #GP, as often as you like. */
static void attack_exhaust_deaths(void)
{
    struct pv_frame frame;

    ATTACK_BEGIN(exhaust);
    attack_patience(PV_NS_PER_S);
    for (uint64_t i = conform_n(300); i > 0; i--) {
        attack_frame(&frame, exhaust_die);
        if (!ATTACK_GIVES(&frame, ON(PV_EXCEPTION_GP)))
            break;
        CHECK_EQ(frame.error, 0);
        CHECK_EQ(frame.rip, conform_user_va(&attack_user, exhaust_die));
    }
    attack_end();
}

const struct conform_test attack_exhaust_tests[] = {
    CONFORM_TEST(attack_exhaust_mappings_of_100000_scattered_pages),
    CONFORM_TEST(attack_exhaust_spaces),
    CONFORM_TEST(attack_exhaust_deaths),
    {0},
};
