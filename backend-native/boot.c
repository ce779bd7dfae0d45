/* SPDX-License-Identifier: MIT */
/*
 * The order in which bare x86-64 is brought into the state that pvops/boot.h promises.
 *
 * start.S calls native_boot() in 64-bit mode on the early tables, then native_enter_kernel() with a fresh
 * stack. Each step below is a file of that name.
 */
#include "../lib/lib.h"
#include "loader.h"
#include "mmu.h"
#include "native.h"
#include "trap.h"

extern void (*const pv_init_array_begin[])(void);
extern void (*const pv_init_array_end[])(void);

static struct pv_boot_info boot_info;

void native_boot(void);
void native_enter_kernel(void);

static void require(const char *problem)
{
    if (problem != NULL)
        pv_power_crash(problem, NULL);
}

static uint64_t features(void)
{
    return PV_FEATURE_PLAIN_PTE | PV_FEATURE_PAGE_2M | (native_mmu_has_1g() ? PV_FEATURE_PAGE_1G : 0) |
           (native_time_has_wall() ? PV_FEATURE_WALL_CLOCK : 0);
}

static void fill_boot_info(void)
{
    boot_info = (struct pv_boot_info){
        .abi_version = PV_ABI_VERSION,
        .size = sizeof boot_info,
        .features = features(),
        .cmdline = native_loader.cmdline,
        .regions = native_regions,
        .modules = native_loader.modules,
        .region_count = native_region_count,
        .module_count = native_loader.module_count,
        .cpu_count = native_acpi.cpu_count,
        .root = native_mmu_boot_root(),
        .memory_end = native_memory_end(),
        .framebuffer = native_loader.framebuffer,
    };
}

/* Command-line options of the backend itself, for tests of its second choices. */
static bool option_is(const char *name, const char *value)
{
    struct pv_boot_info cmdline = {.cmdline = native_loader.cmdline};
    char given[16];

    return pv_boot_option(&cmdline, name, given, sizeof given) >= 0 && strcmp(given, value) == 0;
}

void native_boot(void)
{
    native_trap_init();
    native_console_init();
    native_cpu_init();
    require(native_loader_read());
    require(native_memory_init());
    native_mmu_init();
    native_acpi_init(native_loader.rsdp);
    native_force_pic = option_is("native.irq", "pic");
    native_force_pit = option_is("native.timer", "pit");
    native_irq_init();
    native_time_init();
    fill_boot_info();
}

void native_enter_kernel(void)
{
    for (void (*const *init)(void) = pv_init_array_begin; init < pv_init_array_end; init++)
        (*init)();
    pv_kernel_main(&boot_info);
    pv_power_crash("pv_kernel_main returned", NULL);
}
