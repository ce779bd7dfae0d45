/* SPDX-License-Identifier: MIT */
/* The symbolizer (symbols.h): functions and untyped labels (assembly) of defined sections, sorted, looked up
 * by binary search. Used by crash.c. The image is hostile: the table is limited, names are checked once. */
#include "symbols.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS_MAX 1000000u
#define NAMES_MAX (64u << 20)

/* Take functions and untyped labels; of several at one address the typed, sized one sorts first. */
static bool wanted(const Elf64_Sym *entry, const struct elf_symtab *symtab)
{
    unsigned type = ELF64_ST_TYPE(entry->st_info);
    const char *name;

    if ((type != STT_FUNC && type != STT_NOTYPE) || entry->st_shndx == SHN_UNDEF ||
        entry->st_shndx >= SHN_LORESERVE || entry->st_name >= symtab->names_size)
        return false;
    name = symtab->names + entry->st_name;
    return name[0] != '\0' && strncmp(name, ".L", 2) != 0;
}

static int compare(const void *left, const void *right)
{
    const struct symbol *a = left, *b = right;

    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return a->name < b->name ? -1 : a->name > b->name;
}

static bool covered(const struct elf_image *image, uint64_t address)
{
    for (unsigned i = 0; i < image->segments; i++)
        if (address - image->segment[i].virtual < image->segment[i].memory_size)
            return true;
    return false;
}

static size_t collect(struct symbols *symbols, const struct elf_symtab *symtab, const struct elf_image *image)
{
    size_t used = 0;

    for (size_t i = 0; i < symtab->count && used < SYMBOLS_MAX; i++) {
        Elf64_Sym entry;
        memcpy(&entry, symtab->entries + i * sizeof entry, sizeof entry);
        if (!wanted(&entry, symtab) || !covered(image, entry.st_value))
            continue;
        if (symbols->symbol != NULL)
            symbols->symbol[used] = (struct symbol){entry.st_value, entry.st_size, entry.st_name};
        used++;
    }
    return used;
}

void symbols_load(struct symbols *symbols, const struct elf_image *image)
{
    struct elf_symtab symtab;
    size_t count;

    memset(symbols, 0, sizeof *symbols);
    if (!elf_find_symtab(image, &symtab) || symtab.names_size > NAMES_MAX)
        return;
    count = collect(symbols, &symtab, image);
    if (count == 0)
        return;
    symbols->symbol = calloc(count, sizeof *symbols->symbol);
    symbols->names = malloc(symtab.names_size);
    if (symbols->symbol == NULL || symbols->names == NULL) {
        symbols_free(symbols);
        return;
    }
    memcpy(symbols->names, symtab.names, symtab.names_size);
    symbols->count = collect(symbols, &symtab, image);
    qsort(symbols->symbol, symbols->count, sizeof *symbols->symbol, compare);
    for (unsigned i = 0; i < image->segments; i++) {
        uint64_t end = image->segment[i].virtual + image->segment[i].memory_size;
        if (end > symbols->end)
            symbols->end = end;
    }
}

void symbols_free(struct symbols *symbols)
{
    free(symbols->symbol);
    free(symbols->names);
    memset(symbols, 0, sizeof *symbols);
}

/* Index behind the last symbol that starts at or below address. */
static size_t upper_bound(const struct symbols *symbols, uint64_t address)
{
    size_t low = 0, high = symbols->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (symbols->symbol[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *offset)
{
    size_t i = upper_bound(symbols, address);
    const struct symbol *symbol;

    if (i == 0 || address >= symbols->end)
        return NULL;
    symbol = &symbols->symbol[i - 1];
    while (symbol > symbols->symbol && symbol[-1].address == symbol->address)
        symbol--;
    *offset = address - symbol->address;
    /* Behind the end of a sized function: alignment padding, which belongs to nobody. */
    if (symbol->size != 0 && *offset >= symbol->size)
        return NULL;
    return symbols->names + symbol->name;
}
