/* SPDX-License-Identifier: MIT */
/*
 * The seccomp program of a space: what a thread may ask of the host that runs user code and nothing else.
 *
 * It lies in the stub page, read-only, and is installed from there by stub-finish.S. No call is ever simply
 * allowed: the reports, and the orders whose arguments stay inside the user window, go to the monitor; all
 * the rest becomes SIGSYS (RET_TRAP), which is how `syscall` of user code reaches the guest's kernel.
 *
 * Linux lets uretprobe (since 6.14) and uprobe (since 6.18) past all filters; so syscall user dispatch
 * (prctl(2), PR_SET_SYSCALL_USER_DISPATCH) is on too and makes SIGSYS of every call from outside gate and
 * stub. Called from inside, those two do nothing but end in SIGILL or -ENXIO.
 *
 * The monitor of a hostile guest lets through what it likes; so the arguments are checked here, before it
 * is asked, and x32 numbers, i386 calls and other instruction pointers never get that far.
 */
#include <asm/unistd_64.h>

#include "filter.h"
#include "space.h"
#include "stub-layout.h"

#define WINDOW_LOW 0x10000     /* PV_USER_BASE */
#define WINDOW_END_HIGH 0x6000 /* upper half of PV_USER_END, whose lower half is 0 */
#define SHARED_FIXED 0x11      /* MAP_SHARED | MAP_FIXED */
#define READ_WRITE_EXEC 7
#define LOW(address) ((uint32_t)(address))
#define HIGH(address) ((uint32_t)((address) >> 32))
#define IN_STUB_PAGE __attribute__((section(".stub.filter"), used))

_Static_assert(HIGH(POSIX_STUB_PAGE) == HIGH(POSIX_GATE_PAGE), "one comparison does for both pages");

enum { /* targets of jumps */
    REPORT = 8, MMAP = 12, ORDER = 24, LOWEST = 28, BELOW_END = 30, SUM = 33, WHOLE = 46,
    TRAP = 51, NOTIFY = 52
};

static const struct sock_filter program[] IN_STUB_PAGE = {
    LOAD(0, ARCH),
    IF_EQUAL(1, AUDIT_ARCH_X86_64, 2, TRAP),
    LOAD(2, IP_HIGH),
    IF_EQUAL(3, HIGH(POSIX_STUB_PAGE), 4, TRAP),
    LOAD(4, NR), /* all 32 bits: an x32 number has bit 30 set and equals none of these */
    IF_EQUAL(5, POSIX_NR_REPORT, REPORT, 6),
    IF_EQUAL(6, __NR_mmap, MMAP, 7),
    IF_EQUAL(7, __NR_munmap, ORDER, TRAP),

    LOAD(REPORT, IP_LOW),
    IF_EQUAL(9, LOW(POSIX_STUB_REPLY), NOTIFY, 10),
    IF_EQUAL(10, LOW(POSIX_GATE_REPLY), NOTIFY, 11),
    IF_EQUAL(11, LOW(POSIX_STUB_READY_REPLY), NOTIFY, TRAP),

    /* mmap(address, size, prot, flags, fd, offset); the end of RAM is the host kernel's to check (SIGBUS). */
    LOAD(MMAP, ARG_LOW(4)),
    IF_EQUAL(13, POSIX_SPACE_FD_RAM, 14, TRAP),
    LOAD(14, ARG_HIGH(4)),
    IF_EQUAL(15, 0, 16, TRAP),
    LOAD(16, ARG_LOW(3)),
    IF_EQUAL(17, SHARED_FIXED, 18, TRAP),
    LOAD(18, ARG_HIGH(3)),
    IF_EQUAL(19, 0, 20, TRAP),
    LOAD(20, ARG_LOW(2)),
    IF_ABOVE(21, READ_WRITE_EXEC, TRAP, 22),
    LOAD(22, ARG_HIGH(2)),
    IF_EQUAL(23, 0, ORDER, TRAP),

    /* munmap(address, size), and mmap goes on here */
    LOAD(ORDER, IP_LOW),
    IF_EQUAL(25, LOW(POSIX_STUB_ORDERED), 26, TRAP),
    LOAD(26, ARG_HIGH(0)),
    IF_EQUAL(27, 0, LOWEST, BELOW_END),
    LOAD(LOWEST, ARG_LOW(0)),
    IF_AT_LEAST(29, WINDOW_LOW, 31, TRAP),
    IF_AT_LEAST(BELOW_END, WINDOW_END_HIGH, TRAP, 31),
    LOAD(31, ARG_HIGH(1)),
    IF_ABOVE(32, WINDOW_END_HIGH, TRAP, SUM), /* so the sum below does not overflow 64 bits */

    /* Cells 0 and 1: upper and lower half of address + size. */
    A_TO_X(SUM),
    LOAD(34, ARG_HIGH(0)),
    ADD_X(35),
    STORE(36, 0),
    LOAD(37, ARG_LOW(0)),
    A_TO_X(38),
    LOAD(39, ARG_LOW(1)),
    ADD_X(40),
    STORE(41, 1),
    IF_AT_LEAST_X(42, WHOLE, 43), /* a sum below its summand: carry */
    FETCH(43, 0),
    ADD(44, 1),
    STORE(45, 0),
    FETCH(WHOLE, 0),
    IF_AT_LEAST(47, WINDOW_END_HIGH, 48, NOTIFY),
    IF_EQUAL(48, WINDOW_END_HIGH, 49, TRAP),
    FETCH(49, 1),
    IF_EQUAL(50, 0, NOTIFY, TRAP),

    RETURN(TRAP, SECCOMP_RET_TRAP),
    RETURN(NOTIFY, SECCOMP_RET_USER_NOTIF),
};

const struct sock_fprog posix_space_filter IN_STUB_PAGE = {
    .len = sizeof program / sizeof program[0],
    .filter = (struct sock_filter *)(uintptr_t)program,
};
