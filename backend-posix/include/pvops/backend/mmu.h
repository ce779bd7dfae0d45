/* SPDX-License-Identifier: MIT */
/*
 * Posix half of pvops/mmu.h. The guest's tables are the truth, the host's mappings a cache of them: a change of
 * an entry is a store, and what the cache may hold of it is dropped by the invalidation.
 */
#ifndef PVOPS_BACKEND_MMU_H
#define PVOPS_BACKEND_MMU_H

#include <pvops/backend/abi.h>

#define PV_DIRECT_BASE ((pv_va_t)PV_POSIX_DIRECT)
#define PV_VMAP_BASE ((pv_va_t)PV_POSIX_VMAP)
#define PV_VMAP_END ((pv_va_t)PV_POSIX_VMAP_END)
#define PV_KERNEL_BASE ((pv_va_t)PV_POSIX_KERNEL)

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
    pv_posix_abi.root = root;
    pv_posix_abi.root_loads++;
    if (__builtin_expect(pv_posix_abi.user_maps != 0, 0))
        pv_posix_call(PV_POSIX_CALL_ROOT_LOADED, 0, 0, 0);
}

PV_INLINE pv_pa_t pv_mmu_root(void)
{
    return pv_posix_abi.root;
}

PV_INLINE void pv_mmu_invalidate_page(pv_va_t va)
{
    uint32_t at = pv_posix_abi.queue_count;

    /* A user page that this process has not mapped: the space is told when it runs next. */
    if (va < PV_USER_END && pv_posix_abi.user_maps == 0 && at < PV_POSIX_QUEUE) {
        pv_posix_abi.queue[at].va = va;
        pv_posix_abi.queue[at].size = PV_PAGE_SIZE;
        pv_posix_abi.queue_count = at + 1;
        return;
    }
    pv_posix_call(PV_POSIX_CALL_INVALIDATE, va, PV_PAGE_SIZE, 0);
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

    return address >= PV_DIRECT_BASE ? address - PV_DIRECT_BASE : address - PV_KERNEL_BASE;
}

PV_INLINE bool pv_va_is_kernel(pv_va_t va)
{
    return va >= PV_KERNEL_BASE && va < (pv_va_t)PV_POSIX_WINDOWS_END;
}

#endif
