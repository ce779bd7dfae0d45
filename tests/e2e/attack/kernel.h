/* SPDX-License-Identifier: MIT */
/* A hostile kernel: what its files share. kernel.c says what it is. */
#ifndef KERNEL_H
#define KERNEL_H

#include <pvops/pvops.h>

/* launch.h: what the vcpu process has open. */
#define FD_RAM 3
#define FD_ABI 4
#define FD_SHARED 5
#define FD_ZYGOTE 6
#define FD_CONSOLE 7
#define FD_CONTROL 8

/* A system call of the host, from kernel code. */
long host(long nr, long a, long b, long c, long d, long e, long f);
#define HOST_WRITE 1
#define HOST_CLOSE 3
#define HOST_MMAP 9
#define HOST_MUNMAP 11
#define HOST_RT_SIGRETURN 15
#define HOST_IOCTL 16
#define HOST_SETITIMER 38
#define HOST_SENDTO 44
#define HOST_RECVFROM 45
#define HOST_RECVMSG 47
#define HOST_PPOLL 271
#define HOST_PIDFD_SEND_SIGNAL 424

/* True if a word could be written (or read) there; a fault is skipped. */
bool can_write(uint64_t va, uint64_t value);
bool can_read(uint64_t va, uint64_t *value);
uint64_t number(const char *name, uint64_t otherwise); /* a hexadecimal option of the command line */
uint64_t randomly(void);
void say(const char *text);
void say_number(const char *text, uint64_t value);

/* Modes (attack=NAME on the command line). Each returns, if it can: then the status is 7. */
void mode_call(void);
void mode_descriptors(void);
void mode_corrupt(void);
void mode_unmap(void);
void mode_abi(void);
void mode_flood(void);
void mode_zygote(void);
void mode_memory(void);
void mode_deaf(void);
void mode_look(void);

#endif
