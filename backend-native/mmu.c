/* SPDX-License-Identifier: MIT */
/*
 * The kernel half on bare x86-64, and the mmu ops that are not one instruction.
 *
 * boot.c calls native_mmu_init() once: direct map, image with its segments' rights, the kernel's own window,
 * device registers, the gate page. Every other root gets the same entries, so that what is added below them
 * is seen by all (pv_mmu_root_init). User copies: copy.S. SDM vol. 3, chapter 4.
 */
#include "loader.h"
#include "mmu.h"
#include "native.h"

#define DEVICE_BASE 0xffffe00000000000UL
#define SLOT_OF(va) pv_mmu_index(va, 4)
#define TABLE_FLAGS (PV_PTE_P | PV_PTE_W)
#define INVALIDATE_MAX 64 /* pages; beyond that a reload is cheaper than so many invlpg */
#define CR4_PGE (1UL << 7)

extern const char pv_image_begin[], pv_image_rodata[], pv_image_data[], pv_image_end[];
extern const char native_boot_stack_guard[], native_gate_page[];
extern const char native_copy_begin[], native_copy_end[], native_copy_fail[];
int native_copy(void *dst, const void *src, size_t size);
int native_copy_str(char *dst, const char *src, size_t size);

static pv_pte_t *boot_root;
static pv_va_t device_next = DEVICE_BASE;
static bool pages_1g;

/* The entry of @a level for @a va, with tables made on the way. */
static pv_pte_t *entry_for(pv_va_t va, unsigned level, uint64_t table_flags)
{
    pv_pte_t *table = boot_root;

    for (unsigned l = PV_MMU_LEVELS; l > level; l--) {
        pv_pte_t *entry = &table[pv_mmu_index(va, l)];

        if (!(*entry & PV_PTE_P))
            *entry = pv_pte_make(pv_virt_to_phys(native_page_alloc()), table_flags);
        table = pv_phys_to_virt(pv_pte_pa(*entry));
    }
    return &table[pv_mmu_index(va, level)];
}

static unsigned largest_level(pv_va_t va, pv_pa_t pa, uint64_t size)
{
    for (unsigned level = pages_1g ? 3 : 2; level > 1; level--)
        if (((va | pa) & (PV_MMU_SPAN(level) - 1)) == 0 && size >= PV_MMU_SPAN(level))
            return level;
    return 1;
}

static void map(pv_va_t va, pv_pa_t pa, uint64_t size, uint64_t flags)
{
    while (size > 0) {
        unsigned level = largest_level(va, pa, size);

        *entry_for(va, level, TABLE_FLAGS) = pv_pte_make(pa, flags | (level > 1 ? PV_PTE_LARGE : 0));
        va += PV_MMU_SPAN(level);
        pa += PV_MMU_SPAN(level);
        size -= PV_MMU_SPAN(level);
    }
}

/* In small pages, so that each segment has its own rights. */
static void map_image(const char *begin, const char *end, uint64_t flags)
{
    for (const char *page = begin; page < end; page += PV_PAGE_SIZE)
        if (page != native_boot_stack_guard)
            *entry_for((pv_va_t)page, 1, TABLE_FLAGS) = pv_pte_make(pv_virt_to_phys(page), flags | PV_PTE_P | PV_PTE_G);
}

static void map_direct(void)
{
    for (unsigned i = 0; i < native_region_count; i++) {
        const struct pv_memory_region *r = &native_regions[i];

        map(PV_DIRECT_BASE + r->base, r->base, r->size, PV_PTE_P | PV_PTE_W | PV_PTE_G | PV_PTE_NX);
    }
}

static void map_gate(void)
{
    uint64_t flags = PV_PTE_P | PV_PTE_U;

    *entry_for(PV_USER_GATE, 1, flags | PV_PTE_W) = pv_pte_make(pv_virt_to_phys(native_gate_page), flags);
}

void native_mmu_init(void)
{
    uint32_t id[4];

    native_cpuid(0x80000001, 0, id);
    pages_1g = (id[3] & (1u << 26)) != 0;
    boot_root = native_page_alloc();
    map_direct();
    map_image(pv_image_begin, pv_image_rodata, 0);
    map_image(pv_image_rodata, pv_image_data, PV_PTE_NX);
    map_image(pv_image_data, pv_image_end, PV_PTE_W | PV_PTE_NX);
    map_gate();
    entry_for(PV_VMAP_BASE, 3, TABLE_FLAGS);
    entry_for(DEVICE_BASE, 3, TABLE_FLAGS);
    pv_mmu_load(pv_virt_to_phys(boot_root));
}

pv_pa_t native_mmu_boot_root(void)
{
    return pv_virt_to_phys(boot_root);
}

bool native_mmu_has_1g(void)
{
    return pages_1g;
}

/* A range of physical addresses at the next free place of the device window. */
static char *map_window(pv_pa_t pa, uint64_t size, uint64_t flags)
{
    pv_pa_t first = pa & PV_PAGE_MASK;
    uint64_t pages = (pa + size - first + PV_PAGE_SIZE - 1) & PV_PAGE_MASK;
    char *va = (char *)device_next + (pa - first);

    for (uint64_t at = 0; at < pages; at += PV_PAGE_SIZE)
        *entry_for(device_next + at, 1, TABLE_FLAGS) = pv_pte_make(first + at, flags | PV_PTE_P | PV_PTE_NX);
    device_next += pages;
    return va;
}

volatile void *native_map_device(pv_pa_t pa, uint64_t size)
{
    return map_window(pa, size, PV_PTE_W | PV_PTE_PCD | PV_PTE_PWT);
}

const void *native_map_firmware(pv_pa_t pa, uint64_t size)
{
    return map_window(pa, size, 0);
}

void pv_mmu_root_init(pv_pa_t root)
{
    pv_pte_t *table = pv_phys_to_virt(root);

    /* Between the user window and the kernel half the boot root has the gate's slot only. */
    for (unsigned i = SLOT_OF(PV_USER_END); i < PV_MMU_ENTRIES; i++)
        table[i] = boot_root[i];
}

void pv_mmu_root_release(pv_pa_t root)
{
    /* Hardware keeps nothing of a root that is not loaded (no PCIDs are used). */
    (void)root;
}

void pv_mmu_invalidate_range(pv_va_t va, uint64_t size)
{
    uint64_t pages = ((va & ~PV_PAGE_MASK) + size + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE;

    if (size > INVALIDATE_MAX * PV_PAGE_SIZE) {
        pv_mmu_invalidate_all();
        return;
    }
    for (; pages > 0; pages--, va += PV_PAGE_SIZE)
        pv_mmu_invalidate_page(va);
}

void pv_mmu_invalidate_all(void)
{
    uint64_t cr4;

    /* A change of CR4.PGE drops global entries too (SDM vol. 3, 4.10.4.1). */
    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4)::"memory");
    __asm__ volatile("movq %0, %%cr4" ::"r"(cr4 & ~CR4_PGE) : "memory");
    __asm__ volatile("movq %0, %%cr4" ::"r"(cr4) : "memory");
}

static bool in_user_window(pv_va_t va, size_t size)
{
    return va >= PV_USER_BASE && va < PV_USER_END && size <= PV_USER_END - va;
}

int pv_user_copy_in(void *dst, pv_va_t src, size_t size)
{
    if (size == 0)
        return 0;
    return in_user_window(src, size) ? native_copy(dst, (const void *)src, size) : -PV_EFAULT;
}

int pv_user_copy_out(pv_va_t dst, const void *src, size_t size)
{
    if (size == 0)
        return 0;
    return in_user_window(dst, size) ? native_copy((void *)dst, src, size) : -PV_EFAULT;
}

int pv_user_copy_str(char *dst, pv_va_t src, size_t size)
{
    size_t room;
    int length;

    if (!in_user_window(src, 1))
        return -PV_EFAULT;
    room = PV_USER_END - src;
    length = native_copy_str(dst, (const char *)src, size < room ? size : room);
    /* A string that runs out of the user window, not out of the buffer. */
    return length == -PV_ENAMETOOLONG && room < size ? -PV_EFAULT : length;
}

bool pv_user_fault_fixup(struct pv_frame *frame)
{
    if (pv_frame_from_user(frame) || frame->rip < (uint64_t)native_copy_begin || frame->rip >= (uint64_t)native_copy_end)
        return false;
    frame->rip = (uint64_t)native_copy_fail;
    return true;
}
