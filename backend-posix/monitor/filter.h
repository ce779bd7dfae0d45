/* SPDX-License-Identifier: MIT */
/*
 * Words for writing seccomp programs as tables (seccomp(2), linux/filter.h): filter-space.c, filter-zygote.c.
 * Each line names its own number first, so that jumps name the numbers of their targets (forward only).
 * A program looks at struct seccomp_data: nr, arch, instruction pointer, six arguments, little endian.
 */
#ifndef PVOPS_POSIX_FILTER_H
#define PVOPS_POSIX_FILTER_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#define LINE(at, code, value) [at] = BPF_STMT(code, value)
#define JUMP(at, test, value, yes, no) \
    [at] = BPF_JUMP(BPF_JMP | (test), value, (yes) - (at) - 1, (no) - (at) - 1)

#define LOAD(at, field) LINE(at, BPF_LD | BPF_W | BPF_ABS, field)
#define RETURN(at, action) LINE(at, BPF_RET | BPF_K, action)
#define IF_EQUAL(at, value, yes, no) JUMP(at, BPF_JEQ | BPF_K, value, yes, no)
#define IF_ABOVE(at, value, yes, no) JUMP(at, BPF_JGT | BPF_K, value, yes, no)
#define IF_AT_LEAST(at, value, yes, no) JUMP(at, BPF_JGE | BPF_K, value, yes, no)
#define IF_ANY_BIT(at, mask, yes, no) JUMP(at, BPF_JSET | BPF_K, mask, yes, no)
#define IF_AT_LEAST_X(at, yes, no) JUMP(at, BPF_JGE | BPF_X, 0, yes, no)
#define A_TO_X(at) LINE(at, BPF_MISC | BPF_TAX, 0)
#define ADD_X(at) LINE(at, BPF_ALU | BPF_ADD | BPF_X, 0)
#define ADD(at, value) LINE(at, BPF_ALU | BPF_ADD | BPF_K, value)
#define STORE(at, cell) LINE(at, BPF_ST, cell)
#define FETCH(at, cell) LINE(at, BPF_LD | BPF_MEM, cell)

#define NR offsetof(struct seccomp_data, nr)
#define ARCH offsetof(struct seccomp_data, arch)
#define IP_LOW offsetof(struct seccomp_data, instruction_pointer)
#define IP_HIGH (offsetof(struct seccomp_data, instruction_pointer) + 4)
#define ARG_LOW(n) (offsetof(struct seccomp_data, args) + 8 * (n))
#define ARG_HIGH(n) (offsetof(struct seccomp_data, args) + 8 * (n) + 4)

#endif
