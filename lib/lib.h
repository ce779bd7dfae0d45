/* SPDX-License-Identifier: MIT */
/*
 * Guest code that all backends share: memory and string functions, formatting, the crash dump, trace events,
 * options of the command line. Part of every libpvops-<backend>.a; kernels do not include this.
 *
 * A backend provides the functions of the last group.
 */
#ifndef PVOPS_LIB_H
#define PVOPS_LIB_H

#include <stdarg.h>

#include <pvops/pvops.h>

/* string.c: weak, so that a kernel's own win. */
void *memcpy(void *dst, const void *src, size_t size);
void *memmove(void *dst, const void *src, size_t size);
void *memset(void *dst, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);

/* format.c: %s %c %u %d %x %lu %ld %lx %% and a width with leading 0 for numbers (%016lx). Returns the length, cut to size - 1. */
size_t lib_format(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t lib_vformat(char *to, size_t size, const char *format, va_list args);

/* control.c: a line of pvops/abi/control.h to pvrun, if it is there. */
void lib_control_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* crash.c: the handler of all traps until the kernel has one: a crash that names the exception. */
void lib_trap_no_entry(struct pv_frame *frame);

/* trace.c: the i-th remembered event, oldest first; false behind the last. */
struct lib_trace_event {
    uint64_t time, a, b;
    const char *name;
};
bool lib_trace_get(unsigned i, struct lib_trace_event *event);

/* Provided by the backend. */
bool lib_control_present(void);                          /* pvrun reads the control channel */
void lib_control_write(const char *data, size_t size);   /* only if it is present */
PV_NORETURN void lib_power_end(void);                    /* end the guest; what was said before counts */

#endif
