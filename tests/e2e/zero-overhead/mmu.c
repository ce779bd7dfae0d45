/* SPDX-License-Identifier: MIT */
/* MMU ops and their instructions. */
#include "bare.h"

void op_pte_set(uint64_t root, uint64_t va, pv_pte_t *ptep, pv_pte_t value)
{
    pv_pte_set(root, va, ptep, value);
}

void ref_pte_set(uint64_t root, uint64_t va, pv_pte_t *ptep, pv_pte_t value)
{
    __asm__ volatile("movq %1, %0" : "=m"(*ptep) : "r"(value));
}

pv_pte_t op_pte_get(const pv_pte_t *ptep)
{
    return pv_pte_get(ptep);
}

pv_pte_t ref_pte_get(const pv_pte_t *ptep)
{
    pv_pte_t value;

    __asm__ volatile("movq %1, %0" : "=r"(value) : "m"(*ptep));
    return value;
}

pv_pte_t op_pte_exchange(uint64_t root, uint64_t va, pv_pte_t *ptep, pv_pte_t value)
{
    return pv_pte_exchange(root, va, ptep, value);
}

pv_pte_t ref_pte_exchange(uint64_t root, uint64_t va, pv_pte_t *ptep, pv_pte_t value)
{
    __asm__ volatile("xchgq %0, %1" : "+r"(value), "+m"(*ptep)::"memory");
    return value;
}

void op_mmu_load(uint64_t root)
{
    pv_mmu_load(root);
}

void ref_mmu_load(uint64_t root)
{
    __asm__ volatile("movq %0, %%cr3" ::"r"(root) : "memory");
}

uint64_t op_mmu_root(void)
{
    return pv_mmu_root();
}

uint64_t ref_mmu_root(void)
{
    uint64_t root;

    __asm__ volatile("movq %%cr3, %0" : "=r"(root)::"memory");
    return root;
}

void op_mmu_invalidate_page(uint64_t va)
{
    pv_mmu_invalidate_page(va);
}

void ref_mmu_invalidate_page(uint64_t va)
{
    invlpg(va);
}

void op_mmu_batch(void)
{
    pv_mmu_batch_begin();
    pv_mmu_batch_end();
}

void ref_mmu_batch(void)
{
}

void op_mmu_table(uint64_t table)
{
    pv_mmu_table_register(table, 1);
    pv_mmu_table_release(table);
}

void ref_mmu_table(uint64_t table)
{
}

void *op_phys_to_virt(uint64_t pa)
{
    return pv_phys_to_virt(pa);
}

void *ref_phys_to_virt(uint64_t pa)
{
    return (void *)(DIRECT + pa);
}

uint64_t op_virt_to_phys(const void *va)
{
    return pv_virt_to_phys(va);
}

uint64_t ref_virt_to_phys(const void *va)
{
    uint64_t address = (uint64_t)va;

    return address >= KERNEL ? address - KERNEL : address - DIRECT;
}

bool op_va_is_kernel(uint64_t va)
{
    return pv_va_is_kernel(va);
}

bool ref_va_is_kernel(uint64_t va)
{
    return (int64_t)va < 0;
}

pv_pte_t op_pte_make(uint64_t pa)
{
    return pv_pte_make(pa, PV_PTE_P | PV_PTE_W);
}

pv_pte_t ref_pte_make(uint64_t pa)
{
    return pa | 3;
}

unsigned op_mmu_index(uint64_t va)
{
    return pv_mmu_index(va, 2);
}

unsigned ref_mmu_index(uint64_t va)
{
    return (va >> 21) & 511;
}
