/* SPDX-License-Identifier: MIT */
/* The shell's background processes: they are waited for before each prompt without waiting (job_reap), and
 * their statuses are kept for a later `wait`. */
#include "sh.h"

#define MAX_JOBS 16

struct job {
    int pid; /* 0: the place is free */
    bool ended;
    int status;
};

static struct job jobs[MAX_JOBS];

static struct job *find(int pid)
{
    for (struct job *job = jobs; job < jobs + MAX_JOBS; job++)
        if (job->pid == pid)
            return job;
    return NULL;
}

/* Frees the place of a job that has ended. */
static int forget(struct job *job)
{
    job->pid = 0;
    return job->status;
}

void job_add(int pid)
{
    struct job *job = find(0);

    if (!job) {
        job = &jobs[0];
        job_wait(job->pid);
    }
    *job = (struct job){.pid = pid};
}

int job_wait(int pid)
{
    struct job *job = pid > 0 ? find(pid) : NULL;

    if (!job)
        return -ECHILD;
    if (!job->ended)
        job->status = wait_for(pid);
    return forget(job);
}

int job_wait_all(void)
{
    int status = 0;

    for (struct job *job = jobs; job < jobs + MAX_JOBS; job++)
        if (job->pid)
            status = job_wait(job->pid);
    return status;
}

void job_reap(void)
{
    for (struct job *job = jobs; job < jobs + MAX_JOBS; job++) {
        if (!job->pid || job->ended || wait(job->pid, &job->status, WAIT_NOHANG) != job->pid)
            continue;
        job->ended = true;
        if (!shell.interactive)
            continue;
        printf("[%d] ended, status %d\n", job->pid, status_number(job->status));
        forget(job);
    }
}
