/* SPDX-License-Identifier: MIT */
/* Between rawcall.c and rawcall-entry.S: all registers before and after a system call. */
#ifndef USER_RAWCALL_H
#define USER_RAWCALL_H

#define RAW_COUNT 17 /* words of struct raw_registers */

#define RAW_FLAGS (15 * 8)
#define RAW_RSP (16 * 8)

#ifndef __ASSEMBLER__

#include "lib.h"

struct raw_registers {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t flags;
    uint64_t rsp; /* not loaded */
};

_Static_assert(sizeof(struct raw_registers) == RAW_COUNT * 8, "the assembly's layout");
_Static_assert(offsetof(struct raw_registers, flags) == RAW_FLAGS, "the assembly's layout");
_Static_assert(offsetof(struct raw_registers, rsp) == RAW_RSP, "the assembly's layout");

extern struct raw_registers raw_in, raw_out;
extern uint64_t raw_stack; /* rsp at the instruction */

/* Load everything from raw_in, do the instruction, store everything to raw_out. */
void raw_syscall(void);
void raw_int80(void);
void raw_gate(void);

extern const char raw_syscall_after[]; /* the address behind the instruction */

#endif
#endif
