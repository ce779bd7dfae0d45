/* SPDX-License-Identifier: MIT */
/** @file
 * Kernels of the posix backend: a run as unprivileged processes of the host. The one entry that main.c's table
 * of backends has for it.
 */
#ifndef PVRUN_POSIX_H
#define PVRUN_POSIX_H

#include "kernel.h"
#include "options.h"

/** Run to the end, reboots included; the status to exit with. */
int posix_run(const struct options *options, const struct kernel *kernel);

#endif
