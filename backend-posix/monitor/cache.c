/* SPDX-License-Identifier: MIT */
/*
 * What a space has mapped: a hash table from page to physical page and rights, with open addressing. Kept by
 * space-cache.c, which holds it against the guest's tables. Memory comes from the host in whole mappings.
 */
#include <sys/mman.h>

#include "monitor.h"
#include "raw.h"

#define KEY_FREE 0UL
#define KEY_DELETED 2UL
#define SIZE_FIRST 256u

void *monitor_map_private(size_t size)
{
    long at = raw(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at < 0)
        monitor_host_fails("no memory is left for the monitor");
    return (void *)at;
}

void monitor_unmap_private(void *at, size_t size)
{
    raw(__NR_munmap, at, size);
}

static uint32_t slot_of(const struct cache *cache, pv_va_t va)
{
    return (uint32_t)((va >> PV_PAGE_SHIFT) * 0x9e3779b97f4a7c15UL >> 32) & (cache->size - 1);
}

static void allocate(struct cache *cache, uint32_t size)
{
    cache->keys = monitor_map_private(2UL * size * sizeof(uint64_t));
    cache->values = cache->keys + size;
    cache->size = size;
    cache->used = cache->pages = 0;
}

/* Make room, also by forgetting deleted keys. */
static void grow(struct cache *cache)
{
    struct cache old = *cache;

    allocate(cache, old.pages * 4 > SIZE_FIRST ? old.size * (old.pages * 4 > old.size ? 2 : 1) : SIZE_FIRST);
    for (uint32_t i = 0; i < old.size; i++)
        if (old.keys[i] & 1)
            cache_put(cache, old.keys[i] & PV_PAGE_MASK, old.values[i]);
    if (old.size != 0)
        monitor_unmap_private(old.keys, 2UL * old.size * sizeof(uint64_t));
}

static bool find(const struct cache *cache, pv_va_t va, uint32_t *at)
{
    if (cache->size == 0)
        return false;
    for (*at = slot_of(cache, va); cache->keys[*at] != KEY_FREE; *at = (*at + 1) & (cache->size - 1))
        if (cache->keys[*at] == (va | 1))
            return true;
    return false;
}

void cache_put(struct cache *cache, pv_va_t va, uint64_t value)
{
    uint32_t at;

    if (find(cache, va, &at)) {
        cache->values[at] = value;
        return;
    }
    if (cache->size == 0 || cache->used * 4 >= cache->size * 3) {
        grow(cache);
        find(cache, va, &at);
    }
    cache->keys[at] = va | 1;
    cache->values[at] = value;
    cache->used++;
    cache->pages++;
}

bool cache_get(const struct cache *cache, pv_va_t va, uint64_t *value)
{
    uint32_t at;

    if (!find(cache, va, &at))
        return false;
    *value = cache->values[at];
    return true;
}

void cache_remove(struct cache *cache, pv_va_t va)
{
    uint32_t at;

    if (!find(cache, va, &at))
        return;
    cache->keys[at] = KEY_DELETED;
    cache->pages--;
}

void cache_clear(struct cache *cache)
{
    uint64_t span = cache->span;

    if (cache->size > 4096) { /* do not keep the table of a giant */
        monitor_unmap_private(cache->keys, 2UL * cache->size * sizeof(uint64_t));
        *cache = (struct cache){.span = span};
        return;
    }
    for (uint32_t i = 0; i < cache->size; i++)
        cache->keys[i] = KEY_FREE;
    cache->used = cache->pages = 0;
}
