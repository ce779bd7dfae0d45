/* SPDX-License-Identifier: MIT */
/*
 * The kernel's start. pvops has brought the machine up and calls pv_kernel_main(); from there on this list
 * is what happens, each line a file to read. Then the boot CPU idles, and process 1 goes on: init, the first
 * user program, which starts a shell or runs a script.
 *
 * A small Unix: processes with copy on write, pipes, a console, programs from an initrd. Which machine it
 * runs on it does not know; all that depends on it is behind pvops/pvops.h. Start with README.md for a map.
 */
#include "console.h"
#include "exec.h"
#include "initrd.h"
#include "page.h"
#include "proc.h"
#include "trap.h"

#define INIT_PATH "/init"

/* The first thread: it is this stack of pv_kernel_main() that idles. */
static struct proc idle = {.name = "idle", .state = PROC_RUNNING};

/* The kernel's command line. */
static char init_path[PATH_SIZE] = INIT_PATH;
static char init_script[PATH_SIZE]; /* "": none */
static bool quiet;

static void read_options(const struct pv_boot_info *info)
{
    char value[PATH_SIZE];
    int length = pv_boot_option(info, "init", value, sizeof value);

    if (length > 0)
        str_copy(init_path, value, sizeof init_path);
    pv_boot_option(info, "script", init_script, sizeof init_script);
    quiet = pv_boot_option(info, "quiet", value, sizeof value) >= 0;
}

/* A kernel thread that becomes the first process. */
static void start_init(void *unused)
{
    const char *argv[] = {init_path, init_script[0] != '\0' ? init_script : NULL, NULL};
    struct proc *proc = proc_current();
    int error;

    (void)unused;
    proc->files[0] = file_open_console();
    proc->files[1] = file_share(proc->files[0]);
    proc->files[2] = file_share(proc->files[0]);
    error = exec_from_kernel(init_path, argv);
    if (error < 0) {
        printk("%s cannot be started: error %d\n", init_path, -error);
        kernel_off(1);
    }
    pv_irq_disable();
    pv_trap_return_to(proc_user_frame(proc));
}

void pv_kernel_main(const struct pv_boot_info *info)
{
    read_options(info);
    if (!quiet)
        printk("pvops sample kernel\n");

    page_init(info);         /* free RAM */
    stack_init(info);        /* kernel stacks with guard pages */
    initrd_init(info);       /* the files */
    sched_init(info, &idle); /* the clock starts, and this is the idle thread */
    trap_init();             /* exceptions, system calls, interrupts */
    console_init();          /* input and output by interrupts */
    CHECK(proc_start_thread("init", PID_INIT, start_init, NULL) == 0);
    sched_idle();
}
