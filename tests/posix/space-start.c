/* SPDX-License-Identifier: MIT */
/* The small monitor of space-monitor.h, first part: TAP, start of the zygote, making of spaces. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "space-monitor.h"

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

uint8_t *ram;
pid_t zygote;
int zygote_socket;
uint64_t xsave_mask;
static uint8_t *shared;
static int ram_fd, shared_fd;
static int tests, failures;

void fatal(const char *what)
{
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(1);
}

void ok(bool good, const char *format, ...)
{
    va_list arguments;

    printf("%s %d - ", good ? "ok" : "not ok", ++tests);
    failures += !good;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
}

void skip(const char *name, const char *why)
{
    printf("ok %d - %s # SKIP %s\n", ++tests, name, why);
}

int tap_end(void)
{
    printf("1..%d\n", tests);
    return failures != 0;
}

static int sealed(const char *name, size_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0 || ftruncate(fd, (off_t)size) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
        fatal("memfd");
    }
    return fd;
}

/* The child's descriptors: 3, 5, 6 as in launch.h. They are moved out of each other's way first. */
static void exec_zygote(const char *path, int socket, pid_t parent)
{
    char name[] = "pvops-zygote", number[16];
    char *arguments[] = {name, number, NULL};
    int high_ram = fcntl(ram_fd, F_DUPFD, 20), high_shared = fcntl(shared_fd, F_DUPFD, 20);
    int high_socket = fcntl(socket, F_DUPFD, 20), image = open(path, O_RDONLY | O_CLOEXEC);

    image = fcntl(image, F_DUPFD_CLOEXEC, 20);
    snprintf(number, sizeof number, "%d", parent);
    for (int i = 3; i < 20; i++) {
        close(i);
    }
    dup2(high_ram, POSIX_FD_RAM);
    dup2(high_shared, POSIX_FD_SHARED);
    dup2(high_socket, POSIX_FD_ZYGOTE);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fexecve(image, arguments, (char *[]){NULL});
    _exit(127);
}

void monitor_start(const char *zygote_path)
{
    int ends[2];
    pid_t self = getpid();
    uint32_t low, high;

    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    xsave_mask = low & 0xe7; /* x87, SSE, AVX, AVX-512 */
    ram_fd = sealed("ram", RAM_SIZE);
    shared_fd = sealed("shared", (size_t)POSIX_SPACES_MAX * POSIX_AREA_SIZE);
    ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);
    shared = mmap(NULL, (size_t)POSIX_SPACES_MAX * POSIX_AREA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                  shared_fd, 0);
    if (ram == MAP_FAILED || shared == MAP_FAILED ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        fatal("mmap, socketpair");
    }
    zygote = fork();
    if (zygote == 0) {
        exec_zygote(zygote_path, ends[1], self);
    }
    close(ends[1]);
    zygote_socket = ends[0];
}

/* From the pidfd's fdinfo; used by tests only. */
static pid_t pid_of(int pidfd)
{
    char path[64], line[128];
    int pid = -1;
    FILE *f;

    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
    f = fopen(path, "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL && sscanf(line, "Pid: %d", &pid) != 1) {
    }
    if (f != NULL) {
        fclose(f);
    }
    return pid;
}

int space_make(struct space *space, uint32_t slot)
{
    struct posix_space_request request = {.slot = slot};
    struct posix_space_answer answer = {.slot = ~0U};
    struct iovec part = {&answer, sizeof answer};
    union {
        char bytes[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct pollfd end = {.fd = zygote_socket, .events = POLLIN};
    uint64_t flags = SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP;
    int fds[2];

    memset(space, 0, sizeof *space);
    space->slot = slot;
    space->fs_base = POSIX_FS_LEAVE;
    space->area = (volatile struct posix_area *)(shared + (size_t)slot * POSIX_AREA_SIZE);
    if (send(zygote_socket, &request, sizeof request, MSG_NOSIGNAL) != sizeof request ||
        poll(&end, 1, 5000) != 1 || recvmsg(zygote_socket, &message, MSG_CMSG_CLOEXEC) != sizeof answer) {
        return -EIO;
    }
    if (answer.error != 0 || message.msg_controllen != CMSG_SPACE(2 * sizeof(int))) {
        return answer.error != 0 ? answer.error : -EPROTO;
    }
    memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fds);
    space->listener = fds[0];
    space->pidfd = fds[1];
    space->pid = pid_of(space->pidfd);
    ioctl(space->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags);
    return space_wait(space) == EVENT_READY ? 0 : -EPROTO;
}
