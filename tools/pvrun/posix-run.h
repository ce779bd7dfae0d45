/* SPDX-License-Identifier: MIT */
/** @file
 * What the files of the posix backend's host share. posix-host.c asks the host, posix-machine.c makes the
 * guest's memory, posix-launch.c the two processes, posix.c runs them. The other side is backend-posix/monitor.
 */
#ifndef PVRUN_POSIX_RUN_H
#define PVRUN_POSIX_RUN_H

#include "host/elf.h"
#include "kernel.h"
#include "options.h"
#include "run.h"

/** The guest's machine: three sealed memfds, and the monitor's arguments. */
struct posix_machine {
    int ram, abi, shared; /**< -1: none */
    uint64_t memory_size; /**< bytes of RAM: whole pages */
    size_t argc;
    char *argv[ELF_SEGMENTS_MAX + 3]; /**< a name, segments, entry, NULL */
    char text[ELF_SEGMENTS_MAX + 2][64];
};

struct posix {
    struct run run;      /**< first; PROCESS_GUEST is the vcpu process, PROCESS_HELPER the zygote */
    int monitor, zygote; /**< executable files */
    bool had_children;   /**< pvrun has children that it did not start */
    bool zygote_first;   /**< the zygote has ended while the vcpu process went on */
    struct posix_machine machine;
};

/* All of these give 0, or a status to exit with after a message. */

/** The host has what the backend needs; limits of this process are raised where that is needed and allowed. */
int posix_check_host(const struct options *options);

/** Fresh memory with kernel, initrd and command line in place. */
int posix_machine_make(struct posix_machine *machine, const struct options *options,
                       const struct kernel *kernel);
void posix_machine_drop(struct posix_machine *machine);

/** A program: the file that the environment variable names, else a memfd `name` of the bytes. */
int posix_program_open(int *fd, const char *name, const char *variable, const char *bytes, const char *end);
/** The zygote, then the vcpu process. */
int posix_launch(struct posix *posix);

/** RAM [0, this) is for what pvrun tells the kernel. */
#define POSIX_BOOT_DATA_END 0x10000u
#define POSIX_CMDLINE 0x1000u

#endif
