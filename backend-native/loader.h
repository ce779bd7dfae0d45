/* SPDX-License-Identifier: MIT */
/* What a boot loader said, in one form: filled by loader.c, used by boot.c and memory.c. */
#ifndef PVOPS_NATIVE_LOADER_H
#define PVOPS_NATIVE_LOADER_H

#include <pvops/boot.h>

#define NATIVE_MAP_MAX 128
#define NATIVE_MODULES_MAX 16
#define NATIVE_CMDLINE_MAX 4096

/* Types of the firmware's memory map (ACPI 6.4, table 15-3), as both loaders pass them on. */
#define NATIVE_MAP_RAM 1
#define NATIVE_MAP_ACPI 3
#define NATIVE_MAP_NVS 4

struct native_map_entry {
    uint64_t base, size;
    uint32_t type;
};

struct native_loader {
    struct native_map_entry map[NATIVE_MAP_MAX];
    unsigned map_count;
    struct pv_boot_module modules[NATIVE_MODULES_MAX];
    unsigned module_count;
    char cmdline[NATIVE_CMDLINE_MAX];
    char module_cmdlines[NATIVE_CMDLINE_MAX]; /* all of them, one after the other */
    size_t module_cmdlines_used;
    pv_pa_t rsdp; /* 0: not told */
    struct pv_boot_framebuffer framebuffer;
};

extern struct native_loader native_loader;

/* Read what the loader left; NULL, or what is wrong with it. */
const char *native_loader_read(void);

/* memory.c: the regions of pv_boot_info and the pages that the backend's own tables come from. */
extern struct pv_memory_region native_regions[];
extern unsigned native_region_count;

const char *native_memory_init(void);
pv_pa_t native_memory_end(void);
void *native_page_alloc(void); /* a zeroed page in the direct map; crashes when the pool is empty */

#endif
