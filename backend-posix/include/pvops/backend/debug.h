/* SPDX-License-Identifier: MIT */
/* Posix half of pvops/debug.h. */
#ifndef PVOPS_BACKEND_DEBUG_H
#define PVOPS_BACKEND_DEBUG_H

#include <pvops/types.h>

PV_INLINE void pv_debug_break(void)
{
    __asm__ volatile("int3" ::: "memory");
}

#endif
