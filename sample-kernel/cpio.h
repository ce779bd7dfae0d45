/* SPDX-License-Identifier: MIT */
/* Reading a cpio archive in memory: cpio.c. */
#ifndef SAMPLE_CPIO_H
#define SAMPLE_CPIO_H

#include "klib.h"

/* One member of an archive. name and data point into the archive. */
struct cpio_entry {
    const char *name;  /* as in the archive, terminated */
    const char *data;  /* size bytes */
    uint64_t size;
    uint32_t mode;     /* type and rights, as in stat(2) */
};

#define CPIO_MODE_TYPE 0170000u
#define CPIO_MODE_DIRECTORY 0040000u
#define CPIO_MODE_FILE 0100000u

/*
 * Read the member at *offset and move *offset behind it. Starts with *offset = 0. Returns 1: entry is
 * filled; 0: the archive's end; -1: what is there is no archive, or is cut short.
 */
int cpio_next(const void *archive, size_t size, size_t *offset, struct cpio_entry *entry);

#endif
