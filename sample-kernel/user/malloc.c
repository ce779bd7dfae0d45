/* SPDX-License-Identifier: MIT */
/* malloc over sbrk: one list of free blocks, in the order of their addresses, first fit; neighbours are
 * joined when a block is freed. Memory goes back to the kernel only when the process ends. */
#include "lib.h"

/* Heads every block, free or not; 16 bytes, so that what follows is aligned for SSE. */
struct block {
    size_t size; /* with the head, a multiple of 16 */
    struct block *next;
};

#define GROW 65536UL

static struct block *free_list;

/* Puts a block into the list and joins it with the neighbours that it touches. */
static void insert(struct block *block)
{
    struct block **link = &free_list, *before = NULL;

    while (*link && *link < block) {
        before = *link;
        link = &before->next;
    }
    block->next = *link;
    *link = block;
    if (block->next && (char *)block + block->size == (char *)block->next) {
        block->size += block->next->size;
        block->next = block->next->next;
    }
    if (before && (char *)before + before->size == (char *)block) {
        before->size += block->size;
        before->next = block->next;
    }
}

static bool grow(size_t need)
{
    size_t size = (need + GROW - 1) / GROW * GROW;
    struct block *block;
    long at;

    at = sbrk((long)size + 16);
    if (at < 0)
        return false;
    block = (struct block *)(((uintptr_t)at + 15) & ~15UL);
    block->size = size;
    insert(block);
    return true;
}

static struct block *take(size_t need)
{
    struct block **link, *block, *rest;

    for (link = &free_list; *link && (*link)->size < need; link = &(*link)->next)
        ;
    block = *link;
    if (!block)
        return NULL;
    if (block->size - need < 2 * sizeof *block) {
        *link = block->next;
        return block;
    }
    rest = (struct block *)((char *)block + need);
    rest->size = block->size - need;
    rest->next = block->next;
    *link = rest;
    block->size = need;
    return block;
}

void *malloc(size_t size)
{
    struct block *block;
    size_t need;

    if (size > 1UL << 46)
        return NULL;
    need = (size + sizeof *block + 15) & ~15UL;
    block = take(need);
    if (!block && grow(need))
        block = take(need);
    return block ? block + 1 : NULL;
}

void free(void *memory)
{
    if (memory)
        insert((struct block *)memory - 1);
}
