/* SPDX-License-Identifier: MIT */
/** @file
 * A kernel image: what pvrun has to know of it before anything runs. elf_parse works on a buffer, does no
 * I/O and allocates nothing; the result points into the buffer. Every byte of the buffer may be hostile.
 */
#ifndef PVOPS_HOST_ELF_H
#define PVOPS_HOST_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum elf_error {
    ELF_OK = 0,
    ELF_NOT_ELF,     /**< no ELF magic: not an ELF file at all */
    ELF_TRUNCATED,   /**< a header, table or segment lies outside the file */
    ELF_NOT_64BIT,   /**< 32-bit, or big-endian */
    ELF_NOT_X86_64,  /**< another machine */
    ELF_NOT_EXEC,    /**< relocatable, shared or position-independent */
    ELF_BAD_HEADER,  /**< sizes or version in the file header make no sense */
    ELF_BAD_SEGMENT, /**< a load segment overflows, or holds more file than memory */
    ELF_TOO_MANY,    /**< more program headers than ELF_SEGMENTS_MAX */
    ELF_NO_SEGMENT,  /**< nothing to load */
    ELF_BAD_ENTRY,   /**< the entry point is in no segment */
    ELF_BAD_NOTE,    /**< a PVOPS note of the wrong size, or two that differ */
    ELF_NO_NOTE,     /**< no PVOPS note: not built with pvops */
};

#define ELF_SEGMENTS_MAX 64

struct elf_segment {
    uint64_t offset;      /**< in the file */
    uint64_t file_size;   /**< bytes */
    uint64_t memory_size; /**< bytes, >= file_size */
    uint64_t virtual, physical;
    unsigned flags; /**< PF_R, PF_W, PF_X */
};

struct elf_image {
    const uint8_t *data; /**< the buffer that was parsed */
    size_t size;
    uint64_t entry;
    unsigned segments;
    struct elf_segment segment[ELF_SEGMENTS_MAX];
    uint64_t top; /**< first physical address behind all segments */
    /* the PVOPS note, see pvops/abi/note.h */
    uint32_t abi, backend;
    uint64_t memory; /**< bytes the backend needs besides the image */
    bool has_note;
    bool has_pvh; /**< a PVH entry note: QEMU can boot it */
};

/** Parse `size` bytes at `data`. On any error but ELF_NO_NOTE the content of *image is undefined. */
enum elf_error elf_parse(struct elf_image *image, const void *data, size_t size);

/** What the error means, for "NAME: ..." in a message. */
const char *elf_error_text(enum elf_error error);

/** The symbol table, if the image has a sound one: both arrays inside the buffer. */
struct elf_symtab {
    const uint8_t *entries; /**< `count` Elf64_Sym, not necessarily aligned */
    size_t count;
    const char *names; /**< `names_size` bytes, the last one 0 */
    size_t names_size;
};

/** False when there is none or it is damaged: a crash report then shows bare addresses. */
bool elf_find_symtab(const struct elf_image *image, struct elf_symtab *symtab);

#endif
