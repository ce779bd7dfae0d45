/* SPDX-License-Identifier: MIT */
/* Signals of pvrun (signals.h). A signalfd makes SIGTERM an event like a byte on the console, so that there
 * is one way out for all of them. The handlers here are for what cannot wait: they use async-signal-safe
 * calls only (signal-safety(7)). Used by tools/pvrun/run.c; the loop is relay.c. */
#include "signals.h"

#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "terminal.h"

static const int loop_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGCHLD};
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};

static volatile sig_atomic_t watchdog_status;

/* SA_RESETHAND: the signal raised again here ends the process with its own core dump. */
static void on_fatal(int number)
{
    terminal_restore();
    raise(number);
}

static void on_watchdog(int number)
{
    static const char text[] = "pvrun: stopped while it could not write its output\n";

    (void)number;
    terminal_restore();
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) {
        /* then nobody reads it */
    }
    _exit((int)watchdog_status);
}

/* What a parent has us ignore stays so (nohup, background jobs of scripts), except SIGCHLD: ignoring that one
 * would reap children behind our back (wait(2)). A blocked signal would be queued even when it is ignored. */
static void fill_loop_set(sigset_t *set)
{
    struct sigaction now;

    signal(SIGCHLD, SIG_DFL);
    sigemptyset(set);
    for (size_t i = 0; i < sizeof loop_signals / sizeof loop_signals[0]; i++)
        if (sigaction(loop_signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(set, loop_signals[i]);
}

int signals_open(void)
{
    struct sigaction action;
    sigset_t set;

    fill_loop_set(&set);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_fatal;
    action.sa_flags = (int)SA_RESETHAND | SA_NODEFER;
    for (size_t i = 0; i < sizeof fatal_signals / sizeof fatal_signals[0]; i++)
        sigaction(fatal_signals[i], &action, NULL);
    action.sa_handler = on_watchdog;
    sigaction(SIGALRM, &action, NULL);
    action.sa_handler = SIG_IGN; /* a write to a closed pipe is an error, not a death */
    action.sa_flags = 0;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL); /* and so is a file that gets larger than the user's limit */
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

void signals_close(int fd)
{
    sigset_t set;

    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    close(fd);
}

void signals_reset(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

int signals_next(int fd)
{
    struct signalfd_siginfo info;

    return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

void signals_stop_self(void)
{
    raise(SIGSTOP);
}

void signals_watchdog(unsigned seconds, int status)
{
    watchdog_status = status;
    alarm(seconds);
}
