/* SPDX-License-Identifier: MIT */
/** @file
 * Signals of pvrun. Those that end or stop a run arrive by signalfd in the poll loop, where they are handled
 * like any other event; those of a broken pvrun (SIGSEGV, ...) restore the terminal first.
 */
#ifndef PVOPS_HOST_SIGNALS_H
#define PVOPS_HOST_SIGNALS_H

#include <stdint.h>

/** Block the signals of the loop and install the handlers of the others. The signalfd, or -1 and errno. */
int signals_open(void);

/** The end of the loop: from now on signals do what they do by default, so that no write can hold them up. */
void signals_close(int fd);

/** In a child, before exec: everything as a fresh program expects it. Async-signal-safe. */
void signals_reset(void);

/** The next signal that has arrived, 0 if none. */
int signals_next(int fd);

/** Stop this process as SIGTSTP does by default; returns after SIGCONT. */
void signals_stop_self(void);

/** Last resort: end pvrun with `status` in `seconds`, whatever it is blocked in then. 0 takes it back. */
void signals_watchdog(unsigned seconds, int status);

#endif
