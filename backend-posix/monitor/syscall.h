/* SPDX-License-Identifier: MIT */
/*
 * Raw system calls of the host for the freestanding programs of this folder (monitor, zygote): no libc, no
 * errno. The result is the kernel's: negative values from -4095 are -errno. syscall(2) tells the registers:
 * number in rax, arguments in rdi, rsi, rdx, r10, r8, r9; rcx and r11 are lost. Numbers and constants come
 * from the host's own headers (linux/..., asm/...), which need no libc.
 */
#ifndef PVOPS_POSIX_SYSCALL_H
#define PVOPS_POSIX_SYSCALL_H

#include <asm/unistd_64.h>
#include <stdint.h>

static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;

    __asm__ volatile("syscall" : "+a"(nr) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return nr;
}

static inline long sys5(long nr, long a, long b, long c, long d, long e)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;

    __asm__ volatile("syscall" : "+a"(nr) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return nr;
}

static inline long sys4(long nr, long a, long b, long c, long d)
{
    register long r10 __asm__("r10") = d;

    __asm__ volatile("syscall" : "+a"(nr) : "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return nr;
}

static inline long sys3(long nr, long a, long b, long c)
{
    __asm__ volatile("syscall" : "+a"(nr) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return nr;
}

static inline long sys2(long nr, long a, long b)
{
    __asm__ volatile("syscall" : "+a"(nr) : "D"(a), "S"(b) : "rcx", "r11", "memory");
    return nr;
}

static inline long sys1(long nr, long a)
{
    __asm__ volatile("syscall" : "+a"(nr) : "D"(a) : "rcx", "r11", "memory");
    return nr;
}

static inline long sys0(long nr)
{
    __asm__ volatile("syscall" : "+a"(nr) : : "rcx", "r11", "memory");
    return nr;
}

__attribute__((noreturn)) static inline void sys_exit(int status)
{
    for (;;) {
        sys1(__NR_exit_group, status);
    }
}

/* True for the results that stand for an error. */
static inline int sys_failed(long result)
{
    return (unsigned long)result > -4096UL;
}

#endif
