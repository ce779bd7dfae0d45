/* SPDX-License-Identifier: MIT */
/* Posix half of pvops/power.h: all of its ops are extern functions. */
#ifndef PVOPS_BACKEND_POWER_H
#define PVOPS_BACKEND_POWER_H

#endif
