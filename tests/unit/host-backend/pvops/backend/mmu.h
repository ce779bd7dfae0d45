/* SPDX-License-Identifier: MIT */
/*
 * Backend half of pvops/mmu.h for unit tests on the host: physical memory is an array of the test, tables are
 * data that nobody walks but the code under test, and the test hears of every table.
 */
#ifndef PVOPS_BACKEND_MMU_H
#define PVOPS_BACKEND_MMU_H

#include <pvops/types.h>

extern unsigned char host_ram[];
void host_table_register(pv_pa_t table, unsigned level);
void host_table_release(pv_pa_t table);
void host_pte_set(pv_pa_t root, pv_va_t va, pv_pte_t *ptep, pv_pte_t value);

PV_INLINE void pv_pte_set(pv_pa_t root, pv_va_t va, pv_pte_t *ptep, pv_pte_t value)
{
    host_pte_set(root, va, ptep, value);
}

PV_INLINE pv_pte_t pv_pte_exchange(pv_pa_t root, pv_va_t va, pv_pte_t *ptep, pv_pte_t value)
{
    pv_pte_t old = *ptep;

    host_pte_set(root, va, ptep, value);
    return old;
}

PV_INLINE pv_pte_t pv_pte_get(const pv_pte_t *ptep)
{
    return *ptep;
}

PV_INLINE void pv_mmu_table_register(pv_pa_t table, unsigned level)
{
    host_table_register(table, level);
}

PV_INLINE void pv_mmu_table_release(pv_pa_t table)
{
    host_table_release(table);
}

PV_INLINE void *pv_phys_to_virt(pv_pa_t pa)
{
    return host_ram + pa;
}

PV_INLINE pv_pa_t pv_virt_to_phys(const volatile void *va)
{
    return (pv_pa_t)((const volatile unsigned char *)va - host_ram);
}

PV_INLINE bool pv_va_is_kernel(pv_va_t va)
{
    return va >> 63 != 0;
}

PV_INLINE void pv_mmu_load(pv_pa_t root)
{
    (void)root;
}

PV_INLINE pv_pa_t pv_mmu_root(void)
{
    return 0;
}

PV_INLINE void pv_mmu_invalidate_page(pv_va_t va)
{
    (void)va;
}

PV_INLINE void pv_mmu_batch_begin(void)
{
}

PV_INLINE void pv_mmu_batch_end(void)
{
}

#endif
