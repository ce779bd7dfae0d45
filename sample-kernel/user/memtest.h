/* SPDX-License-Identifier: MIT */
/* memtest.c has the accesses that kill, memtest-pages.c what pages contain and what the kernel copies. */
#ifndef USER_MEMTEST_H
#define USER_MEMTEST_H

#include "lib.h"

/* In the kernel's half of every machine; in a part of the lower half that is neither user's nor gate's. */
#define KERNEL_HALF 0xffffffff80000000UL
#define BEYOND_USER 0x700000000000UL
#define NOT_CANONICAL 0x8000000000000000UL

void check_zero_pages(void);
void check_copy_on_write(void);
void check_user_copies(void);

#endif
