/* SPDX-License-Identifier: MIT */
/* Open files, which descriptors stand for: the console, a file of the initrd, an end of a pipe. file.c. */
#ifndef SAMPLE_FILE_H
#define SAMPLE_FILE_H

#include "kernel.h"

#define FILE_MAX 512 /* open files of all processes */

struct file;
struct initrd_file;
struct pipe;

/* Each returns an open file with one owner, or NULL: all are in use. */
struct file *file_open_console(void);
struct file *file_open_initrd(const struct initrd_file *entry);

/* 0, -EMFILE or -ENOMEM. ends[0] reads, ends[1] writes. */
int file_open_pipe(struct file *ends[2]);

/* One more owner, one less. The last one closes the file. */
struct file *file_share(struct file *file);
void file_release(struct file *file);

/* Move bytes between file and user memory of the current process: how many, or a negative error. */
long file_read(struct file *file, pv_va_t dst, size_t size);
long file_write(struct file *file, pv_va_t src, size_t size);

/* pipe.c, for file.c only. The ends are closed one by one; the second one frees the pipe. */
struct pipe *pipe_create(void);
void pipe_close(struct pipe *pipe, bool writer);
long pipe_read(struct pipe *pipe, pv_va_t dst, size_t size);
long pipe_write(struct pipe *pipe, pv_va_t src, size_t size);

#endif
