/* SPDX-License-Identifier: MIT */
/** @file
 * @ingroup mmu
 * x86-64: the format of page-table entries (SDM vol. 3, 4.5, 4-level paging).
 *
 * A root is one page with 512 entries of 512 GiB each (level 4); levels 3, 2 and 1 divide by 512 each. An
 * entry of level 3 or 2 with PV_PTE_LARGE maps 1 GiB or 2 MiB.
 */
#ifndef PVOPS_ARCH_X86_64_PTE_H
#define PVOPS_ARCH_X86_64_PTE_H

#include <pvops/types.h>

/** One entry of a page table. 0 is "not present"; bits of entries without PV_PTE_P are the kernel's own. */
typedef uint64_t pv_pte_t;

#define PV_PTE_P (1UL << 0)     /**< present */
#define PV_PTE_W (1UL << 1)     /**< writable, for kernel mode too (CR0.WP = 1) */
#define PV_PTE_U (1UL << 2)     /**< user mode may use it */
#define PV_PTE_PWT (1UL << 3)   /**< write-through: device memory only */
#define PV_PTE_PCD (1UL << 4)   /**< cache disable: device memory only */
#define PV_PTE_A (1UL << 5)     /**< accessed; set by the machine */
#define PV_PTE_D (1UL << 6)     /**< dirty; set by the machine, in the entry that maps the page */
#define PV_PTE_LARGE (1UL << 7) /**< maps a large page (levels 2 and 3) */
#define PV_PTE_G (1UL << 8)     /**< global: the kernel half only */
#define PV_PTE_SW1 (1UL << 9)   /**< the kernel's own use */
#define PV_PTE_SW2 (1UL << 10)  /**< the kernel's own use */
#define PV_PTE_SW3 (1UL << 11)  /**< the kernel's own use */
#define PV_PTE_NX (1UL << 63)   /**< no instruction fetches */

#define PV_PTE_PA_MASK 0x000ffffffffff000UL
#define PV_PTE_FLAGS_MASK (~PV_PTE_PA_MASK)

#define PV_MMU_LEVELS 4
#define PV_MMU_ENTRIES 512UL

/** Bytes that one entry of a table of @a level (1..4) maps. */
#define PV_MMU_SPAN(level) (PV_PAGE_SIZE << (9 * ((level) - 1)))

/** Index of @a va in a table of @a level (1..4). */
PV_INLINE unsigned pv_mmu_index(pv_va_t va, unsigned level)
{
    return (unsigned)(va >> (PV_PAGE_SHIFT + 9 * (level - 1))) & (PV_MMU_ENTRIES - 1);
}

/** An entry for the page or table at @a pa (page-aligned; 2 MiB or 1 GiB for large pages) with PV_PTE_x flags. */
PV_INLINE pv_pte_t pv_pte_make(pv_pa_t pa, uint64_t flags)
{
    return pa | flags;
}

/** The physical address in an entry. (For large pages bit 12 is PAT, which pvops leaves 0.) */
PV_INLINE pv_pa_t pv_pte_pa(pv_pte_t pte)
{
    return pte & PV_PTE_PA_MASK;
}

/** The PV_PTE_x flags of an entry. */
PV_INLINE uint64_t pv_pte_flags(pv_pte_t pte)
{
    return pte & PV_PTE_FLAGS_MASK;
}

#endif
