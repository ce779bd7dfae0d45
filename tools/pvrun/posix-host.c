/* SPDX-License-Identifier: MIT */
/* What a posix guest needs of the host (posix-run.h), asked before anything is started, so that a user gets one
 * line that says what is missing. Called by posix.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "backend-posix/include/pvops/backend/abi.h"
#include "backend-posix/monitor/shared.h"
#include "host/text.h"
#include "posix-run.h"

/* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, seccomp(2). */
#define KERNEL_MAJOR 5u
#define KERNEL_MINOR 19u

/* A pidfd and a listener of each space in the vcpu process, and a few more. */
#define FILES_WANTED (2 * POSIX_SPACES_MAX + 64)
#define FILES_NEEDED 128 /* with fewer, the guest's programs end each other */

/* Bytes of address space beside RAM, which is mapped twice: images, areas of the spaces, stacks, tables. */
#define ADDRESS_SPACE_MORE ((uint64_t)POSIX_SPACES_MAX * POSIX_AREA_SIZE + (256u << 20))

static int missing(const char *what)
{
    message("this host cannot run kernels of the posix backend: %s", what);
    return PV_STATUS_UNAVAILABLE;
}

static int check_kernel(void)
{
    struct utsname name;
    unsigned major, minor;
    char text[160];

    if (uname(&name) != 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
        return 0; /* then seccomp decides */
    if (major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR))
        return 0;
    snprintf(text, sizeof text, "it needs Linux %u.%u or later, this is %.60s", KERNEL_MAJOR, KERNEL_MINOR,
             name.release);
    return missing(text);
}

static int check_seccomp(void)
{
    uint32_t action = SECCOMP_RET_USER_NOTIF;
    char text[160];

    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
        return 0;
    snprintf(text, sizeof text, "seccomp has no user notification here (%s)", strerror(errno));
    return missing(text);
}

/* Raise the soft limit to `wanted`, or as far as is allowed; what it is then. */
static rlim_t raise_limit(int resource, rlim_t wanted)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0)
        return RLIM_INFINITY;
    if (limit.rlim_cur >= wanted)
        return limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(resource, &limit) != 0)
        getrlimit(resource, &limit);
    return limit.rlim_cur;
}

static int check_files(const struct options *options)
{
    rlim_t files = raise_limit(RLIMIT_NOFILE, FILES_WANTED);
    char text[160];

    if (files < FILES_NEEDED) {
        snprintf(text, sizeof text, "it may open only %llu files, and needs %u (ulimit -n)",
                 (unsigned long long)files, FILES_NEEDED);
        return missing(text);
    }
    if (files < FILES_WANTED && options->verbose)
        message(
            "only %llu files may be open (ulimit -n): slower with more than %llu address spaces in the guest",
            (unsigned long long)files, (unsigned long long)(files - 64) / 2);
    return 0;
}

static int check_address_space(const struct options *options)
{
    uint64_t needed = 2 * options->memory + ADDRESS_SPACE_MORE;
    rlim_t limit = raise_limit(RLIMIT_AS, needed);
    char need[32], have[32], text[160];

    if (limit >= needed)
        return 0;
    snprintf(text, sizeof text, "the limit on address space (ulimit -v) is %s, and this guest needs %s",
             text_size(have, sizeof have, limit), text_size(need, sizeof need, needed));
    return missing(text);
}

static int check_size(const struct options *options)
{
    uint64_t most = PV_POSIX_VMAP - PV_POSIX_DIRECT; /* the window of the direct map */
    char text[32], have[32];

    if (options->memory <= most)
        return 0;
    message("--memory: a guest of the posix backend has at most %s, not %s",
            text_size(text, sizeof text, most), text_size(have, sizeof have, options->memory));
    return PV_STATUS_USAGE;
}

int posix_check_host(const struct options *options)
{
    int status = check_size(options);

    if (status == 0)
        status = check_kernel();
    if (status == 0)
        status = check_seccomp();
    if (status == 0)
        status = check_files(options);
    if (status == 0)
        status = check_address_space(options);
    return status;
}
