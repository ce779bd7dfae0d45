/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks, in the window that pvops leaves to the kernel for mappings of its own. Every process slot
 * (proc.c) has 64 KiB of it:
 *
 *     slot + 0x0000   nothing mapped: a stack that runs over faults here
 *     slot + 0x1000   the kernel stack, STACK_PAGES pages, used downwards
 *     slot + 0x5000   nothing mapped
 *     slot + 0x6000   the FPU state of the process while it does not run
 *
 * The window's tables are shared by all roots, so a mapping that is added here is seen in all processes.
 */
#include "stack.h"

#include "page.h"
#include "pagetable.h"

#define SLOT_SIZE 0x10000UL
#define STACK_OFFSET PV_PAGE_SIZE
#define FPU_OFFSET (STACK_OFFSET + (STACK_PAGES + 1) * PV_PAGE_SIZE)
#define FPU_SIZE_MAX (SLOT_SIZE - FPU_OFFSET)

static pv_pa_t kernel_root;

void stack_init(const struct pv_boot_info *info)
{
    kernel_root = info->root;
    CHECK(pv_cpu_fpu_size() <= FPU_SIZE_MAX);
}

/* Map fresh pages where there are none yet. After a failure the next try goes on where this one stopped. */
static int map_range(pv_va_t va, uint64_t size)
{
    for (pv_va_t end = va + size; va < end; va += PV_PAGE_SIZE) {
        pv_pte_t *pte = pagetable_walk(kernel_root, va, true);
        void *page;

        if (pte == NULL)
            return -ENOMEM;
        if (pv_pte_get(pte) & PV_PTE_P)
            continue;
        page = page_alloc_zeroed();
        if (page == NULL)
            return -ENOMEM;
        pv_pte_set(kernel_root, va, pte,
                   pv_pte_make(pv_virt_to_phys(page), PV_PTE_P | PV_PTE_W | PV_PTE_G | PV_PTE_NX));
    }
    return 0;
}

int stack_get(unsigned slot, struct stack *stack)
{
    pv_va_t base = PV_VMAP_BASE + slot * SLOT_SIZE;
    int error = map_range(base + STACK_OFFSET, STACK_PAGES * PV_PAGE_SIZE);

    if (error == 0)
        error = map_range(base + FPU_OFFSET, pv_cpu_fpu_size());
    stack->top = (char *)(base + STACK_OFFSET + STACK_PAGES * PV_PAGE_SIZE);
    stack->fpu = (void *)(base + FPU_OFFSET);
    return error;
}

bool stack_is_guard(pv_va_t va)
{
    return va >= PV_VMAP_BASE && va < PV_VMAP_END && va % SLOT_SIZE < STACK_OFFSET;
}
