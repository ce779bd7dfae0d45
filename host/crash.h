/* SPDX-License-Identifier: MIT */
/** @file
 * The report of a guest's crash, for people: message, registers, backtrace with symbol names, trace events.
 */
#ifndef PVOPS_HOST_CRASH_H
#define PVOPS_HOST_CRASH_H

#include <stdio.h>

#include "host/control.h"
#include "host/symbols.h"

/** Print registers, backtrace and trace events; the caller has printed what happened. */
void crash_print(FILE *stream, const struct control_dump *dump, const struct symbols *symbols);

#endif
