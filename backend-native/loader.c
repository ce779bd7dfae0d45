/* SPDX-License-Identifier: MIT */
/*
 * Reads what the boot loader left in memory: PVH start info or Multiboot2 information.
 *
 * Called first by boot.c, while the early tables of start.S map the first 4 GiB. All is copied, so that the
 * memory it lies in is free afterwards. PVH: Xen's public/arch-x86/hvm/start_info.h; Multiboot2: specification
 * 2.0, 3.6.
 */
#include "loader.h"
#include "native.h"

#define PVH_MAGIC 0x336ec578
#define MULTIBOOT2_MAGIC 0x36d76289
#define EARLY_LIMIT (4UL << 30) /* what start.S maps */

extern uint32_t native_loader_magic, native_loader_info;

struct native_loader native_loader;

struct pvh_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, cmdline, rsdp;
    uint64_t map; /* from version 1 on */
    uint32_t map_count, zero;
};

struct pvh_module {
    uint64_t base, size, cmdline, zero;
};

struct pvh_map {
    uint64_t base, size;
    uint32_t type, zero;
};

struct mb2_tag {
    uint32_t type, size;
};

struct mb2_map {
    struct mb2_tag tag;
    uint32_t entry_size, version;
};

struct mb2_module {
    struct mb2_tag tag;
    uint32_t start, end;
};

struct mb2_framebuffer {
    struct mb2_tag tag;
    uint64_t base;
    uint32_t pitch, width, height;
    uint8_t bits, type;
};

enum mb2_type { MB2_END = 0, MB2_CMDLINE = 1, MB2_MODULE = 3, MB2_MAP = 6, MB2_FB = 8, MB2_RSDP = 14, MB2_XSDP = 15 };

/* A copy of a Multiboot2 RSDP, whose own place is not kept. */
static uint64_t rsdp_copy[8];

static size_t copy_string(char *to, size_t size, const char *from)
{
    size_t length = 0;

    while (length + 1 < size && from[length] != '\0') {
        to[length] = from[length];
        length++;
    }
    to[length] = '\0';
    return length;
}

static void add_map(uint64_t base, uint64_t size, uint32_t type)
{
    struct native_loader *l = &native_loader;

    if (size == 0 || base + size < base || l->map_count == NATIVE_MAP_MAX)
        return;
    l->map[l->map_count++] = (struct native_map_entry){base, size, type};
}

static void add_module(uint64_t base, uint64_t size, const char *cmdline)
{
    struct native_loader *l = &native_loader;
    char *text = l->module_cmdlines + l->module_cmdlines_used;
    size_t left = sizeof l->module_cmdlines - l->module_cmdlines_used;

    if (l->module_count == NATIVE_MODULES_MAX || size == 0 || left < 2)
        return;
    l->module_cmdlines_used += copy_string(text, left, cmdline) + 1;
    l->modules[l->module_count++] = (struct pv_boot_module){base, size, text};
}

static const char *pvh_string(uint64_t pa)
{
    return pa != 0 && pa < EARLY_LIMIT ? pv_phys_to_virt(pa) : "";
}

static const char *read_pvh(const struct pvh_info *info)
{
    struct native_loader *l = &native_loader;
    const struct pvh_module *modules = pv_phys_to_virt(info->modules);
    const struct pvh_map *map = pv_phys_to_virt(info->map);

    if (info->version < 1 || info->map_count == 0)
        return "the loader gives no memory map (PVH version 0)";
    if (info->map >= EARLY_LIMIT || info->modules >= EARLY_LIMIT)
        return "the loader's tables lie above 4 GiB";
    copy_string(l->cmdline, sizeof l->cmdline, pvh_string(info->cmdline));
    for (uint32_t i = 0; i < info->map_count; i++)
        add_map(map[i].base, map[i].size, map[i].type);
    for (uint32_t i = 0; i < info->module_count; i++)
        add_module(modules[i].base, modules[i].size, pvh_string(modules[i].cmdline));
    l->rsdp = info->rsdp;
    return NULL;
}

static void read_mb2_map(const struct mb2_map *map)
{
    const char *entry = (const char *)(map + 1);
    const char *end = (const char *)map + map->tag.size;

    if (map->entry_size < sizeof(struct pvh_map))
        return;
    for (; entry + sizeof(struct pvh_map) <= end; entry += map->entry_size) {
        const struct pvh_map *e = (const struct pvh_map *)entry;

        add_map(e->base, e->size, e->type);
    }
}

static void read_mb2_framebuffer(const struct mb2_framebuffer *fb)
{
    if (fb->type != 1 || fb->bits != 32)
        return;
    native_loader.framebuffer = (struct pv_boot_framebuffer){fb->base, fb->width, fb->height, fb->pitch, 0};
}

static void read_mb2_rsdp(const struct mb2_tag *tag)
{
    size_t size = tag->size - sizeof *tag;

    if (size > sizeof rsdp_copy || (tag->type == MB2_RSDP && native_loader.rsdp != 0))
        return;
    memcpy(rsdp_copy, tag + 1, size);
    native_loader.rsdp = pv_virt_to_phys(rsdp_copy);
}

static void read_mb2_tag(const struct mb2_tag *tag)
{
    const struct mb2_module *module = (const struct mb2_module *)tag;

    switch (tag->type) {
    case MB2_CMDLINE:
        copy_string(native_loader.cmdline, sizeof native_loader.cmdline, (const char *)(tag + 1));
        break;
    case MB2_MODULE:
        add_module(module->start, module->end - module->start, (const char *)(module + 1));
        break;
    case MB2_MAP:
        read_mb2_map((const struct mb2_map *)tag);
        break;
    case MB2_FB:
        read_mb2_framebuffer((const struct mb2_framebuffer *)tag);
        break;
    case MB2_RSDP:
    case MB2_XSDP:
        read_mb2_rsdp(tag);
        break;
    default:
        break;
    }
}

static const char *read_mb2(const uint32_t *info)
{
    const char *end = (const char *)info + info[0];
    const struct mb2_tag *tag = (const struct mb2_tag *)(info + 2);

    while ((const char *)(tag + 1) <= end && tag->type != MB2_END && tag->size >= sizeof *tag) {
        read_mb2_tag(tag);
        tag = (const struct mb2_tag *)((const char *)tag + ((tag->size + 7) & ~7UL));
    }
    return native_loader.map_count != 0 ? NULL : "the loader gives no memory map (Multiboot2)";
}

const char *native_loader_read(void)
{
    const uint32_t *info = pv_phys_to_virt(native_loader_info);

    if (native_loader_magic == MULTIBOOT2_MAGIC)
        return read_mb2(info);
    if (info[0] == PVH_MAGIC)
        return read_pvh((const struct pvh_info *)info);
    return "started by a loader that speaks neither PVH nor Multiboot2";
}
