/* SPDX-License-Identifier: MIT */
/* Starts the two processes of a posix guest (posix-run.h), each with exactly the descriptors that
 * backend-posix/monitor/launch.h gives it: the zygote first, so that spaces are never made from a process that
 * guest code has run in. Their programs are in memfds: nothing of pvops has to be installed beside pvrun.
 * Called by posix.c; the monitor's and the zygote's main are in backend-posix/monitor/main.c and zygote.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend-posix/monitor/launch.h"
#include "host/text.h"
#include "posix-run.h"

/* Linux 6.3, memfd_create(2); sysctl vm.memfd_noexec decides about files without it. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif

static int open_named(int *fd, const char *path)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd >= 0)
        return 0;
    message("%s: %s", path, strerror(errno));
    return PV_STATUS_NOINPUT;
}

/* The name is what ps(1) shows, behind "memfd:". */
static int make_executable(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd;
}

int posix_program_open(int *fd, const char *name, const char *variable, const char *bytes, const char *end)
{
    const char *path = getenv(variable);

    if (path != NULL && path[0] != '\0')
        return open_named(fd, path);
    *fd = make_executable(name);
    if (*fd < 0) {
        message("this host does not let a program be run from memory: %s%s", strerror(errno),
                errno == EACCES ? " (sysctl vm.memfd_noexec is 2)" : "");
        return PV_STATUS_UNAVAILABLE;
    }
    while (bytes < end) {
        ssize_t put = write(*fd, bytes, (size_t)(end - bytes));
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            message("cannot write a program to memory: %s", strerror(errno));
            return PV_STATUS_UNAVAILABLE;
        }
        bytes += put;
    }
    if (fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
        message("cannot seal a program in memory: %s", strerror(errno));
        return PV_STATUS_UNAVAILABLE;
    }
    return 0;
}

static int start(struct process *process, int program, char *const argv[], const int *fds, const char *what)
{
    int error = process_start_exact(process, program, argv, fds, POSIX_FD_CONTROL + 1);

    if (error == 0)
        return 0;
    message("cannot start the %s: %s%s", what, strerror(error),
            error == EACCES ? " (does this host forbid to execute from memory?)" : "");
    return PV_STATUS_UNAVAILABLE;
}

/* Both ends of the guest's channels; ours do not block. */
static int open_channels(struct run *run, int theirs[2], int zygote[2])
{
    int console[2], control[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console) != 0)
        goto fail;
    run->fd[WATCH_CONSOLE] = console[0];
    theirs[0] = console[1];
    if (pipe2(control, O_CLOEXEC) != 0)
        goto fail;
    run->fd[WATCH_CONTROL] = control[0];
    theirs[1] = control[1];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, zygote) != 0)
        goto fail;
    if (fcntl(console[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(control[0], F_SETFL, O_NONBLOCK) == 0)
        return 0;
fail:
    message("cannot make the guest's channels: %s", strerror(errno));
    return PV_STATUS_OSERR;
}

static int start_both(struct posix *posix, const int theirs[2], const int zygote[2])
{
    struct run *run = &posix->run;
    const struct posix_machine *machine = &posix->machine;
    int fds[POSIX_FD_CONTROL + 1] = {-1,
                                     -1,
                                     -1,
                                     [POSIX_FD_RAM] = machine->ram,
                                     [POSIX_FD_ABI] = -1,
                                     [POSIX_FD_SHARED] = machine->shared,
                                     [POSIX_FD_ZYGOTE] = zygote[1],
                                     -1,
                                     -1};
    char parent[16], name[] = "pvops-zygote";
    char *argv[] = {name, parent, NULL};
    int status;

    snprintf(parent, sizeof parent, "%d", (int)getpid());
    status = start(&run->process[PROCESS_HELPER], posix->zygote, argv, fds, "zygote");
    if (status != 0)
        return status;
    fds[POSIX_FD_ABI] = machine->abi;
    fds[POSIX_FD_ZYGOTE] = zygote[0];
    fds[POSIX_FD_CONSOLE] = theirs[0];
    fds[POSIX_FD_CONTROL] = theirs[1];
    return start(&run->process[PROCESS_GUEST], posix->monitor, machine->argv, fds, "vcpu process");
}

int posix_launch(struct posix *posix)
{
    int theirs[2] = {-1, -1}, zygote[2] = {-1, -1};
    int status = open_channels(&posix->run, theirs, zygote);

    if (status == 0)
        status = start_both(posix, theirs, zygote);
    for (int i = 0; i < 2; i++) {
        if (theirs[i] >= 0)
            close(theirs[i]);
        if (zygote[i] >= 0)
            close(zygote[i]);
    }
    return status;
}
