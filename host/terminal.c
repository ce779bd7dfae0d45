/* SPDX-License-Identifier: MIT */
/* The user's terminal (terminal.h). Input is raw, so that Ctrl-C and Ctrl-Z are the guest's; output keeps its
 * post-processing (newline becomes return + newline), so that messages of pvrun and kernels that print bare
 * newlines both look right. Used by signals.c for the ways out that are signals; read relay.c next. */
#include "terminal.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

static struct {
    volatile sig_atomic_t taken; /* saved is valid */
    int fd;
    struct termios saved;
} terminal;

bool terminal_take(int fd)
{
    if (!isatty(fd) || tcgetattr(fd, &terminal.saved) != 0)
        return false;
    terminal.fd = fd;
    terminal.taken = 1;
    terminal_raw();
    return true;
}

void terminal_raw(void)
{
    struct termios raw;

    /* In the background tcsetattr would stop us by SIGTTOU; SIGCONT calls this again (termios(3)). */
    if (!terminal.taken || tcgetpgrp(terminal.fd) != getpgrp())
        return;
    raw = terminal.saved;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
    raw.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    raw.c_cflag |= CS8;
    raw.c_oflag |= OPOST;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(terminal.fd, TCSANOW, &raw);
}

void terminal_restore(void)
{
    if (terminal.taken && tcgetpgrp(terminal.fd) == getpgrp())
        tcsetattr(terminal.fd, TCSANOW, &terminal.saved);
}
