/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite's start: brings up the harness, runs the tests of all tables in order, prints TAP
 * version 13, and ends with status 0 if none failed, else 1. Read conform.h next, then any test file.
 */
#include "conform.h"

extern const struct conform_test conform_boot_tests[], conform_option_tests[], conform_console_tests[],
    conform_debug_tests[], conform_cpu_tests[], conform_irq_tests[], conform_line_tests[],
    conform_time_tests[], conform_periodic_tests[], conform_idle_tests[], conform_trap_tests[],
    conform_trap_user_tests[], conform_raise_tests[], conform_exception_tests[],
    conform_exception_user_tests[], conform_exception_state_tests[], conform_gate_tests[],
    conform_syscall_tests[], conform_doublefault_tests[], conform_preempt_tests[], conform_fpu_tests[],
    conform_mmu_added_tests[], conform_mmu_bits_tests[], conform_mmu_invalidate_tests[],
    conform_mmu_kernel_tests[], conform_mmu_large_tests[], conform_mmu_many_tests[],
    conform_mmu_rights_tests[], conform_mmu_roots_tests[], conform_user_copy_tests[],
    conform_user_copy_fault_tests[], conform_user_fixup_tests[], conform_user_gate_tests[],
    conform_user_mode_tests[], conform_user_str_tests[];

static const struct conform_test *const tables[] = {
    conform_boot_tests,
    conform_option_tests,
    conform_console_tests,
    conform_debug_tests,
    conform_cpu_tests,
    conform_irq_tests,
    conform_line_tests,
    conform_time_tests,
    conform_periodic_tests,
    conform_idle_tests,
    conform_trap_tests,
    conform_trap_user_tests,
    conform_raise_tests,
    conform_exception_tests,
    conform_exception_user_tests,
    conform_exception_state_tests,
    conform_gate_tests,
    conform_syscall_tests,
    conform_doublefault_tests,
    conform_preempt_tests,
    conform_fpu_tests,
    conform_mmu_added_tests,
    conform_mmu_bits_tests,
    conform_mmu_invalidate_tests,
    conform_mmu_kernel_tests,
    conform_mmu_large_tests,
    conform_mmu_many_tests,
    conform_mmu_rights_tests,
    conform_mmu_roots_tests,
    conform_user_copy_tests,
    conform_user_copy_fault_tests,
    conform_user_fixup_tests,
    conform_user_gate_tests,
    conform_user_mode_tests,
    conform_user_str_tests,
};

#define TABLES (sizeof tables / sizeof tables[0])

struct conform_at_entry conform_at_entry;

static void look_around(void)
{
    uint64_t rflags;

    __asm__ volatile("pushfq; popq %0" : "=r"(rflags));
    conform_at_entry.enabled = pv_irq_enabled();
    conform_at_entry.direction = rflags & PV_RFLAGS_DF;
    conform_at_entry.root = pv_mmu_root();
    conform_at_entry.base = pv_cpu_base();
    conform_at_entry.cpu = pv_cpu_id();
}

static void each(void (*fn)(const struct conform_test *))
{
    for (unsigned i = 0; i < TABLES; i++)
        for (const struct conform_test *test = tables[i]; test->name; test++)
            if (conform_selected(test->name))
                fn(test);
}

static unsigned count, number, failed;

static void list(const struct conform_test *test)
{
    conform_puts(test->name);
    conform_puts("\n");
}

static void add(const struct conform_test *test)
{
    (void)test;
    count++;
}

static void run(const struct conform_test *test)
{
    const char *reason = NULL;
    enum conform_verdict verdict = conform_run(test, &reason);

    failed += verdict == CONFORM_FAILED;
    conform_puts(verdict == CONFORM_FAILED ? "not ok " : "ok ");
    conform_put_decimal(++number);
    conform_puts(" - ");
    conform_puts(test->name);
    if (verdict == CONFORM_SKIPPED) {
        conform_puts(" # SKIP ");
        conform_puts(reason);
    }
    conform_puts("\n");
    conform_flush();
}

static void run_all(void)
{
    conform_puts("TAP version 13\n1..");
    each(add);
    conform_put_decimal(count);
    conform_puts("\n");
    each(run);
    conform_puts("# done\n");
}

void pv_kernel_main(const struct pv_boot_info *info)
{
    look_around();
    conform_options_init(info);
    if (conform_mode(true))
        return;
    conform_traps_init();
    conform_state_reset();
    if (conform_mode(false))
        return;
    if (conform_listing())
        each(list);
    else
        run_all();
    pv_power_off(failed != 0);
}
