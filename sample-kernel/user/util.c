/* SPDX-License-Identifier: MIT */
/* What most programs need around the system calls: whole reads and writes, messages, arguments, children. */
#include "lib.h"

int write_all(int fd, const void *buffer, size_t size)
{
    const char *at = buffer;

    while (size) {
        long n = write(fd, at, size);

        if (n < 0)
            return (int)n;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

long read_all(int fd, void *buffer, size_t size)
{
    char *at = buffer;
    size_t got = 0;

    while (got < size) {
        long n = read(fd, at + got, size - got);

        if (n < 0)
            return n;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (long)got;
}

const char *error_text(long result)
{
    static const struct {
        int number;
        const char *text;
    } errors[] = {
        {EPERM, "not allowed"},
        {ENOENT, "no such file"},
        {ESRCH, "no such process"},
        {E2BIG, "arguments too long"},
        {ENOEXEC, "not a program"},
        {EBADF, "bad descriptor"},
        {ECHILD, "no child"},
        {EAGAIN, "too many processes"},
        {ENOMEM, "out of memory"},
        {EFAULT, "bad address"},
        {ENOTDIR, "not a directory"},
        {EISDIR, "is a directory"},
        {EINVAL, "invalid argument"},
        {EMFILE, "too many open files"},
        {EPIPE, "broken pipe"},
        {ENAMETOOLONG, "name too long"},
        {ENOSYS, "no such system call"},
    };

    if (result >= 0)
        return "no error";
    for (size_t i = 0; i < COUNT_OF(errors); i++)
        if (-result == errors[i].number)
            return errors[i].text;
    return "unknown error";
}

_Noreturn void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vdprintf(2, format, args);
    va_end(args);
    exit(1);
}

long number_argument(int argc, char **argv, int index, long fallback, long min, long max)
{
    long value;

    if (index >= argc)
        return fallback;
    if (!parse_long(argv[index], &value) || value < min || value > max)
        die("%s: %s is not a number from %ld to %ld\n", argv[0], argv[index], min, max);
    return value;
}

int wait_for(int pid)
{
    int status = 0;
    int got = wait(pid, &status, 0);

    if (got != pid)
        die("wait for %d: %s\n", pid, error_text(got));
    return status;
}

int start_child(int (*function)(void *), void *argument)
{
    int pid = fork();

    if (pid < 0)
        die("fork: %s\n", error_text(pid));
    if (pid == 0)
        exit(function(argument));
    return pid;
}
