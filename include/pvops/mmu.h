/* SPDX-License-Identifier: MIT */
/** @file
 * @defgroup mmu MMU
 * Page tables, their changes, and copies between kernel and user memory.
 *
 * Contract. Four-level x86-64 page tables in guest physical memory are the truth on every backend.
 *   - Loading a root makes every change to its tables visible.
 *   - Between loads a new mapping may be used at once; added rights may cost one spurious fault, which a
 *     handler answers by returning.
 *   - A removed or reduced right holds after its invalidation only: in kernel mode on this CPU when the
 *     invalidate (or the end of its batch) returns, in user mode from the next return to it.
 *   - Accessed may be set early on present neighbours; dirty is exact for user mappings. Mappings of the
 *     kernel half may be born accessed and dirty.
 *   - Rights are those of hardware with CR0.WP = 1 and EFER.NXE = 1; error code and fault address too.
 *   - A PTE that points outside RAM must not be used: what that does is the backend's (device memory on native).
 *
 * Address layout. User programs live in [PV_USER_BASE, PV_USER_END), equal on all x86-64 backends; the kernel
 * half is the same in every root that pv_mmu_root_init() made. In it, [PV_VMAP_BASE, PV_VMAP_END) is the
 * kernel's to fill at any time (stacks with guard pages, vmalloc): its tables below the root are shared, so
 * an addition is seen by all roots. The rest of the kernel half is the backend's to map.
 * @{
 */
#ifndef PVOPS_MMU_H
#define PVOPS_MMU_H

#include <pvops/arch/x86_64/frame.h>
#include <pvops/arch/x86_64/pte.h>
#include <pvops/types.h>

PV_BEGIN_DECLS

/** @name User window
 * @{ */
#define PV_USER_BASE 0x10000UL          /**< lowest user address that is portable */
#define PV_USER_END 0x600000000000UL    /**< first address behind the user window */
#define PV_USER_GATE 0x7e0000000000UL   /**< the gate page (pvops/user.h); its top-level slot is pvops' own */
/** @} */

/**
 * Change a page-table entry.
 *
 * @param root   root of the address space that the entry belongs to (any root for shared kernel tables)
 * @param va     an address that the entry maps
 * @param ptep   the entry, in the direct map
 * @param value  its new value
 *
 * Needs an invalidation as the contract above says. Native: a plain 8-byte store. Context: kernel.
 */
PV_INLINE void pv_pte_set(pv_pa_t root, pv_va_t va, pv_pte_t *ptep, pv_pte_t value);

/** The same, giving the old value atomically (no accessed or dirty bit is lost). Native: `xchg`. */
PV_INLINE pv_pte_t pv_pte_exchange(pv_pa_t root, pv_va_t va, pv_pte_t *ptep, pv_pte_t value);

/** Read an entry, once. Native: an 8-byte load. Context: any. */
PV_INLINE pv_pte_t pv_pte_get(const pv_pte_t *ptep);

/**
 * Make a root usable: writes all slots from PV_USER_END on (kernel half, gate). The user slots are left as they are.
 *
 * @param root  a page, its user slots zero or filled by the kernel
 *
 * Context: kernel.
 */
void pv_mmu_root_init(pv_pa_t root);

/**
 * Say that a root will not be used again, before its page is reused. It must not be loaded on any CPU; it need
 * not have been. Context: kernel.
 */
void pv_mmu_root_release(pv_pa_t root);

/** Say that a page becomes a page table of @a level (1..3), before an entry points to it. Native: nothing. */
PV_INLINE void pv_mmu_table_register(pv_pa_t table, unsigned level);

/** Say that a page is a page table no more, after nothing points to it. Native: nothing. */
PV_INLINE void pv_mmu_table_release(pv_pa_t table);

/** Load a root on this CPU. Native: `mov %cr3`. Context: kernel. */
PV_INLINE void pv_mmu_load(pv_pa_t root);

/** The root that is loaded on this CPU. Native: `mov %cr3`. Context: kernel. */
PV_INLINE pv_pa_t pv_mmu_root(void);

/** Invalidate the page that maps @a va in the loaded root (large or small), on this CPU. Native: `invlpg`. */
PV_INLINE void pv_mmu_invalidate_page(pv_va_t va);

/** Invalidate [va, va + size) in the loaded root, on this CPU. @a size in bytes. Context: kernel. */
void pv_mmu_invalidate_range(pv_va_t va, uint64_t size);

/** Invalidate all of the loaded root and of the kernel half, global pages too, on this CPU. Context: kernel. */
void pv_mmu_invalidate_all(void);

/**
 * Begin a batch: invalidations until pv_mmu_batch_end() may be delayed to it, so that a backend can put many
 * into one. Batches do not nest, also not by interrupts: the caller must not sleep in one, and keeps interrupts
 * off where a handler might invalidate. Native: nothing. Context: kernel.
 */
PV_INLINE void pv_mmu_batch_begin(void);

/** End a batch: what it invalidated holds when this returns. Native: nothing. Context: kernel. */
PV_INLINE void pv_mmu_batch_end(void);

/** Where the direct map has the RAM at @a pa. Native: an addition. Context: any. */
PV_INLINE void *pv_phys_to_virt(pv_pa_t pa);

/** The physical address behind an address of the direct map or of the kernel image. Context: any. */
PV_INLINE pv_pa_t pv_virt_to_phys(const volatile void *va);

/** Whether @a va lies in the kernel half. Context: any. */
PV_INLINE bool pv_va_is_kernel(pv_va_t va);

/**
 * Copy from user memory of the loaded root.
 *
 * @param dst   kernel buffer
 * @param src   user address
 * @param size  bytes; 0 is a success for any @a src
 * @return      0, or -PV_EFAULT: not inside the user window, or the fault handler gave up; part of @a dst may
 *              then have been written
 *
 * Where a page is not there, the copy raises a page fault with kernel cs; the handler may sleep, mend and
 * return, and the copy goes on, or call pv_user_fault_fixup() and return. Pages of the user window without
 * PV_PTE_U may be read or may fault. Context: kernel, where a page fault may be handled; user root loaded.
 */
int pv_user_copy_in(void *dst, pv_va_t src, size_t size);

/** Copy to user memory: as pv_user_copy_in(), in the other direction. Pages without PV_PTE_W fault. */
int pv_user_copy_out(pv_va_t dst, const void *src, size_t size);

/**
 * Copy a string from user memory, with its end.
 *
 * @param dst   kernel buffer; terminated only on success
 * @param src   user address
 * @param size  bytes of the buffer
 * @return      length without the end, -PV_EFAULT as pv_user_copy_in(), -PV_ENAMETOOLONG: no end in @a size bytes
 */
int pv_user_copy_str(char *dst, pv_va_t src, size_t size);

/**
 * Give up the user copy that faulted: the copy returns -PV_EFAULT when the handler returns to @a frame.
 *
 * @param frame  a page fault from kernel mode
 * @return       true: the frame is a user copy's and was redirected; false: it is not, nothing was changed
 *
 * Context: the page-fault handler.
 */
bool pv_user_fault_fixup(struct pv_frame *frame);

PV_END_DECLS

/** @} */
#include <pvops/backend/mmu.h>
#endif
