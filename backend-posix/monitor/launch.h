/* SPDX-License-Identifier: MIT */
/*
 * How pvrun starts the monitor and the zygote: descriptors at fixed numbers, nothing else is open.
 *
 * pvrun makes three memfds (RAM, ABI page, shared areas: sealed against resizing), loads image and initrd
 * into RAM at their physical addresses, fills the P fields of struct pv_posix_abi_page, and executes the
 * two images (freestanding, static, from memfds): the zygote first, then the monitor. argv of both: [0] a
 * name for ps(1); the monitor gets one argument more for each PT_LOAD segment of the kernel:
 * "VA:SIZE:PROT", hexadecimal, page-aligned, PROT as in mmap(2), which it maps from RAM at VA -
 * PV_POSIX_KERNEL; and last the kernel's entry, "ENTRY", hexadecimal.
 *
 * The socket between monitor and zygote is SOCK_SEQPACKET: the monitor sends one posix_space_request; the
 * new space answers itself with one posix_space_answer and, by SCM_RIGHTS, its listener and its pidfd.
 */
#ifndef PVOPS_POSIX_LAUNCH_H
#define PVOPS_POSIX_LAUNCH_H

#include <stdint.h>

/* Descriptors of the monitor. */
#define POSIX_FD_RAM 3
#define POSIX_FD_ABI 4
#define POSIX_FD_SHARED 5
#define POSIX_FD_ZYGOTE 6  /* its end of the socket */
#define POSIX_FD_CONSOLE 7 /* a stream socket to pvrun's terminal relay */
#define POSIX_FD_CONTROL 8 /* a pipe to pvrun: lines of pvops/abi/control.h */

/* Descriptors of the zygote: POSIX_FD_RAM, POSIX_FD_SHARED and its end of the socket at POSIX_FD_ZYGOTE. */

/* argv[1] of the zygote, optional: its parent's process id, decimal; it exits when that is no longer so. */

struct posix_space_request {
    uint32_t slot; /* of the shared memfd */
    uint32_t zero;
};

struct posix_space_answer {
    uint32_t slot;
    int32_t error; /* 0, or -errno: then no descriptors follow */
};

#endif
