/* SPDX-License-Identifier: MIT */
/* The console: console.c. */
#ifndef SAMPLE_CONSOLE_H
#define SAMPLE_CONSOLE_H

#include "kernel.h"

/* Start to take interrupts. Output works before, too. */
void console_init(void);

/* Read a line, or the rest of one, to user memory: bytes, 0 at the end of file, or a negative error. */
long console_read(pv_va_t dst, size_t size);

/* Write from user memory; sleeps while there is no room. Bytes, or a negative error. */
long console_write(pv_va_t src, size_t size);

/* For printk: write now, from any context, without sleeping. */
void console_print(const char *text, size_t size);

/* Wait, without sleeping, until the machine has taken all output. */
void console_drain(void);

#endif
