/* SPDX-License-Identifier: MIT */
/*
 * The single-step test of interrupt delivery (guest side): short sequences between two int3. step.c raises a
 * line at each of their instructions. What was raised arrives, once and after it was raised, never with
 * interrupts off, never inside of its own handler, and on a stack that has not grown. TAP.
 */
#include <pvops/pvops.h>

#include "step.h"

#define SELF_VECTOR 0x30
#define STACK_MAX 4096 /* between the mark and a handler's frame */
#define USER_CODE 0x400000UL

static struct step_words *words;
static volatile unsigned delivered, seen, depth, self;
static volatile bool off; /* interrupts are disabled by the sequence */
static char *stack;
static char user_stack[16384] __attribute__((aligned(16))); /* the kernel's, for traps from user mode */
static void *user_back[5];
static unsigned tests, failures;
static const char *problem;

static void print(const char *text)
{
    pv_console_write_all(text, __builtin_strlen(text));
}

static void print_number(uint64_t value)
{
    char digits[24];
    unsigned at = sizeof digits;

    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    pv_console_write_all(digits + at, sizeof digits - at);
}

static void check(bool good, const char *what)
{
    if (!good && problem == NULL)
        problem = what;
}

static void on_trap(struct pv_frame *frame)
{
    if (frame->vector == SELF_VECTOR) {
        self++;
        return;
    }
    if (frame->vector == PV_VECTOR_SYSCALL) {
        off = true;
        __builtin_longjmp(user_back, 1);
    }
    if (frame->vector != PV_VECTOR_LINE(STEP_LINE))
        pv_power_crash("a trap that was not raised", frame);
    check(depth == 0, "delivered inside of its handler");
    check(!off, "delivered while interrupts are off");
    check((frame->rflags & PV_RFLAGS_IF) != 0, "the frame says that interrupts were off");
    check(!pv_irq_enabled(), "interrupts are on in the handler");
    if (pv_frame_from_user(frame))
        check((char *)(frame + 1) == user_stack + sizeof user_stack, "a frame is not at the stack's top");
    else
        check((size_t)(stack - (char *)frame) < STACK_MAX, "frames are stacked");
    depth++;
    delivered = delivered + 1;
    seen = words->injected;
    pv_irq_eoi(STEP_LINE);
    depth--;
}

static inline void mark(uint32_t begin)
{
    words->begin = begin;
    __asm__ volatile("int3" ::: "memory");
}

static void enable(void)
{
    mark(1);
    off = false;
    pv_irq_enable();
    pv_irq_disable();
    off = true;
    mark(0);
}

static void restore(void)
{
    pv_irq_flags_t flags;

    off = false;
    pv_irq_enable();
    mark(1);
    flags = pv_irq_save();
    off = true;
    __asm__ volatile("" ::: "memory");
    off = false;
    pv_irq_restore(flags);
    mark(0);
    pv_irq_disable();
    off = true;
}

static void idle(void)
{
    off = false;
    mark(1);
    pv_cpu_idle();
    pv_irq_disable();
    off = true;
    mark(0);
}

/* A trap and its return, with interrupts on before and after. */
static void trap(void)
{
    off = false;
    pv_irq_enable();
    mark(1);
    pv_trap_raise(SELF_VECTOR);
    mark(0);
    pv_irq_disable();
    off = true;
}

/* --- user code: it takes its time, so that the monitor waits for it, and makes a system call --- */

static pv_pa_t take_page(const struct pv_boot_info *info)
{
    static pv_pa_t next;

    for (unsigned i = 0; next == 0 && i < info->region_count; i++)
        if (info->regions[i].type == PV_MEMORY_RAM && info->regions[i].size >= 16 * PV_PAGE_SIZE)
            next = info->regions[i].base;
    next += PV_PAGE_SIZE;
    return (pv_pa_t)((uintptr_t)__builtin_memset(pv_phys_to_virt(next), 0, PV_PAGE_SIZE) - PV_DIRECT_BASE);
}

static void make_user(const struct pv_boot_info *info)
{
    /* mov $40000000, %ecx; 1: dec %ecx; jnz 1b; syscall */
    static const char code[] = "\xb9\x00\x5a\x62\x02\xff\xc9\x75\xfc\x0f\x05";
    pv_pa_t root = take_page(info), table = root;

    pv_mmu_root_init(root);
    for (unsigned level = 4; level > 0; level--) {
        pv_pa_t next = take_page(info);

        pv_pte_set(root, USER_CODE, (pv_pte_t *)pv_phys_to_virt(table) + pv_mmu_index(USER_CODE, level),
                   pv_pte_make(next, PV_PTE_P | PV_PTE_W | PV_PTE_U));
        if (level > 1)
            pv_mmu_table_register(next, level - 1);
        table = next;
    }
    __builtin_memcpy(pv_phys_to_virt(table), code, sizeof code);
    pv_mmu_load(root);
    pv_trap_stack_set(user_stack + sizeof user_stack);
}

/* A call, since only calls can come back to a setjmp. */
__attribute__((noinline)) static void enter_user(struct pv_frame *frame, bool marked)
{
    if (marked)
        mark(1);
    off = false;
    pv_trap_return_to(frame);
}

static void user(bool marked)
{
    struct pv_frame frame;

    pv_frame_init_user(&frame, USER_CODE, USER_CODE);
    if (__builtin_setjmp(user_back) == 0)
        enter_user(&frame, marked);
    if (marked)
        mark(0);
}

static void handoff(void)
{
    user(true);
}

static void run(const char *name, void (*sequence)(void), uint32_t flags)
{
    unsigned rounds = 0;

    problem = NULL;
    words->flags = flags;
    words->restart = 1;
    do {
        delivered = seen = self = 0;
        sequence();
        words->restart = 0;
        off = false;
        pv_irq_enable(); /* what came after the sequence had disabled them */
        pv_irq_disable();
        off = true;
        check(seen == words->injected, "lost");
        check(delivered <= words->injected, "delivered twice");
        check(self == (sequence == trap), "the trap of its own came once");
        rounds++;
    } while (!words->last && problem == NULL);
    if (problem != NULL)
        failures++;
    print(problem != NULL ? "not ok " : "ok ");
    print_number(++tests);
    print(" - ");
    print(name);
    print(", places: ");
    print_number(rounds);
    if (problem != NULL) {
        print("\n# ");
        print(problem);
    }
    print("\n");
}

void pv_kernel_main(const struct pv_boot_info *info)
{
    char here;

    words = (struct step_words *)((char *)&pv_posix_abi + STEP_WORDS);
    stack = &here;
    pv_trap_init(on_trap);
    if (pv_irq_attach(STEP_LINE) != 0)
        pv_power_off(2);
    pv_irq_unmask(STEP_LINE);
    off = true;
    make_user(info);
    user(false);
    print("TAP version 13\n1..8\n");
    run("enable", enable, 0);
    run("enable with something pending", enable, STEP_FIRST);
    run("save and restore", restore, 0);
    run("idle", idle, 0);
    run("idle and what ends it", idle, STEP_WAKE);
    run("trap and return", trap, 0);
    run("handoff", handoff, STEP_WAIT);
    run("handoff and what ends it", handoff, STEP_WAIT | STEP_WAKE);
    pv_power_off(failures != 0);
}
