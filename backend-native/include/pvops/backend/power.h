/* SPDX-License-Identifier: MIT */
/* Native half of pvops/power.h: all of its ops are extern functions. */
#ifndef PVOPS_BACKEND_POWER_H
#define PVOPS_BACKEND_POWER_H

#endif
