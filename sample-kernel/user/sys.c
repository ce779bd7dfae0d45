/* SPDX-License-Identifier: MIT */
/* System calls by the gate page, which is there on every backend and the fastest way on some. rawcall.c shows
 * the other ways in. */
#include "lib.h"

#include <pvops/user.h>

long sys(long nr, long a0, long a1, long a2)
{
    return pv_user_syscall(nr, a0, a1, a2, 0, 0, 0);
}

_Noreturn void exit(int status)
{
    for (;;)
        sys(SYS_EXIT, status, 0, 0);
}

int fork(void)
{
    return (int)sys(SYS_FORK, 0, 0, 0);
}

int exec(const char *path, const char *const argv[])
{
    return (int)sys(SYS_EXEC, (long)path, (long)argv, 0);
}

int wait(int pid, int *status, int flags)
{
    return (int)sys(SYS_WAIT, pid, (long)status, flags);
}

int getpid(void)
{
    return (int)sys(SYS_GETPID, 0, 0, 0);
}

long sbrk(long bytes)
{
    return sys(SYS_SBRK, bytes, 0, 0);
}

long read(int fd, void *buffer, size_t size)
{
    return sys(SYS_READ, fd, (long)buffer, (long)size);
}

long write(int fd, const void *buffer, size_t size)
{
    return sys(SYS_WRITE, fd, (long)buffer, (long)size);
}

int open(const char *path)
{
    return (int)sys(SYS_OPEN, (long)path, 0, 0);
}

int close(int fd)
{
    return (int)sys(SYS_CLOSE, fd, 0, 0);
}

int dup2(int fd, int new_fd)
{
    return (int)sys(SYS_DUP2, fd, new_fd, 0);
}

int pipe(int fd[2])
{
    return (int)sys(SYS_PIPE, (long)fd, 0, 0);
}

int sleep_ns(long ns)
{
    return (int)sys(SYS_SLEEP, ns, 0, 0);
}

long uptime_ns(void)
{
    return sys(SYS_UPTIME, 0, 0, 0);
}

void yield(void)
{
    sys(SYS_YIELD, 0, 0, 0);
}

int kill(int pid)
{
    return (int)sys(SYS_KILL, pid, 0, 0);
}

int readdir(const char *path, unsigned index, struct dirent *entry)
{
    return (int)sys(SYS_READDIR, (long)path, index, (long)entry);
}

int ps(struct psinfo *info, unsigned max)
{
    return (int)sys(SYS_PS, (long)info, max, 0);
}

int set_tls(void *base)
{
    return (int)sys(SYS_SETTLS, (long)base, 0, 0);
}

int shutdown(int status)
{
    return (int)sys(SYS_SHUTDOWN, status, 0, 0);
}

int setgroup(int group, int foreground)
{
    return (int)sys(SYS_SETGROUP, group, foreground, 0);
}
