/* SPDX-License-Identifier: MIT */
/*
 * Inside the zygote's image: what its parts know of each other. zygote.c clones a child for each request, the
 * child runs space.c and ends in stub-finish.S. The offsets are for the assembly.
 */
#ifndef PVOPS_POSIX_SPACE_H
#define PVOPS_POSIX_SPACE_H

#include "shared.h"

/*
 * What the start of a space needs in memory once everything private is unmapped: in area.fpu, zero at
 * first.
 */
#define POSIX_START (POSIX_AREA + POSIX_AREA_FPU)
#define POSIX_START_MSG POSIX_START
#define POSIX_START_CONTROLLEN (POSIX_START + 40)
#define POSIX_START_ANSWER_ERROR (POSIX_START + 76)
#define POSIX_START_LISTENER_SENT (POSIX_START + 96) /* first of the two descriptors in the control message */
#define POSIX_START_HELPER (POSIX_START + 104)
#define POSIX_START_LISTENER (POSIX_START + 108)

/* Open only until the start is done: the socket (POSIX_FD_ZYGOTE), pidfd and listener (below RAM's). */
#define POSIX_SPACE_FD_SOCKET 6

/* CLONE_VM | FS | FILES | SIGHAND | THREAD | PARENT_SETTID | CHILD_CLEARTID */
#define POSIX_HELPER_FLAGS 0x310f00

#ifndef __ASSEMBLER__
#include <linux/filter.h>

#include "launch.h"

/* As in <sys/socket.h> and <sys/uio.h>: x86-64's layout is the kernel's. */
struct posix_iovec {
    void *base;
    uint64_t size;
};

struct posix_msghdr {
    void *name;
    uint32_t name_size, gap0;
    struct posix_iovec *parts;
    uint64_t part_count;
    void *control;
    uint64_t control_size;
    int32_t flags, gap1;
};

struct posix_control {
    uint64_t size;
    int32_t level, type;
    int32_t listener, pidfd;
};

struct posix_start {
    struct posix_msghdr msg;
    struct posix_iovec answer_part;
    struct posix_space_answer answer;
    struct posix_control control;
    uint32_t helper;   /* the helper's thread id, 0 once it has exited */
    uint32_t listener; /* 0, or the listener's number + 1 */
};

_Static_assert(POSIX_SPACE_FD_SOCKET == POSIX_FD_ZYGOTE, "descriptors");
#define POSIX_START_AT(field) (POSIX_START + offsetof(struct posix_start, field))
_Static_assert(POSIX_START_AT(msg) == POSIX_START_MSG, "start layout");
_Static_assert(POSIX_START_AT(msg.control_size) == POSIX_START_CONTROLLEN, "start layout");
_Static_assert(POSIX_START_AT(answer.error) == POSIX_START_ANSWER_ERROR, "start layout");
_Static_assert(POSIX_START_AT(control.listener) == POSIX_START_LISTENER_SENT, "start layout");
_Static_assert(POSIX_START_AT(helper) == POSIX_START_HELPER, "start layout");
_Static_assert(POSIX_START_AT(listener) == POSIX_START_LISTENER, "start layout");

/* One image: without this clang reaches data of other files through a table of absolute addresses. */
#pragma GCC visibility push(hidden)

/* zygote.c: tell the monitor that the space of this slot cannot be made. */
void zygote_refuse(uint32_t slot, long error);

/* space.c: the child's part; does not return. */
void space_start(uint32_t slot, int zygote) __attribute__((noreturn));

/* stub.S, stub-finish.S */
void posix_space_finish(void) __attribute__((noreturn));

/* filter-space.c, filter-zygote.c: programs for seccomp(2). */
extern const struct sock_fprog posix_space_filter, posix_zygote_filter;

#pragma GCC visibility pop
#endif

#endif
