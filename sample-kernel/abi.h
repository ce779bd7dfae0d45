/* SPDX-License-Identifier: MIT */
/*
 * What the sample kernel and its user programs agree on: system calls, errors, structures, and how a program
 * starts. Both sides include this file; it needs nothing but a C compiler. The kernel's half is syscall.c
 * and exec.c, the programs' half is user/.
 *
 * A system call is raised by `syscall`, by a call of the gate page (pvops/user.h) or by `int 0x80`; all
 * three are the same to the kernel. Registers: rax number, rdi rsi rdx r10 r8 r9 arguments; rax result, or
 * the negative of an error number. rcx and r11 are lost, all other registers keep their values. (A gate call
 * may also change vector registers and arithmetic flags.)
 */
#ifndef SAMPLE_ABI_H
#define SAMPLE_ABI_H

/* --- System calls -------------------------------------------------------------------------------------- */

#define SYS_INT_VECTOR 0x80 /* the gate that is open for `int n` */

#define SYS_EXIT 0     /* (int status)                    ends the process; status is cut to 0..255 */
#define SYS_FORK 1     /* ()                              0 in the child, the child's pid in the parent */
#define SYS_EXEC 2     /* (path, char **argv)             does not return when it succeeds */
#define SYS_WAIT 3     /* (pid, int *status, flags)       pid of a child that has ended; pid 0: any child;
                          status may be NULL; WAIT_NOHANG: 0 when none has ended yet */
#define SYS_GETPID 4   /* () */
#define SYS_SBRK 5     /* (long bytes)                    the old end of the heap; new pages read as zeros */
#define SYS_READ 6     /* (fd, buffer, size)              bytes read, 0 at the end; waits for at least one */
#define SYS_WRITE 7    /* (fd, buffer, size)              bytes written; waits until all are */
#define SYS_OPEN 8     /* (path)                          the lowest free descriptor; files are read-only */
#define SYS_CLOSE 9    /* (fd) */
#define SYS_DUP2 10    /* (fd, new)                       new, which is closed first */
#define SYS_PIPE 11    /* (int fd[2])                     fd[0] to read, fd[1] to write */
#define SYS_SLEEP 12   /* (unsigned long ns)              not shorter than that */
#define SYS_UPTIME 13  /* ()                              ns since boot */
#define SYS_YIELD 14   /* ()                              lets other processes run first */
#define SYS_KILL 15    /* (pid)                           ends a process, at the latest when it next enters
                          user mode */
#define SYS_READDIR 16 /* (path, unsigned index, struct dirent *)  1, or 0 when there are no more entries */
#define SYS_PS 17      /* (struct psinfo *, unsigned max) how many were written, in the order of pids */
#define SYS_SETTLS 18  /* (void *base)                    FS base of the process */
#define SYS_SHUTDOWN 19 /* (int status)                   powers the machine off; status is cut to 0..255 */
#define SYS_SETGROUP 20 /* (pid group, int foreground)    puts the caller into a group (0: one of its own,
                          numbered by its pid); fork hands the group on. foreground != 0: this is the group
                          that ^C on the console kills from now on */
#define SYS_COUNT 21

/* Status of an ended process, as wait gives it: what it gave exit (0..255), or why it was killed. */
#define STATUS_KILLED 0x100       /* + vector of the exception that its code raised */
#define STATUS_KILLED_BY_CALL 0x1ff /* by kill or ^C */

#define WAIT_NOHANG 1

/* --- Errors: the numbers of Linux ---------------------------------------------------------------------- */

#define EPERM 1         /* init cannot be killed */
#define ENOENT 2        /* no such file */
#define ESRCH 3         /* no such process */
#define EINTR 4         /* killed while waiting (seen by nobody) */
#define E2BIG 7         /* arguments longer than ARGS_MAX */
#define ENOEXEC 8       /* not a program for this machine */
#define EBADF 9         /* no such descriptor, or not open in that direction */
#define ECHILD 10       /* no child to wait for */
#define EAGAIN 11       /* too many processes */
#define ENOMEM 12       /* out of memory */
#define EFAULT 14       /* an address that the process may not use */
#define ENOTDIR 20      /* not a directory */
#define EISDIR 21       /* a directory */
#define EINVAL 22       /* an argument out of range */
#define EMFILE 24       /* all descriptors are in use */
#define EPIPE 32        /* nobody can read what is written */
#define ENAMETOOLONG 36 /* a path of PATH_SIZE bytes or more */
#define ENOSYS 38       /* no such system call */

/* --- Limits and structures ----------------------------------------------------------------------------- */

#define FD_COUNT 16     /* descriptors of a process; 0, 1, 2 are the console when init starts */
#define PATH_SIZE 128   /* bytes of a path, with its end; paths start at the root, with or without '/' */
#define NAME_SIZE 64    /* bytes of a file's name, with its end */
#define ARGS_MAX 4000   /* bytes of all arguments, with their ends and 8 for each pointer */
#define PIPE_SIZE 3968  /* bytes a pipe holds: a page but for its header */
#define LINE_SIZE 256   /* bytes of a line typed at the console, with its newline */

#define DIRENT_FILE 1
#define DIRENT_DIRECTORY 2

struct dirent {
    unsigned long size;    /* bytes */
    unsigned type;         /* DIRENT_x */
    unsigned executable;   /* 1: the file's mode says so */
    char name[NAME_SIZE];  /* within its directory */
};

enum ps_state { PS_RUNNING, PS_READY, PS_SLEEPING, PS_ENDED };

struct psinfo {
    int pid;
    int parent;             /* 0 for init */
    int group;
    int state;              /* enum ps_state */
    unsigned long pages;    /* user pages in memory; shared ones count for each */
    unsigned long cpu_ns;   /* time it has run */
    char name[16];          /* last part of the program's path, cut */
};

/* --- How a program starts -------------------------------------------------------------------------------
 *
 * A program is a static ELF64 executable for x86-64 whose segments lie in [PROGRAM_BASE, PROGRAM_END). The
 * heap (sbrk) begins at the page behind its last segment. At the entry all registers are 0 but rip and rsp;
 * rsp is a multiple of 16 and points to what the System V ABI for x86-64 (3.4.1) prescribes:
 *
 *     rsp: argc, argv[0], ..., argv[argc - 1], 0, 0 (no environment), 0, 0 (no auxiliary vector)
 *
 * init is /init, or what init= on the kernel's command line names. argv[0] is that path; script=NAME on the
 * command line makes NAME its argv[1]. When init ends, the machine powers off with its status (255 when it
 * was killed). Orphans become children of init.
 */

#define PROGRAM_BASE 0x10000UL
#define PROGRAM_END 0x400000000000UL   /* the heap ends here too */
#define STACK_TOP 0x5ffffffff000UL
#define STACK_SIZE (1024UL * 1024)     /* filled on demand; below it nothing is mapped */

#endif
