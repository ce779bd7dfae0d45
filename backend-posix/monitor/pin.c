/* SPDX-License-Identifier: MIT */
/*
 * One CPU for a vcpu and its spaces, on hosts where handoff.c cannot ask for that: a handoff between two CPUs
 * takes several times as long. Linux 6.6 and later keep both sides together by themselves
 * (SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP), and may move them.
 *
 * Monitor and zygote come here each, before their filters, which allow it no more; spaces inherit it. Both are
 * children of one pvrun and so choose the same CPU, other guests of this host other ones. Where it is refused
 * everything works, only more slowly.
 */
#include <linux/utsname.h>

#include "pin.h"
#include "syscall.h"

#define WORDS_MAX 128 /* 8192 CPUs */

static unsigned number(const char **text)
{
    unsigned value = 0;

    for (; **text >= '0' && **text <= '9'; (*text)++) {
        value = value * 10 + (unsigned)(**text - '0');
    }
    return value;
}

/* "6.1.0-13-amd64"; what cannot be read counts as new. */
static int is_before_6_6(void)
{
    struct new_utsname name;
    const char *text = name.release;
    unsigned major;

    if (sys_failed(sys1(__NR_uname, (long)&name))) {
        return 0;
    }
    major = number(&text);
    if (*text++ != '.') {
        return 0;
    }
    return major < 6 || (major == 6 && number(&text) < 6);
}

static unsigned count(const uint64_t *mask, unsigned words)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < words; i++) {
        for (uint64_t left = mask[i]; left != 0; left &= left - 1) {
            sum++;
        }
    }
    return sum;
}

/* Of the bits that are set the one with this number. */
static void keep_one(uint64_t *mask, unsigned words, unsigned which)
{
    for (unsigned i = 0; i < words; i++) {
        uint64_t kept = 0;

        for (uint64_t left = mask[i]; left != 0; left &= left - 1) {
            if (which-- == 0) {
                kept = left & -left;
            }
        }
        mask[i] = kept;
    }
}

void pin_where_needed(void)
{
    uint64_t mask[WORDS_MAX];
    long size = is_before_6_6() ? sys3(__NR_sched_getaffinity, 0, sizeof mask, (long)mask) : 0;
    unsigned words, cpus;

    if (size <= 0) {
        return;
    }
    words = (unsigned)size / sizeof mask[0];
    cpus = count(mask, words);
    if (cpus > 1) {
        keep_one(mask, words, (unsigned)sys0(__NR_getppid) % cpus);
        sys3(__NR_sched_setaffinity, 0, size, (long)mask);
    }
}
