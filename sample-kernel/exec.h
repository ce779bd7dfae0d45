/* SPDX-License-Identifier: MIT */
/* Starting programs: exec.c. */
#ifndef SAMPLE_EXEC_H
#define SAMPLE_EXEC_H

#include "kernel.h"

/*
 * Give the current process the program at path. argv is a NULL-terminated list of strings in user memory, or
 * NULL. 0: the process's user frame is the program's start. Or a negative error, and nothing has changed.
 */
int exec_from_user(const char *path, pv_va_t argv);

/* The same for a kernel thread, with arguments in kernel memory. */
int exec_from_kernel(const char *path, const char *const *argv);

#endif
