/* SPDX-License-Identifier: MIT */
/*
 * clock_gettime without a system call: the function in the page of code that the host kernel maps into every
 * process. vdso(7); ELF gABI, "Dynamic Section". The host kernel is trusted to have made a sane image.
 */
#include <elf.h>

#include "monitor.h"
#include "vdso.h"

static bool is_name(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

struct tables {
    const char *strings;
    const Elf64_Sym *symbols;
};

static struct tables find_tables(const char *image)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
    const Elf64_Phdr *ph = (const Elf64_Phdr *)(image + header->e_phoff);
    struct tables tables = {0, 0};

    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (ph[i].p_type != PT_DYNAMIC)
            continue;
        for (const Elf64_Dyn *d = (const Elf64_Dyn *)(image + ph[i].p_offset); d->d_tag != DT_NULL; d++) {
            if (d->d_tag == DT_STRTAB)
                tables.strings = image + d->d_un.d_ptr;
            else if (d->d_tag == DT_SYMTAB)
                tables.symbols = (const Elf64_Sym *)(image + d->d_un.d_ptr);
        }
    }
    return tables;
}

vdso_clock_t *vdso_find_clock(uint64_t image)
{
    struct tables tables;

    if (image == 0)
        return NULL;
    tables = find_tables((const char *)image);
    /* The number of symbols is told by hash tables only, of which there are kinds; the strings follow them. */
    for (const Elf64_Sym *s = tables.symbols; tables.strings != NULL && s != NULL && (const char *)s < tables.strings; s++)
        if (s->st_shndx != SHN_UNDEF && is_name(tables.strings + s->st_name, "__vdso_clock_gettime"))
            return (vdso_clock_t *)(image + s->st_value);
    return NULL;
}
