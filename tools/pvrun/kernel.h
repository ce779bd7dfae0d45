/* SPDX-License-Identifier: MIT */
/** @file
 * The files of a run: the kernel image and the initrd, opened, checked and measured before anything starts.
 */
#ifndef PVRUN_KERNEL_H
#define PVRUN_KERNEL_H

#include "host/elf.h"
#include "host/symbols.h"
#include "options.h"

struct kernel {
    const char *path;
    uint32_t backend; /**< PV_NOTE_BACKEND_x, or a number unknown to us */
    bool has_pvh;
    uint64_t needed; /**< bytes of RAM for image, backend and initrd */
    struct symbols symbols;
};

/** 0, or the status to exit with after a message has been printed. */
int kernel_open(struct kernel *kernel, const struct options *options);
void kernel_close(struct kernel *kernel);

/** A descriptor of a readable regular file and its size, or -1 after a message. */
int kernel_open_file(const char *path, uint64_t *size);

/** The image once more, for a backend that loads it itself: `use` gets it parsed. A status, 0 from `use`, or
 * that of an error after a message. */
int kernel_load(const struct kernel *kernel, int (*use)(const struct elf_image *image, void *context),
                void *context);

/** 0 when the RAM asked for holds the kernel and `reserve` bytes more, else a status after a message. */
int kernel_check_memory(const struct kernel *kernel, const struct options *options, uint64_t reserve);

#endif
