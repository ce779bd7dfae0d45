/* SPDX-License-Identifier: MIT */
/* The files of the initrd, read-only: initrd.c. */
#ifndef SAMPLE_INITRD_H
#define SAMPLE_INITRD_H

#include "kernel.h"

#define INITRD_FILES_MAX 256

struct initrd_file {
    const char *path; /* from the root, without '/' at the start; "" is the root itself */
    const char *data; /* size bytes */
    uint64_t size;
    bool directory, executable;
};

/* Read the first boot module. Ends the machine with a message when there is none. */
void initrd_init(const struct pv_boot_info *info);

/* The file or directory at path, or NULL. Slashes at the start and the end do not matter. */
const struct initrd_file *initrd_find(const char *path);

/* The index-th entry of a directory: 1, 0: no more, -ENOENT, -ENOTDIR. */
int initrd_read_directory(const char *path, unsigned index, struct dirent *entry);

#endif
