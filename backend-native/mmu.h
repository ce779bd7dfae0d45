/* SPDX-License-Identifier: MIT */
/* mmu.c for boot.c. */
#ifndef PVOPS_NATIVE_MMU_H
#define PVOPS_NATIVE_MMU_H

#include <pvops/types.h>

void native_mmu_init(void);
pv_pa_t native_mmu_boot_root(void);
bool native_mmu_has_1g(void);

#endif
