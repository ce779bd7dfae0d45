/* SPDX-License-Identifier: MIT */
#ifndef PVOPS_POSIX_PIN_H
#define PVOPS_POSIX_PIN_H

/* pin.c: before the filters of monitor and zygote. */
void pin_where_needed(void) __attribute__((visibility("hidden")));

#endif
