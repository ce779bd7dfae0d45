/* SPDX-License-Identifier: MIT */
/* Backend half of pvops/boot.h for unit tests on the host. */
#ifndef PVOPS_BACKEND_BOOT_H
#define PVOPS_BACKEND_BOOT_H

#endif
