/* SPDX-License-Identifier: MIT */
/* Posix half of pvops/time.h: all of its ops are extern functions. */
#ifndef PVOPS_BACKEND_TIME_H
#define PVOPS_BACKEND_TIME_H

#endif
