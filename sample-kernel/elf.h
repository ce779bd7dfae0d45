/* SPDX-License-Identifier: MIT */
/* Reading a program's file: elf.c. */
#ifndef SAMPLE_ELF_H
#define SAMPLE_ELF_H

#include "klib.h"

#define ELF_SEGMENTS_MAX 8

/* A segment to load; va and memory_size lie in the program's window, offset and file_size in the file. */
struct elf_segment {
    uint64_t va;
    uint64_t memory_size; /* bytes; those behind file_size are zeros */
    uint64_t offset;
    uint64_t file_size;
    bool writable, executable;
};

struct elf_program {
    uint64_t entry;
    uint64_t end; /* first page border behind the last segment */
    unsigned segment_count;
    struct elf_segment segments[ELF_SEGMENTS_MAX]; /* by rising addresses, no two on one page */
};

/*
 * Check a static ELF64 executable for x86-64 whose segments shall lie in [base, limit), both page-aligned.
 * True: program is filled, and all that it says holds. False: do not run it.
 */
bool elf_read(const void *file, uint64_t size, uint64_t base, uint64_t limit, struct elf_program *program);

#endif
