/* SPDX-License-Identifier: MIT */
/** @file
 * A child process that never outlives pvrun: own process group, killed with its parent, reaped on stop.
 */
#ifndef PVOPS_HOST_PROCESS_H
#define PVOPS_HOST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process {
    pid_t pid;  /**< 0: none, or reaped */
    int status; /**< of waitpid, valid once reaped */
};

/**
 * Start argv[0] (searched in PATH) with stdin from /dev/null, stdout and stderr to `output`, and the
 * `inherited` descriptors besides (their numbers stay). 0, or the errno of what failed, exec included.
 */
int process_start(struct process *process, char *const argv[], int output, const int *inherited,
                  size_t count);

/**
 * Execute the static program in the file `program` with argv and no environment. fds[i] becomes its descriptor
 * i, -1 stands for /dev/null, and it has no others. 0, or the errno of what failed, exec included.
 */
int process_start_exact(struct process *process, int program, char *const argv[], const int *fds,
                        size_t count);

/** True once the child has ended and is reaped. */
bool process_ended(struct process *process);

/** Send a signal to the child's group. */
void process_signal(const struct process *process, int number);

/** Kill the whole group and reap the child. */
void process_kill(struct process *process);

#endif
