/* SPDX-License-Identifier: MIT */
/* Posix half of pvops/boot.h: all of its ops are extern functions. */
#ifndef PVOPS_BACKEND_BOOT_H
#define PVOPS_BACKEND_BOOT_H

#endif
