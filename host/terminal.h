/* SPDX-License-Identifier: MIT */
/** @file
 * The user's terminal: raw while a guest has it, restored on every way out. One per process, because signal
 * handlers have to find it.
 */
#ifndef PVOPS_HOST_TERMINAL_H
#define PVOPS_HOST_TERMINAL_H

#include <stdbool.h>

/** Take the terminal at `fd` and make it raw; false when it is none (nothing happens then). */
bool terminal_take(int fd);

/** Raw again after terminal_restore or a stop; does nothing without a terminal or in the background. */
void terminal_raw(void);

/** As it was before terminal_take. Async-signal-safe, may be called any number of times. */
void terminal_restore(void);

#endif
