/* SPDX-License-Identifier: MIT */
/*
 * Open files. fork and dup2 share them, offset and all; the last owner closes. Called by syscall.c with
 * descriptors already looked up. Read next: pipe.c, console.c, initrd.c.
 */
#include "file.h"

#include "console.h"
#include "initrd.h"
#include "lock.h"

enum file_type { FILE_FREE, FILE_CONSOLE, FILE_INITRD, FILE_PIPE_READ, FILE_PIPE_WRITE };

static struct lock file_lock;

struct file {
    /* file_lock must be held when using these. */
    unsigned owners;
    uint64_t offset;
    /* Do not change while there are owners. */
    enum file_type type;
    struct pipe *pipe;
    const struct initrd_file *entry;
};

static struct file files[FILE_MAX];

static struct file *take_file(enum file_type type)
{
    pv_irq_flags_t flags = lock_acquire(&file_lock);
    struct file *found = NULL;

    for (struct file *file = files; file < files + FILE_MAX && found == NULL; file++)
        if (file->owners == 0)
            found = file;
    if (found != NULL)
        *found = (struct file){.owners = 1, .type = type};
    lock_release(&file_lock, flags);
    return found;
}

struct file *file_open_console(void)
{
    return take_file(FILE_CONSOLE);
}

struct file *file_open_initrd(const struct initrd_file *entry)
{
    struct file *file = take_file(FILE_INITRD);

    if (file != NULL)
        file->entry = entry;
    return file;
}

int file_open_pipe(struct file *ends[2])
{
    struct pipe *pipe = pipe_create();

    if (pipe == NULL)
        return -ENOMEM;
    ends[0] = take_file(FILE_PIPE_READ);
    ends[1] = take_file(FILE_PIPE_WRITE);
    for (int i = 0; i < 2; i++) {
        if (ends[i] != NULL)
            ends[i]->pipe = pipe;
        else
            pipe_close(pipe, i == 1);
    }
    if (ends[0] != NULL && ends[1] != NULL)
        return 0;
    for (int i = 0; i < 2; i++)
        if (ends[i] != NULL)
            file_release(ends[i]);
    return -EMFILE;
}

struct file *file_share(struct file *file)
{
    pv_irq_flags_t flags = lock_acquire(&file_lock);

    file->owners++;
    lock_release(&file_lock, flags);
    return file;
}

void file_release(struct file *file)
{
    struct file old = *file;
    pv_irq_flags_t flags = lock_acquire(&file_lock);
    bool last = --file->owners == 0;

    lock_release(&file_lock, flags);
    if (last && (old.type == FILE_PIPE_READ || old.type == FILE_PIPE_WRITE))
        pipe_close(old.pipe, old.type == FILE_PIPE_WRITE);
}

/* Files lie in memory as they are in the archive: one copy moves them. */
static long initrd_read(struct file *file, pv_va_t dst, size_t size)
{
    pv_irq_flags_t flags = lock_acquire(&file_lock);
    uint64_t from = file->offset;
    size_t count = min_u64(size, file->entry->size - from);

    file->offset += count; /* before the copy: another owner may read at the same time */
    lock_release(&file_lock, flags);
    if (pv_user_copy_out(dst, file->entry->data + from, count) < 0)
        return -EFAULT;
    return (long)count;
}

long file_read(struct file *file, pv_va_t dst, size_t size)
{
    switch (file->type) {
    case FILE_CONSOLE:
        return console_read(dst, size);
    case FILE_INITRD:
        return initrd_read(file, dst, size);
    case FILE_PIPE_READ:
        return pipe_read(file->pipe, dst, size);
    default:
        return -EBADF;
    }
}

long file_write(struct file *file, pv_va_t src, size_t size)
{
    switch (file->type) {
    case FILE_CONSOLE:
        return console_write(src, size);
    case FILE_PIPE_WRITE:
        return pipe_write(file->pipe, src, size);
    default:
        return -EBADF;
    }
}
