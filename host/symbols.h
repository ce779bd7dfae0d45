/* SPDX-License-Identifier: MIT */
/** @file
 * From an address of the guest to "name+0x24". The table is a copy, so that it stays right when the image
 * file is rebuilt while the guest runs.
 */
#ifndef PVOPS_HOST_SYMBOLS_H
#define PVOPS_HOST_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "host/elf.h"

struct symbol {
    uint64_t address;
    uint64_t size; /**< bytes, 0: up to the next symbol */
    uint32_t name; /**< offset in names */
};

struct symbols {
    struct symbol *symbol; /**< sorted by address */
    size_t count;
    char *names;
    uint64_t end; /**< first virtual address behind the image */
};

/** Collect the code symbols of an image that elf_parse accepted. None, or no memory for them: count 0. */
void symbols_load(struct symbols *symbols, const struct elf_image *image);
void symbols_free(struct symbols *symbols);

/** The symbol `address` lies in and its distance from it, or NULL. */
const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *offset);

#endif
