/* SPDX-License-Identifier: MIT */
/* Native half of pvops/mmu.h: the hardware walks the tables, so most ops are one instruction or none. */
#ifndef PVOPS_BACKEND_MMU_H
#define PVOPS_BACKEND_MMU_H

#include <pvops/types.h>

/*
 * The kernel half is the upper half, one top-level slot (512 GiB) and more for each:
 *
 *     ffff800000000000  direct map of physical memory     PV_DIRECT_BASE
 *     ffffc00000000000  the kernel's own mappings         PV_VMAP_BASE .. PV_VMAP_END
 *     ffffe00000000000  device registers of the backend
 *     ffffffff80000000  kernel image                      PV_KERNEL_BASE, + its physical address
 */
#define PV_DIRECT_BASE 0xffff800000000000UL
#define PV_VMAP_BASE 0xffffc00000000000UL
#define PV_VMAP_END 0xffffc08000000000UL
#define PV_KERNEL_BASE 0xffffffff80000000UL

PV_INLINE void pv_pte_set(pv_pa_t root, pv_va_t va, pv_pte_t *ptep, pv_pte_t value)
{
    (void)root;
    (void)va;
    *(volatile pv_pte_t *)ptep = value;
}

PV_INLINE pv_pte_t pv_pte_exchange(pv_pa_t root, pv_va_t va, pv_pte_t *ptep, pv_pte_t value)
{
    (void)root;
    (void)va;
    return __atomic_exchange_n(ptep, value, __ATOMIC_SEQ_CST);
}

PV_INLINE pv_pte_t pv_pte_get(const pv_pte_t *ptep)
{
    return *(const volatile pv_pte_t *)ptep;
}

PV_INLINE void pv_mmu_table_register(pv_pa_t table, unsigned level)
{
    (void)table;
    (void)level;
}

PV_INLINE void pv_mmu_table_release(pv_pa_t table)
{
    (void)table;
}

PV_INLINE void pv_mmu_load(pv_pa_t root)
{
    __asm__ volatile("movq %0, %%cr3" ::"r"(root) : "memory");
}

PV_INLINE pv_pa_t pv_mmu_root(void)
{
    pv_pa_t root;

    __asm__ volatile("movq %%cr3, %0" : "=r"(root)::"memory");
    /* CR3 holds what pv_mmu_load() put there: no PCID, no cache bits. */
    return root;
}

PV_INLINE void pv_mmu_invalidate_page(pv_va_t va)
{
    __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

PV_INLINE void pv_mmu_batch_begin(void)
{
}

PV_INLINE void pv_mmu_batch_end(void)
{
}

PV_INLINE void *pv_phys_to_virt(pv_pa_t pa)
{
    return (void *)(PV_DIRECT_BASE + pa);
}

PV_INLINE pv_pa_t pv_virt_to_phys(const volatile void *va)
{
    pv_va_t address = (pv_va_t)va;

    return address >= PV_KERNEL_BASE ? address - PV_KERNEL_BASE : address - PV_DIRECT_BASE;
}

PV_INLINE bool pv_va_is_kernel(pv_va_t va)
{
    return va >> 63 != 0;
}

#endif
