/* SPDX-License-Identifier: MIT */
/*
 * The single-step test of interrupt delivery (host side): takes the monitor's place (PVRUN_MONITOR), executes
 * the real one under ptrace(2), and injects a signal with something pending at every instruction between two
 * marks of the guest, one instruction further in each round, SIGIO and SIGALRM in turn. step-guest.c counts
 * what arrives; step.h is between both. Built by tests/e2e/64-step-posix.sh with MONITOR, the path of the
 * real one, and WAIT, the address of its monitor_wait().
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <pvops/backend/abi.h>

#include "backend-posix/monitor/launch.h"
#include "step.h"

#define TRAP_FLAG 0x100
#define SLEEP_NS 100000L
#define LOOKS 4 /* in a row at which it sleeps */

enum event { STEPPED, MARK, ASLEEP };

static pid_t child;
static struct pv_posix_abi_page *abi;
static struct step_words *words;
static unsigned place; /* instructions before the injection */

static _Noreturn void leave(int status)
{
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

static void go(enum __ptrace_request how, int number)
{
    if (ptrace(how, child, NULL, (void *)(long)number) != 0)
        exit(98);
}

/* The next stop. A step of code that saves its flags leaves the trap flag there: that stop is nobody's. */
static int wait_stop(bool stepping)
{
    for (;;) {
        struct user_regs_struct regs;
        siginfo_t info;
        int status;

        if (waitpid(child, &status, 0) != child)
            exit(97);
        if (!WIFSTOPPED(status))
            leave(status);
        if (WSTOPSIG(status) != SIGTRAP || stepping)
            return WSTOPSIG(status);
        if (ptrace(PTRACE_GETSIGINFO, child, NULL, &info) != 0 || info.si_code == SI_KERNEL)
            return SIGTRAP;
        if (ptrace(PTRACE_GETREGS, child, NULL, &regs) != 0)
            exit(96);
        regs.eflags &= ~(unsigned long)TRAP_FLAG;
        ptrace(PTRACE_SETREGS, child, NULL, &regs);
        go(PTRACE_CONT, 0);
    }
}

static bool is_mark(void)
{
    siginfo_t info;

    return ptrace(PTRACE_GETSIGINFO, child, NULL, &info) == 0 && info.si_code == SI_KERNEL;
}

/* --- sleeping: only a system call of the monitor's does, whose code is in the file --- */

static char *image;
static off_t image_size;

static bool is_syscall(uint64_t rip)
{
    uint64_t offset = rip - PV_POSIX_MONITOR;

    return offset + 2 <= (uint64_t)image_size && image[offset] == 0x0f && image[offset + 1] == 0x05;
}

static bool has_stopped(void)
{
    siginfo_t info = {.si_pid = 0};

    return waitid(P_PID, (id_t)child, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

static bool is_asleep(void)
{
    const struct timespec pause = {0, SLEEP_NS};
    char path[64], text[512];
    bool sleeps = false;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
    for (int looks = 0; looks < LOOKS;) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

        close(fd);
        text[got > 0 ? got : 0] = '\0';
        sleeps = strstr(text, ") S ") != NULL;
        if (has_stopped())
            return false;
        looks = sleeps ? looks + 1 : 0;
        nanosleep(&pause, NULL);
    }
    return sleeps;
}

/* One instruction, delivering a signal first. Signals that come by themselves are passed on. */
static enum event step(int number)
{
    for (;;) {
        struct user_regs_struct regs;

        if (ptrace(PTRACE_GETREGS, child, NULL, &regs) != 0)
            exit(95);
        go(PTRACE_SINGLESTEP, number);
        if (number == 0 && is_syscall(regs.rip) && is_asleep())
            return ASLEEP;
        number = wait_stop(true);
        if (number == SIGTRAP)
            return is_mark() ? MARK : STEPPED;
    }
}

static bool open_image(void)
{
    int fd = open(MONITOR, O_RDONLY | O_CLOEXEC);

    image_size = lseek(fd, 0, SEEK_END);
    image = mmap(NULL, (size_t)image_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return image != MAP_FAILED;
}

/* As the monitor's handlers do it, in front of the signal. */
static void raise_line(void)
{
    __atomic_fetch_or(&abi->line_events, 1u << STEP_LINE, __ATOMIC_SEQ_CST);
    abi->pending = 1;
    words->injected = words->injected + 1;
}

/* Step to the handoff's wait; false: the mark came first. */
static bool go_to_wait(void)
{
    struct user_regs_struct regs;

    do {
        if (step(0) == MARK)
            return false;
        ptrace(PTRACE_GETREGS, child, NULL, &regs);
    } while (regs.rip != WAIT);
    return true;
}

/* The process sleeps in a system call: the signal stops it there. */
static int wake(void)
{
    raise_line();
    kill(child, SIGIO);
    return wait_stop(false);
}

/* From the first mark to the injection. */
static void run_round(void)
{
    int number = 0;

    if (words->restart)
        place = 0;
    words->injected = 0;
    words->last = 0;
    if (words->flags & STEP_FIRST) {
        raise_line();
        number = SIGIO;
    }
    if ((words->flags & STEP_WAIT) && (place == STEP_PLACES || !go_to_wait())) {
        words->last = 1;
        go(PTRACE_CONT, 0);
        return;
    }
    for (unsigned left = place; left > 0; left--, number = 0) {
        enum event event = step(number);

        if (event == MARK) {
            words->last = 1;
            go(PTRACE_CONT, 0);
            return;
        }
        if (event != ASLEEP)
            continue;
        number = wake();
        if (!(words->flags & STEP_WAKE)) {
            words->last = 1;
            go(PTRACE_CONT, number);
            return;
        }
        if (step(number) == MARK)
            exit(94);
    }
    if (number == 0) {
        raise_line();
        number = place % 2 ? SIGALRM : SIGIO;
    }
    place++;
    go(PTRACE_CONT, number);
}

int main(int argc, char **argv)
{
    char *const none[] = {NULL};
    int number;

    (void)argc;
    child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
            execve(MONITOR, argv, none);
        _exit(93);
    }
    abi = mmap(NULL, PV_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, POSIX_FD_ABI, 0);
    if (child < 0 || abi == MAP_FAILED || !open_image())
        return 92;
    words = (struct step_words *)((char *)abi + STEP_WORDS);
    for (int fd = 0; fd <= POSIX_FD_CONTROL; fd++)
        close(fd);
    wait_stop(true);
    ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)(long)PTRACE_O_EXITKILL);
    go(PTRACE_CONT, 0);
    for (;;) {
        number = wait_stop(false);
        if (number == SIGTRAP && words->begin)
            run_round();
        else
            go(PTRACE_CONT, number == SIGTRAP ? 0 : number);
    }
}
