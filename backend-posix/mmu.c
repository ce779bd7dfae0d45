/* SPDX-License-Identifier: MIT */
/*
 * The guest half of the MMU: the boot tables, roots, invalidation, and copies of user memory.
 *
 * The kernel half is written into page tables as on hardware, because the tables are the truth: the monitor
 * walks them for frames, fills and faults. The image and the direct map are also mapped for good in this process.
 * How a fault becomes an mmap: monitor/fill.c.
 *
 * User memory is copied through the direct map after a walk in software: no fault, no host call, no mapping. A
 * page that is not there is a page fault that the guest half raises itself (entry.S, posix_user_fault).
 */
#include "posix.h"
#include "walk.h"

#define TABLE_FLAGS (PV_PTE_P | PV_PTE_W)

extern const char pv_image_begin[], pv_image_rodata[], pv_image_data[], pv_image_end[], posix_boot_stack_guard[];
extern const char posix_user_fault_return[], posix_user_fault_fail[];
int posix_user_fault(pv_va_t va, uint64_t error);

static pv_pte_t *boot_root;

static pv_pte_t *entry_for(pv_va_t va, unsigned level)
{
    pv_pte_t *table = boot_root;

    for (unsigned l = PV_MMU_LEVELS; l > level; l--) {
        pv_pte_t *entry = &table[pv_mmu_index(va, l)];

        if (!(*entry & PV_PTE_P))
            *entry = pv_pte_make(pv_virt_to_phys(posix_page_alloc()), TABLE_FLAGS);
        table = pv_phys_to_virt(pv_pte_pa(*entry));
    }
    return &table[pv_mmu_index(va, level)];
}

static void map_direct(void)
{
    uint64_t flags = PV_PTE_P | PV_PTE_W | PV_PTE_NX | PV_PTE_G | PV_PTE_A | PV_PTE_D;
    pv_pa_t end = pv_posix_abi.memory_size & PV_PAGE_MASK;

    for (pv_pa_t pa = 0; pa < end;) {
        unsigned level = (pa & (PV_MMU_SPAN(2) - 1)) == 0 && end - pa >= PV_MMU_SPAN(2) ? 2 : 1;

        *entry_for(PV_DIRECT_BASE + pa, level) = pv_pte_make(pa, flags | (level == 2 ? PV_PTE_LARGE : 0));
        pa += PV_MMU_SPAN(level);
    }
}

static void map_image(const char *begin, const char *end, uint64_t flags)
{
    for (const char *page = begin; page < end; page += PV_PAGE_SIZE)
        if (page != posix_boot_stack_guard)
            *entry_for((pv_va_t)page, 1) =
                pv_pte_make(pv_virt_to_phys(page), flags | PV_PTE_P | PV_PTE_G | PV_PTE_A | PV_PTE_D);
}

void posix_mmu_init(void)
{
    boot_root = posix_page_alloc();
    map_direct();
    map_image(pv_image_begin, pv_image_rodata, 0);
    map_image(pv_image_rodata, pv_image_data, PV_PTE_NX);
    map_image(pv_image_data, pv_image_end, PV_PTE_W | PV_PTE_NX);
    entry_for(PV_VMAP_BASE, 3);
    pv_mmu_load(pv_virt_to_phys(boot_root));
    posix_tell(PV_POSIX_CALL_GUARD, (uint64_t)posix_boot_stack_guard, 0);
}

void pv_mmu_root_init(pv_pa_t root)
{
    pv_pte_t *table = pv_phys_to_virt(root);

    for (unsigned i = pv_mmu_index(PV_USER_END, 4); i < PV_MMU_ENTRIES; i++)
        table[i] = boot_root[i];
}

void pv_mmu_root_release(pv_pa_t root)
{
    posix_tell(PV_POSIX_CALL_ROOT_RELEASE, root, 0);
}

void pv_mmu_invalidate_range(pv_va_t va, uint64_t size)
{
    uint32_t at = pv_posix_abi.queue_count;

    if (va < PV_USER_END && size <= PV_USER_END - va && pv_posix_abi.user_maps == 0 && at < PV_POSIX_QUEUE) {
        pv_posix_abi.queue[at] = (struct pv_posix_invalidation){va, size};
        pv_posix_abi.queue_count = at + 1;
        return;
    }
    posix_tell(PV_POSIX_CALL_INVALIDATE, va, size);
}

void pv_mmu_invalidate_all(void)
{
    posix_tell(PV_POSIX_CALL_INVALIDATE_ALL, 0, 0);
}

static bool in_user_window(pv_va_t va, size_t size)
{
    return va >= PV_USER_BASE && va < PV_USER_END && size <= PV_USER_END - va;
}

/*
 * The bytes of user memory from @a va to the end of its page, in the direct map; NULL: the fault was given up.
 * A handler may have slept and changed everything: so walk again after each fault.
 */
static char *user_bytes(pv_va_t va, uint64_t access)
{
    struct posix_walk walk;

    while (!posix_walk((char *)PV_DIRECT_BASE, pv_posix_abi.memory_size, pv_mmu_root(), va, access, &walk))
        if (posix_user_fault(va, walk.error) != 0)
            return NULL;
    return pv_phys_to_virt(walk.pa);
}

static size_t to_page_end(pv_va_t va, size_t size)
{
    size_t room = PV_PAGE_SIZE - (va & (PV_PAGE_SIZE - 1));

    return size < room ? size : room;
}

int pv_user_copy_in(void *dst, pv_va_t src, size_t size)
{
    char *to = dst;

    if (size != 0 && !in_user_window(src, size))
        return -PV_EFAULT;
    while (size > 0) {
        size_t part = to_page_end(src, size);
        const char *from = user_bytes(src, 0);

        if (from == NULL)
            return -PV_EFAULT;
        memcpy(to, from, part);
        to += part;
        src += part;
        size -= part;
    }
    return 0;
}

int pv_user_copy_out(pv_va_t dst, const void *src, size_t size)
{
    const char *from = src;

    if (size != 0 && !in_user_window(dst, size))
        return -PV_EFAULT;
    while (size > 0) {
        size_t part = to_page_end(dst, size);
        char *to = user_bytes(dst, PV_PF_W);

        if (to == NULL)
            return -PV_EFAULT;
        memcpy(to, from, part);
        from += part;
        dst += part;
        size -= part;
    }
    return 0;
}

int pv_user_copy_str(char *dst, pv_va_t src, size_t size)
{
    size_t length = 0;

    while (length < size) {
        size_t part = to_page_end(src, size - length);
        const char *from = in_user_window(src, 1) ? user_bytes(src, 0) : NULL;

        if (from == NULL)
            return -PV_EFAULT;
        for (size_t i = 0; i < part; i++, length++) {
            dst[length] = from[i];
            if (from[i] == '\0')
                return (int)length;
        }
        src += part;
    }
    return in_user_window(src - length, 1) ? -PV_ENAMETOOLONG : -PV_EFAULT;
}

bool pv_user_fault_fixup(struct pv_frame *frame)
{
    if (pv_frame_from_user(frame) || frame->rip != (uint64_t)posix_user_fault_return)
        return false;
    frame->rip = (uint64_t)posix_user_fault_fail;
    return true;
}
