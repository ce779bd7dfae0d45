/* SPDX-License-Identifier: MIT */
/** @file
 * @defgroup console Console
 * One stream of bytes to the user and one back: a serial line, a terminal.
 *
 * Contract. Read and write never wait: they move what fits and say how much that was. When a byte has come in,
 * the console's line is raised (pv_irq_attach() it first), and not again before the kernel has read to the end
 * (pv_console_read() gave less than was asked for). After a write that took less than it was offered, the line
 * is raised once when there is room. The handler calls pv_console_events() and then reads and writes until
 * nothing moves. Bytes are not
 * translated: "\n" stays "\n" in both directions. The blocking helper serves kernels without interrupts.
 * @{
 */
#ifndef PVOPS_CONSOLE_H
#define PVOPS_CONSOLE_H

#include <pvops/types.h>

PV_BEGIN_DECLS

/** @name Bits of pv_console_events()
 * @{ */
#define PV_CONSOLE_INPUT (1U << 0)  /**< there is something to read */
#define PV_CONSOLE_OUTPUT (1U << 1) /**< there is room to write */
/** @} */

/**
 * Offer bytes to the console.
 *
 * @param data  bytes
 * @param size  how many
 * @return      how many were taken, 0..size
 *
 * When not all were taken, the line is raised once there is room. Context: kernel, callers exclude each other.
 */
size_t pv_console_write(const char *data, size_t size);

/** Write all of @a data, waiting without interrupts until it is taken. Context: kernel, any flag. */
void pv_console_write_all(const char *data, size_t size);

/**
 * Take bytes that have come in.
 *
 * @param data  buffer
 * @param size  bytes in the buffer
 * @return      bytes taken, 0 when none are there
 *
 * Context: kernel, callers exclude each other.
 */
size_t pv_console_read(char *data, size_t size);

/** What is possible now, PV_CONSOLE_x; acknowledges the interrupt. Context: kernel. */
unsigned pv_console_events(void);

/** The console's interrupt line for pv_irq_attach(), or -PV_ENODEV: it has to be polled. Context: any. */
int pv_console_line(void);

/** Wait until what was written has left the machine. Context: kernel. */
void pv_console_flush(void);

PV_END_DECLS

/** @} */
#include <pvops/backend/console.h>
#endif
