/* SPDX-License-Identifier: MIT */
/*
 * System calls: from registers to arguments, one small function for each. trap.c calls syscall() with
 * interrupts on. All that user code hands over is hostile: numbers are checked here or by whom they are
 * given to, and user memory is touched by pv_user_copy_* only.
 */
#include "exec.h"
#include "initrd.h"
#include "page.h"
#include "proc.h"
#include "trap.h"

/* The open file of a descriptor, or NULL. */
static struct file *file_of(uint64_t fd)
{
    return fd < FD_COUNT ? proc_current()->files[fd] : NULL;
}

/* Put a file behind the lowest free descriptor; without one it is closed. NULL: there were no files left. */
static long add_descriptor(struct file *file)
{
    struct proc *proc = proc_current();

    if (file == NULL)
        return -EMFILE;
    for (int fd = 0; fd < FD_COUNT; fd++)
        if (proc->files[fd] == NULL) {
            proc->files[fd] = file;
            return fd;
        }
    file_release(file);
    return -EMFILE;
}

static long close_descriptor(uint64_t fd)
{
    struct file *file = file_of(fd);

    if (file == NULL)
        return -EBADF;
    proc_current()->files[fd] = NULL;
    file_release(file);
    return 0;
}

/* --- processes --- */

static long sys_exit(const struct pv_frame *frame)
{
    proc_exit((int)(frame->rdi & 0xff));
}

static long sys_fork(const struct pv_frame *frame)
{
    (void)frame;
    return proc_fork();
}

static long sys_exec(const struct pv_frame *frame)
{
    char path[PATH_SIZE];
    int length = pv_user_copy_str(path, frame->rdi, sizeof path);

    return length < 0 ? length : exec_from_user(path, frame->rsi);
}

static long sys_wait(const struct pv_frame *frame)
{
    int status, pid;

    if (frame->rdx & ~(uint64_t)WAIT_NOHANG)
        return -EINVAL;
    pid = proc_wait((int)frame->rdi, &status, !(frame->rdx & WAIT_NOHANG));
    if (pid > 0 && frame->rsi != 0 && pv_user_copy_out(frame->rsi, &status, sizeof status) < 0)
        return -EFAULT;
    return pid;
}

static long sys_getpid(const struct pv_frame *frame)
{
    (void)frame;
    return proc_current()->pid;
}

static long sys_kill(const struct pv_frame *frame)
{
    return proc_kill((int)frame->rdi);
}

static long sys_setgroup(const struct pv_frame *frame)
{
    int group = (int)frame->rdi;

    if (group < 0)
        return -EINVAL;
    proc_set_group(group, (int)frame->rsi != 0);
    return 0;
}

static long sys_yield(const struct pv_frame *frame)
{
    (void)frame;
    sched_yield();
    return 0;
}

static long sys_ps(const struct pv_frame *frame)
{
    struct psinfo info;
    uint64_t count = 0;

    for (int pid = 0; count < (unsigned)frame->rsi && proc_info(pid, &info); pid = info.pid, count++)
        if (pv_user_copy_out(frame->rdi + count * sizeof info, &info, sizeof info) < 0)
            return -EFAULT;
    return (long)count;
}

/* --- memory and registers --- */

static long sys_sbrk(const struct pv_frame *frame)
{
    return space_grow(&proc_current()->space, (long)frame->rdi);
}

static long sys_settls(const struct pv_frame *frame)
{
    pv_irq_flags_t flags;

    if (frame->rdi >= PV_USER_END)
        return -EINVAL;
    flags = pv_irq_save();
    proc_current()->tls = frame->rdi;
    pv_cpu_user_tls_set(frame->rdi);
    pv_irq_restore(flags);
    return 0;
}

/* --- files --- */

/* So that a buffer which cannot be one is refused before the first byte moves. */
static bool in_user_window(pv_va_t va, uint64_t size)
{
    return size <= PV_USER_END && va <= PV_USER_END - size;
}

static long sys_read(const struct pv_frame *frame)
{
    struct file *file = file_of(frame->rdi);

    if (file == NULL)
        return -EBADF;
    return in_user_window(frame->rsi, frame->rdx) ? file_read(file, frame->rsi, frame->rdx) : -EFAULT;
}

static long sys_write(const struct pv_frame *frame)
{
    struct file *file = file_of(frame->rdi);

    if (file == NULL)
        return -EBADF;
    return in_user_window(frame->rsi, frame->rdx) ? file_write(file, frame->rsi, frame->rdx) : -EFAULT;
}

static long sys_open(const struct pv_frame *frame)
{
    const struct initrd_file *entry;
    char path[PATH_SIZE];
    int length = pv_user_copy_str(path, frame->rdi, sizeof path);

    if (length < 0)
        return length;
    entry = initrd_find(path);
    if (entry == NULL)
        return -ENOENT;
    return entry->directory ? -EISDIR : add_descriptor(file_open_initrd(entry));
}

static long sys_close(const struct pv_frame *frame)
{
    return close_descriptor(frame->rdi);
}

static long sys_dup2(const struct pv_frame *frame)
{
    struct file *file = file_of(frame->rdi);
    uint64_t to = frame->rsi;

    if (file == NULL || to >= FD_COUNT)
        return -EBADF;
    if (to != frame->rdi) {
        close_descriptor(to);
        proc_current()->files[to] = file_share(file);
    }
    return (long)to;
}

static long sys_pipe(const struct pv_frame *frame)
{
    struct file *ends[2];
    int error = file_open_pipe(ends), fd[2];

    if (error < 0)
        return error;
    fd[0] = (int)add_descriptor(ends[0]);
    fd[1] = (int)add_descriptor(ends[1]);
    error = fd[0] < 0 || fd[1] < 0 ? -EMFILE : pv_user_copy_out(frame->rdi, fd, sizeof fd);
    for (int i = 0; i < 2 && error < 0; i++)
        if (fd[i] >= 0)
            close_descriptor((uint64_t)fd[i]);
    return error;
}

static long sys_readdir(const struct pv_frame *frame)
{
    struct dirent entry;
    char path[PATH_SIZE];
    int result = pv_user_copy_str(path, frame->rdi, sizeof path);

    if (result >= 0)
        result = initrd_read_directory(path, (unsigned)frame->rsi, &entry);
    if (result > 0 && pv_user_copy_out(frame->rdx, &entry, sizeof entry) < 0)
        return -EFAULT;
    return result;
}

/* --- the machine --- */

static long sys_sleep(const struct pv_frame *frame)
{
    uint64_t now = pv_time_now();

    return sched_sleep_until(now + min_u64(frame->rdi, UINT64_MAX - 1 - now));
}

static long sys_uptime(const struct pv_frame *frame)
{
    (void)frame;
    return (long)(sched_uptime());
}

static long sys_shutdown(const struct pv_frame *frame)
{
    kernel_off((unsigned)(frame->rdi & 0xff));
}

/* --- dispatch --- */

typedef long syscall_function(const struct pv_frame *frame);

static syscall_function *const table[SYS_COUNT] = {
    [SYS_EXIT] = sys_exit,         [SYS_FORK] = sys_fork,       [SYS_EXEC] = sys_exec,
    [SYS_WAIT] = sys_wait,         [SYS_GETPID] = sys_getpid,   [SYS_SBRK] = sys_sbrk,
    [SYS_READ] = sys_read,         [SYS_WRITE] = sys_write,     [SYS_OPEN] = sys_open,
    [SYS_CLOSE] = sys_close,       [SYS_DUP2] = sys_dup2,       [SYS_PIPE] = sys_pipe,
    [SYS_SLEEP] = sys_sleep,       [SYS_UPTIME] = sys_uptime,   [SYS_YIELD] = sys_yield,
    [SYS_KILL] = sys_kill,         [SYS_READDIR] = sys_readdir, [SYS_PS] = sys_ps,
    [SYS_SETTLS] = sys_settls,     [SYS_SHUTDOWN] = sys_shutdown, [SYS_SETGROUP] = sys_setgroup,
};

/* `int 0x80` leaves the upper half of rax undefined, so only the lower one counts. */
void syscall(struct pv_frame *frame)
{
    uint32_t number = (uint32_t)frame->rax;
    long result = number < SYS_COUNT ? table[number](frame) : -ENOSYS;

    frame->rax = (uint64_t)result;
}
