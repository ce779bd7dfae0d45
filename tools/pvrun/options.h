/* SPDX-License-Identifier: MIT */
/** @file
 * The options of pvrun, parsed by a pure function: no I/O, no exit, no allocation. Strings in the result are
 * those of argv.
 */
#ifndef PVRUN_OPTIONS_H
#define PVRUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_QEMU_ARGS_MAX 64
#define OPTIONS_ERROR_MAX 200

struct options {
    const char *kernel;  /**< NULL only with help or version */
    const char *append;  /**< kernel command line, "" without one */
    const char *initrd;  /**< or NULL */
    const char *machine; /**< QEMU's name, with properties of the user's behind a comma */
    const char *cpu;     /**< or NULL: QEMU's default */
    const char *qemu;    /**< or NULL: PVRUN_QEMU, then qemu-system-x86_64 */
    uint64_t memory;     /**< bytes */
    uint64_t timeout;    /**< ns, 0: none */
    const char *qemu_arg[OPTIONS_QEMU_ARGS_MAX];
    size_t qemu_args;
    const char *native_only; /**< name of an option given that makes sense for QEMU only, or NULL */
    bool icount, no_input, verbose, help, version;
};

/** True, or false with one line (without "pvrun:" and newline) in `error`. argv[0] is not looked at. */
bool options_parse(struct options *options, int argc, const char *const argv[],
                   char error[OPTIONS_ERROR_MAX]);

/** The text of --help. */
extern const char options_help[];

#endif
