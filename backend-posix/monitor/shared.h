/* SPDX-License-Identifier: MIT */
/*
 * Between the monitor and the stub of a space: the area that both have mapped.
 *
 * A space is a process that holds user code, the gate page, the stub page and its shared area, nothing
 * else. Its thread is either running user code or held by the host kernel in the stub's report (a system
 * call that seccomp answers with a user notification, which the monitor receives). Everything here can be
 * scribbled on by user code whenever it runs: the monitor reads it only while the thread is held, once, and
 * trusts nothing.
 *
 *     7e0000000000  gate page (PV_USER_GATE): code, the same in all spaces
 *     7e0000001000  stub page: code, the same in all spaces
 *     7e0000010000  shared area of POSIX_AREA_SIZE bytes (of the memfd `shared`, at slot * POSIX_AREA_SIZE)
 */
#ifndef PVOPS_POSIX_SHARED_H
#define PVOPS_POSIX_SHARED_H

#define POSIX_GATE_PAGE 0x7e0000000000
#define POSIX_STUB_PAGE 0x7e0000001000
#define POSIX_AREA 0x7e0000010000
#define POSIX_AREA_SIZE 0x20000
#define POSIX_SPACES_MAX 1024 /* slots of the shared memfd */

/* Descriptors of a space. */
#define POSIX_SPACE_FD_RAM 3

/*
 * The report: system call POSIX_NR_REPORT with rdi = kind, rsi = siginfo, rdx = ucontext (signals only).
 * Its result says what the stub does next.
 */
#define POSIX_NR_REPORT 110 /* getppid: harmless if the filter were not there */
#define POSIX_REPORT_READY 0  /* after start */
#define POSIX_REPORT_SIGNAL 1 /* rsi, rdx: addresses of siginfo_t and ucontext_t, in area.stack */
#define POSIX_REPORT_GATE 2   /* the gate was called: registers are in area.gate */
#define POSIX_REPORT_ORDERS 3 /* area.orders have been done; the results are not told: a fault will tell */

#define POSIX_REPLY_RESUME 0 /* load area.resume and go on */
#define POSIX_REPLY_ORDERS 1 /* do area.orders, then report ORDERS */

#define POSIX_ORDERS_MAX 32
#define POSIX_FS_LEAVE 0x8000000000000000 /* leave FS base alone: for hosts without FSGSBASE (AT_HWCAP2) */

/*
 * A signal leaves the FPU in its initial state (the user's is in the signal frame), a gate call does not.
 * fpu_from may point into area.stack only in the answer to the report whose frame that is, or to the ORDERS
 * report that follows: later frames overwrite it. The stub's entry and exit are described in stub-layout.h.
 */

/* Offsets for the stub's assembly; checked below. */
#define POSIX_AREA_RESUME 0
#define POSIX_AREA_FPU_FROM 0xb0
#define POSIX_AREA_FPU_MASK 0xb8
#define POSIX_AREA_FS_BASE 0xc0
#define POSIX_AREA_ORDER_COUNT 0xc8
#define POSIX_AREA_GATE 0xd0
#define POSIX_AREA_ORDERS 0x200
#define POSIX_AREA_FPU 0x1000
#define POSIX_AREA_STACK 0x8000

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/*
 * mmap(2) or munmap(2), done by the stub in the space. The monitor lets through what equals its private
 * copy.
 */
struct posix_order {
    uint64_t nr, address, size, prot, flags, fd, offset;
};

/* What the gate saves; the order is the gate's own. */
struct posix_gate_regs {
    uint64_t rax, rbx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r12, r13, r14, r15, rflags;
    uint32_t mxcsr, fcw;
};

struct posix_area {
    uint64_t resume[22];   /* M: a struct pv_frame without vector and error; the iretq takes the last five */
    uint64_t fpu_from;     /* M: address in the area of an XSAVE image to load before going on, or 0 */
    uint64_t fpu_mask;     /* M: components to load */
    uint64_t fs_base;      /* M: FS base to set (wrfsbase) when going on, or POSIX_FS_LEAVE */
    uint64_t order_count;  /* M */
    struct posix_gate_regs gate; /* stub */
    uint8_t gap0[0x200 - 0xd0 - sizeof(struct posix_gate_regs)];
    struct posix_order orders[POSIX_ORDERS_MAX]; /* M */
    uint8_t gap1[0x1000 - 0x200 - sizeof(struct posix_order) * POSIX_ORDERS_MAX];
    uint8_t fpu[0x7000];   /* M: an XSAVE image for fpu_from */
    uint8_t stack[POSIX_AREA_SIZE - 0x8000]; /* host kernel: signal frames */
};

_Static_assert(offsetof(struct posix_area, fpu_from) == POSIX_AREA_FPU_FROM, "area layout");
_Static_assert(offsetof(struct posix_area, fpu_mask) == POSIX_AREA_FPU_MASK, "area layout");
_Static_assert(offsetof(struct posix_area, fs_base) == POSIX_AREA_FS_BASE, "area layout");
_Static_assert(offsetof(struct posix_area, order_count) == POSIX_AREA_ORDER_COUNT, "area layout");
_Static_assert(offsetof(struct posix_area, gate) == POSIX_AREA_GATE, "area layout");
_Static_assert(offsetof(struct posix_area, orders) == POSIX_AREA_ORDERS, "area layout");
_Static_assert(offsetof(struct posix_area, fpu) == POSIX_AREA_FPU, "area layout");
_Static_assert(offsetof(struct posix_area, stack) == POSIX_AREA_STACK, "area layout");
_Static_assert(sizeof(struct posix_area) == POSIX_AREA_SIZE, "area layout");
#endif

#endif
