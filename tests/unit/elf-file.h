/* SPDX-License-Identifier: MIT */
/* A small image in memory, for test_elf.c and test_symbols.c, which damage it in one way per test. */
#ifndef PVOPS_TESTS_ELF_FILE_H
#define PVOPS_TESTS_ELF_FILE_H

#include <elf.h>
#include <string.h>

#include "host/elf.h"
#include "pvops/abi/note.h"

#define BASE 0xffffffff80100000ull
#define PHYSICAL 0x100000ull

/* The file: header, two program headers, notes, text, symbols, names, section headers. */
struct __attribute__((packed)) file {
    Elf64_Ehdr header;
    Elf64_Phdr load, note;
    struct {
        Elf64_Nhdr head;
        char name[4];
        uint64_t entry;
    } __attribute__((packed)) pvh;
    struct {
        Elf64_Nhdr head;
        char name[8];
        uint32_t abi, backend;
        uint64_t memory;
    } __attribute__((packed)) pvops;
    char text[64];
    Elf64_Sym symbol[6];
    char names[48];
    Elf64_Shdr section[3];
};

static struct file file;
static struct elf_image image;

#define AT(member) offsetof(struct file, member)

static void set_symbol(unsigned i, const char *name, unsigned type, uint64_t offset, uint64_t size)
{
    static uint32_t used;

    if (i == 0)
        used = 1;
    strcpy(file.names + used, name);
    file.symbol[i] = (Elf64_Sym){.st_name = used,
                                 .st_info = (unsigned char)ELF64_ST_INFO(STB_GLOBAL, type),
                                 .st_shndx = 1,
                                 .st_value = BASE + AT(text) + offset,
                                 .st_size = size};
    used += (uint32_t)strlen(name) + 1;
}

static void make_file(void)
{
    memset(&file, 0, sizeof file);
    memcpy(file.header.e_ident, ELFMAG "\2\1\1", 7);
    file.header.e_type = ET_EXEC;
    file.header.e_machine = EM_X86_64;
    file.header.e_version = EV_CURRENT;
    file.header.e_entry = PHYSICAL + AT(text);
    file.header.e_phoff = AT(load);
    file.header.e_phentsize = sizeof(Elf64_Phdr);
    file.header.e_phnum = 2;
    file.header.e_shoff = AT(section);
    file.header.e_shentsize = sizeof(Elf64_Shdr);
    file.header.e_shnum = 3;
    file.load = (Elf64_Phdr){.p_type = PT_LOAD,
                             .p_vaddr = BASE,
                             .p_paddr = PHYSICAL,
                             .p_filesz = AT(symbol),
                             .p_memsz = AT(symbol) + 0x1000};
    file.note = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = AT(pvh), .p_filesz = AT(text) - AT(pvh)};
    file.pvh.head = (Elf64_Nhdr){4, 8, 18};
    memcpy(file.pvh.name, "Xen", 4);
    file.pvops.head = (Elf64_Nhdr){sizeof PV_NOTE_NAME, PV_NOTE_DESC_SIZE, PV_NOTE_TYPE};
    memcpy(file.pvops.name, PV_NOTE_NAME, sizeof PV_NOTE_NAME);
    file.pvops.abi = 7;
    file.pvops.backend = PV_NOTE_BACKEND_KVM;
    file.pvops.memory = 0x123000;
    set_symbol(0, "first", STT_FUNC, 0, 16);
    set_symbol(1, "label", STT_NOTYPE, 32, 0);
    set_symbol(2, ".Llocal", STT_NOTYPE, 36, 0);
    set_symbol(3, "data", STT_OBJECT, 40, 8);
    set_symbol(4, "big", STT_FUNC, 48, 8);
    set_symbol(5, "alias", STT_NOTYPE, 48, 0);
    file.section[1] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                                   .sh_offset = AT(symbol),
                                   .sh_size = sizeof file.symbol,
                                   .sh_entsize = sizeof(Elf64_Sym),
                                   .sh_link = 2};
    file.section[2] =
        (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = AT(names), .sh_size = sizeof file.names};
}

static enum elf_error parse(void)
{
    return elf_parse(&image, &file, sizeof file);
}

#endif
