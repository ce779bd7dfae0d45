/* SPDX-License-Identifier: MIT */
/*
 * The C function of pvops/user.h as a user program has it. user_gate.c copies this file's code into user space:
 * it has no relocation, and is alone in its file because without optimisation pv_user_syscall() is a function of
 * its own beside it.
 */
#include <pvops/user.h>

void user_gate_program(long *out);

void user_gate_program(long *out)
{
    out[0] = pv_user_syscall(1001, 1, 2, 3, 4, 5, 6);
    out[1] = pv_user_syscall(1002, out[0], -2, -3, -4, -5, -6);
    __asm__ volatile("int3");
}
