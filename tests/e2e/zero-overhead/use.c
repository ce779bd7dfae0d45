/* SPDX-License-Identifier: MIT */
/* Ops in use: no more registers, no more branches, nothing kept from being optimised. */
#include "bare.h"

uint64_t op_use_critical(uint64_t *counter, uint64_t n)
{
    pv_irq_flags_t flags = pv_irq_save();
    uint64_t old = *counter;

    *counter = old + n;
    pv_irq_restore(flags);
    return old;
}

uint64_t ref_use_critical(uint64_t *counter, uint64_t n)
{
    uint64_t flags = flags_read();

    cli();
    uint64_t old = *counter;

    *counter = old + n;
    if (flags & FLAG_IF)
        sti();
    return old;
}

void op_use_unmap(uint64_t root, pv_pte_t *ptes, uint64_t va, uint64_t n)
{
    pv_mmu_batch_begin();
    for (uint64_t i = 0; i < n; i++) {
        pv_pte_set(root, va + i * PV_PAGE_SIZE, &ptes[i], 0);
        pv_mmu_invalidate_page(va + i * PV_PAGE_SIZE);
    }
    pv_mmu_batch_end();
}

void ref_use_unmap(uint64_t root, pv_pte_t *ptes, uint64_t va, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        *(volatile pv_pte_t *)&ptes[i] = 0;
        invlpg(va + i * 4096);
    }
}

pv_pte_t op_use_walk(uint64_t root, uint64_t va)
{
    pv_pte_t pte = root | PV_PTE_P;

    for (unsigned level = PV_MMU_LEVELS; level > 0 && (pte & PV_PTE_P); level--) {
        const pv_pte_t *table = pv_phys_to_virt(pv_pte_pa(pte));

        pte = pv_pte_get(&table[pv_mmu_index(va, level)]);
    }
    return pte;
}

pv_pte_t ref_use_walk(uint64_t root, uint64_t va)
{
    uint64_t pte = root | 1;

    for (unsigned level = 4; level > 0 && (pte & 1); level--) {
        const volatile uint64_t *table = (const volatile uint64_t *)(DIRECT + (pte & 0xffffffffff000));

        pte = table[(unsigned)(va >> (12 + 9 * (level - 1))) & 511];
    }
    return pte;
}

void op_use_wait(const volatile bool *done)
{
    pv_irq_disable();
    while (!*done) {
        pv_cpu_idle();
        pv_irq_disable();
    }
    pv_irq_enable();
}

void ref_use_wait(const volatile bool *done)
{
    cli();
    while (!*done) {
        __asm__ volatile("sti; hlt" ::: "memory");
        cli();
    }
    sti();
}
