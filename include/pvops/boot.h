/* SPDX-License-Identifier: MIT */
/** @file
 * @defgroup boot Boot
 * How the kernel is entered and what it is told.
 *
 * The start-up code of the backend brings the machine into one state on every backend and calls
 * pv_kernel_main(), which the kernel provides:
 *   - the boot CPU runs, interrupts are off, the stack has 16 KiB;
 *   - paging is on with a root of the backend's: the kernel image is mapped at its link address with the
 *     rights of its segments, all RAM is mapped read-write at PV_DIRECT_BASE (the direct map), and nothing
 *     is mapped in the user window. A kernel without page tables of its own needs no mmu op;
 *   - C++ constructors (.init_array) have run;
 *   - no trap entry is registered: a trap before pv_trap_init() is a crash with a dump.
 *
 * pv_boot_info and all it points to lie in memory of region type PV_MEMORY_KERNEL and stay valid for ever.
 * @{
 */
#ifndef PVOPS_BOOT_H
#define PVOPS_BOOT_H

#include <pvops/abi/note.h>
#include <pvops/types.h>

PV_BEGIN_DECLS

/** What a range of guest physical memory is. */
enum pv_memory_type {
    PV_MEMORY_RAM = 1,      /**< free for the kernel */
    PV_MEMORY_KERNEL = 2,   /**< kernel image, boot stack, tables and data of the backend: never free */
    PV_MEMORY_MODULE = 3,   /**< a boot module; the kernel may reuse it when it has done with the module */
    PV_MEMORY_FIRMWARE = 4, /**< tables of the firmware: readable through the direct map, not free */
};

/**
 * A range of RAM. Regions do not overlap, are sorted by address and are page-aligned. What no region names
 * is not RAM.
 */
struct pv_memory_region {
    pv_pa_t base;  /**< first byte */
    uint64_t size; /**< bytes, a multiple of PV_PAGE_SIZE, not 0 */
    uint32_t type; /**< enum pv_memory_type; treat an unknown value as not free */
    uint32_t zero; /**< 0 */
};

/** A file that was loaded with the kernel, an initrd for instance. */
struct pv_boot_module {
    pv_pa_t base;        /**< first byte, page-aligned */
    uint64_t size;       /**< bytes, as in the file */
    const char *cmdline; /**< its own command line, "" if none */
};

/** A linear framebuffer of 32-bit pixels (0x00RRGGBB), or all 0. */
struct pv_boot_framebuffer {
    pv_pa_t base;    /**< first byte; outside the direct map */
    uint32_t width;  /**< pixels */
    uint32_t height; /**< lines */
    uint32_t pitch;  /**< bytes from line to line */
    uint32_t zero;   /**< 0 */
};

/** @name Feature bits of pv_boot_info.features
 * What this run offers beyond the least that every backend has. @{ */
#define PV_FEATURE_PLAIN_PTE (1UL << 0)  /**< PTEs may be changed by plain stores as well as by pv_pte_set() */
#define PV_FEATURE_PAGE_2M (1UL << 1)    /**< 2 MiB pages (PV_PTE_LARGE at level 2) */
#define PV_FEATURE_PAGE_1G (1UL << 2)    /**< 1 GiB pages (PV_PTE_LARGE at level 3) */
#define PV_FEATURE_WALL_CLOCK (1UL << 3) /**< pv_time_wall() knows the date */
#define PV_FEATURE_STEAL (1UL << 4)      /**< pv_time_steal() measures */
#define PV_FEATURE_SMP (1UL << 5)        /**< more than one CPU can be started */
/** @} */

/** What the kernel is told at its entry. Fields may be appended in later versions; size tells. */
struct pv_boot_info {
    uint32_t abi_version; /**< PV_ABI_VERSION of the backend */
    uint32_t size;        /**< bytes of this structure as the backend knows it */
    uint64_t features;    /**< PV_FEATURE_x */
    const char *cmdline;  /**< the kernel's command line, never NULL */
    const struct pv_memory_region *regions;
    const struct pv_boot_module *modules;
    uint32_t region_count;
    uint32_t module_count;
    uint32_t cpu_count; /**< CPUs of the machine, the boot CPU included */
    uint32_t zero;      /**< 0 */
    pv_pa_t root;       /**< root page table in use; pv_mmu_root_init() makes others like it */
    pv_pa_t memory_end; /**< end of the highest region: the direct map covers [0, memory_end) where there is RAM */
    struct pv_boot_framebuffer framebuffer;
};

/**
 * The kernel's entry, provided by the kernel.
 *
 * @param info  what the machine has; valid for ever
 *
 * Context: boot CPU, interrupts off. Must not return: a return is pv_power_crash("pv_kernel_main returned").
 */
void pv_kernel_main(const struct pv_boot_info *info);

/**
 * The value of an option on the kernel's command line.
 *
 * Words are separated by blanks; a word is NAME or NAME=VALUE, and VALUE may be written "in quotes" to hold
 * blanks (the quotes are not part of the value).
 *
 * @param info   boot information
 * @param name   option to look for, without '='
 * @param value  buffer for the value, always terminated when size > 0
 * @param size   bytes in the buffer
 * @return       length of the value (0 for a bare NAME; may be >= size, then it was cut), or -PV_ENOENT
 *
 * Context: any.
 */
int pv_boot_option(const struct pv_boot_info *info, const char *name, char *value, size_t size);

PV_END_DECLS

/** @} */
#include <pvops/backend/boot.h>
#endif
