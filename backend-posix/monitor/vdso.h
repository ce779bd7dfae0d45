/* SPDX-License-Identifier: MIT */
/* vdso.c for clock.c. */
#ifndef PVOPS_POSIX_VDSO_H
#define PVOPS_POSIX_VDSO_H

#include <stdint.h>
#include <time.h>

typedef int vdso_clock_t(clockid_t id, struct timespec *time);

/* The host's clock_gettime at AT_SYSINFO_EHDR, or NULL: use the system call. */
vdso_clock_t *vdso_find_clock(uint64_t image);

#endif
