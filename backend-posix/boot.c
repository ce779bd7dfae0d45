/* SPDX-License-Identifier: MIT */
/*
 * From the monitor's jump to pv_kernel_main. start.S calls posix_boot() on the boot stack, then
 * posix_enter_kernel() on the same stack from its start.
 */
#include "posix.h"

extern void (*const pv_init_array_begin[])(void);
extern void (*const pv_init_array_end[])(void);

static struct pv_boot_info boot_info;
static struct pv_boot_module module;

void posix_boot(void);
void posix_enter_kernel(void);

void posix_boot(void)
{
    struct pv_posix_abi_page *abi = &pv_posix_abi;

    posix_trap_init();
    posix_memory_init();
    posix_mmu_init();
    module = (struct pv_boot_module){abi->module_base, abi->module_size, ""};
    boot_info = (struct pv_boot_info){
        .abi_version = PV_ABI_VERSION,
        .size = sizeof boot_info,
        .features = PV_FEATURE_PLAIN_PTE | PV_FEATURE_PAGE_2M | PV_FEATURE_PAGE_1G | PV_FEATURE_WALL_CLOCK | PV_FEATURE_STEAL,
        .cmdline = pv_phys_to_virt(abi->cmdline),
        .regions = posix_regions,
        .modules = &module,
        .region_count = posix_region_count,
        .module_count = abi->module_size != 0,
        .cpu_count = abi->cpu_count,
        .root = pv_mmu_root(),
        .memory_end = abi->memory_size & PV_PAGE_MASK,
    };
}

void posix_enter_kernel(void)
{
    for (void (*const *init)(void) = pv_init_array_begin; init < pv_init_array_end; init++)
        (*init)();
    pv_kernel_main(&boot_info);
    pv_power_crash("pv_kernel_main returned", NULL);
}
