/* SPDX-License-Identifier: MIT */
/** @file
 * Kernels of the native backend: a run in QEMU. The one entry that main.c's table of backends has for it.
 */
#ifndef PVRUN_NATIVE_H
#define PVRUN_NATIVE_H

#include "kernel.h"
#include "options.h"

/** RAM of the machine that neither kernel nor initrd can have: firmware tables of QEMU's. */
#define NATIVE_RESERVE (256u << 10)

/** Run to the end, reboots included; the status to exit with. */
int native_run(const struct options *options, const struct kernel *kernel);

#endif
