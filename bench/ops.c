/* SPDX-License-Identifier: MIT */
/*
 * A kernel that measures what each op costs on the backend it is built for: `./dev bench`.
 *
 * Prints one line per op, "bench NAME NS" with NS the median of several rounds in 1/100 ns, and powers off.
 * The numbers mean something on the machine and accelerator they were taken on only; compare within one run.
 */
#include <pvops/pvops.h>

#define ROUNDS 7
#define USER_CODE 0x400000UL
#define USER_STACK 0x500000UL
#define GATE_VECTOR 0x80
#define YIELD_VECTOR 0x21

struct bench {
    const char *name;
    void (*run)(unsigned count);
    unsigned count;
};

static const struct pv_boot_info *boot;
static pv_pa_t next_page, user_root;
static pv_pte_t *test_pte;
static volatile bool timer_came;
static unsigned user_left;
static void *user_back[5];
static char kernel_stack[16384] __attribute__((aligned(16)));
static char buffer[PV_PAGE_SIZE];

static void print(const char *text)
{
    pv_console_write_all(text, __builtin_strlen(text));
}

static void print_number(uint64_t value)
{
    char digits[24];
    unsigned at = sizeof digits - 1;

    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    print(digits + at);
}

/* --- memory and a user address space --- */

static pv_pa_t take_page(void)
{
    pv_pa_t page = next_page;

    next_page += PV_PAGE_SIZE;
    __builtin_memset(pv_phys_to_virt(page), 0, PV_PAGE_SIZE);
    return page;
}

static void find_memory(void)
{
    for (unsigned i = 0; i < boot->region_count; i++)
        if (boot->regions[i].type == PV_MEMORY_RAM && boot->regions[i].size >= 256 * PV_PAGE_SIZE)
            next_page = boot->regions[i].base;
}

static pv_pte_t *map_user(pv_va_t va, uint64_t flags)
{
    pv_pte_t *entry = (pv_pte_t *)pv_phys_to_virt(user_root) + pv_mmu_index(va, 4);

    for (unsigned level = 3; level > 0; level--) {
        if (!(*entry & PV_PTE_P)) {
            pv_pa_t table = take_page();

            pv_mmu_table_register(table, level);
            pv_pte_set(user_root, va, entry, pv_pte_make(table, PV_PTE_P | PV_PTE_W | PV_PTE_U));
        }
        entry = (pv_pte_t *)pv_phys_to_virt(pv_pte_pa(*entry)) + pv_mmu_index(va, level);
    }
    pv_pte_set(user_root, va, entry, pv_pte_make(take_page(), flags | PV_PTE_P | PV_PTE_U));
    return entry;
}

static void make_user_space(void)
{
    user_root = take_page();
    pv_mmu_root_init(user_root);
    map_user(USER_CODE, 0);
    map_user(USER_STACK - PV_PAGE_SIZE, PV_PTE_W | PV_PTE_NX);
    test_pte = map_user(USER_STACK, PV_PTE_W | PV_PTE_NX);
    pv_mmu_load(user_root);
}

/* --- traps --- */

static void entry(struct pv_frame *frame)
{
    if (frame->vector == PV_VECTOR_TIMER)
        timer_came = true;
    else if (frame->vector == PV_EXCEPTION_PF && pv_frame_from_user(frame))
        pv_pte_set(user_root, USER_STACK, test_pte, *test_pte | PV_PTE_P);
    else if (frame->vector != YIELD_VECTOR && frame->vector != GATE_VECTOR && frame->vector != PV_VECTOR_SYSCALL)
        pv_power_crash("bench: unexpected trap", frame);
    if (pv_frame_from_user(frame) && --user_left == 0)
        __builtin_longjmp(user_back, 1);
}

/* Run user code (position-independent, ends in a jump to its start) until it has trapped @a count times. */
static void run_user(const void *code, size_t size, unsigned count)
{
    struct pv_frame frame;

    __builtin_memcpy(pv_phys_to_virt(pv_pte_pa(map_user(USER_CODE, 0)[0])), code, size);
    pv_mmu_invalidate_page(USER_CODE);
    user_left = count;
    pv_frame_init_user(&frame, USER_CODE, USER_STACK);
    frame.rbx = PV_USER_GATE;
    if (__builtin_setjmp(user_back) == 0) {
        pv_trap_stack_set(kernel_stack + sizeof kernel_stack);
        pv_trap_return_to(&frame);
    }
}

/* --- what is measured --- */

static void run_irq_pair(unsigned count)
{
    while (count-- > 0) {
        pv_irq_enable();
        pv_irq_disable();
    }
}

static void run_irq_save_restore(unsigned count)
{
    while (count-- > 0)
        pv_irq_restore(pv_irq_save());
}

static void run_trap_raise(unsigned count)
{
    while (count-- > 0)
        pv_trap_raise(YIELD_VECTOR);
}

static void run_time_now(unsigned count)
{
    while (count-- > 0)
        pv_time_now();
}

static void run_cpu_cycles(unsigned count)
{
    while (count-- > 0)
        pv_cpu_cycles();
}

static void run_pte_invalidate(unsigned count)
{
    pv_pte_t pte = pv_pte_get(test_pte);

    while (count-- > 0) {
        pv_pte_set(user_root, USER_STACK, test_pte, pte);
        pv_mmu_invalidate_page(USER_STACK);
    }
}

static void run_mmu_load(unsigned count)
{
    while (count-- > 0)
        pv_mmu_load(user_root);
}

static void run_user_copy(unsigned count)
{
    while (count-- > 0)
        pv_user_copy_in(buffer, USER_STACK, sizeof buffer);
}

static void run_timer(unsigned count)
{
    while (count-- > 0) {
        timer_came = false;
        pv_time_oneshot(pv_time_now());
        while (!timer_came)
            pv_irq_window();
    }
}

static void run_syscall(unsigned count)
{
    static const uint8_t code[] = {0x0f, 0x05, 0xeb, 0xfc}; /* 1: syscall; jmp 1b */

    run_user(code, sizeof code, count);
}

static void run_int(unsigned count)
{
    static const uint8_t code[] = {0xcd, GATE_VECTOR, 0xeb, 0xfc}; /* 1: int $0x80; jmp 1b */

    run_user(code, sizeof code, count);
}

static void run_gate(unsigned count)
{
    static const uint8_t code[] = {0xff, 0xd3, 0xeb, 0xfc}; /* 1: call *%rbx; jmp 1b */

    run_user(code, sizeof code, count);
}

static const struct bench benches[] = {
    {"irq_enable+disable", run_irq_pair, 100000}, {"irq_save+restore", run_irq_save_restore, 100000},
    {"trap_raise", run_trap_raise, 10000},        {"time_now", run_time_now, 100000},
    {"cpu_cycles", run_cpu_cycles, 100000},       {"pte_set+invalidate_page", run_pte_invalidate, 10000},
    {"mmu_load", run_mmu_load, 10000},            {"user_copy_in_4096", run_user_copy, 1000},
    {"timer_interrupt", run_timer, 1000},         {"user_syscall", run_syscall, 10000},
    {"user_int", run_int, 10000},                 {"user_gate", run_gate, 10000},
};

/* Median of ROUNDS, in 1/100 ns for one operation. */
static uint64_t measure(const struct bench *b)
{
    uint64_t taken[ROUNDS];

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t start = pv_time_now(), time;
        unsigned at = i;

        b->run(b->count);
        time = (pv_time_now() - start) * 100 / b->count;
        for (; at > 0 && taken[at - 1] > time; at--)
            taken[at] = taken[at - 1];
        taken[at] = time;
    }
    return taken[ROUNDS / 2];
}

void pv_kernel_main(const struct pv_boot_info *info)
{
    boot = info;
    pv_trap_init(entry);
    pv_trap_gate_set(GATE_VECTOR, true);
    find_memory();
    make_user_space();
    for (unsigned i = 0; i < sizeof benches / sizeof benches[0]; i++) {
        print("bench ");
        print(benches[i].name);
        print(" ");
        print_number(measure(&benches[i]));
        print("\n");
    }
    pv_power_off(0);
}
