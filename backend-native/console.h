/* SPDX-License-Identifier: MIT */
/* console.c for debug.c. */
#ifndef PVOPS_NATIVE_CONSOLE_H
#define PVOPS_NATIVE_CONSOLE_H

#include <stddef.h>

/* Write by polling, from any context; leaves the chip's interrupts as they are. */
void native_console_put(const char *data, size_t size);

#endif
