/* SPDX-License-Identifier: MIT */
/* Posix half of pvops/console.h: all of its ops are extern functions. */
#ifndef PVOPS_BACKEND_CONSOLE_H
#define PVOPS_BACKEND_CONSOLE_H

#endif
