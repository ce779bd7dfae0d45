/* SPDX-License-Identifier: MIT */
/* The files of a run (kernel.h). The image is mapped only while it is parsed: the symbols are copied, so
 * that a kernel may be rebuilt while it runs. Whatever is wrong ends in one line that names the file.
 * Called by main.c; host/elf.c does the parsing. */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/control.h"
#include "host/text.h"
#include "pvops/abi/note.h"

#define PAGE 4096u

/* O_NONBLOCK: a FIFO must not hang us before fstat tells what it is. */
int kernel_open_file(const char *path, uint64_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

    if (fd < 0) {
        message("%s: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        message("%s: %s", path, S_ISDIR(status.st_mode) ? "is a directory" : "is not a regular file");
        close(fd);
        return -1;
    }
    *size = (uint64_t)status.st_size;
    return fd;
}

static int check_note(const char *path, const struct elf_image *image)
{
    if (image->abi == PV_ABI_VERSION)
        return 0;
    message("%s: was built for pvops ABI version %u, this pvrun has version %u: rebuild the kernel with this "
            "pvops, or use the pvrun it was built with",
            path, image->abi, PV_ABI_VERSION);
    return PV_STATUS_DATA;
}

/* A sum that stays at the top instead of wrapping, for sizes out of a hostile file. */
static uint64_t add(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t pages(uint64_t bytes)
{
    return add(bytes, PAGE - 1) == UINT64_MAX ? UINT64_MAX : (bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

/* The file's bytes, or NULL after a message. */
static void *map_file(const char *path, uint64_t *size, int *status)
{
    int fd = kernel_open_file(path, size);
    void *data;

    *status = fd < 0 ? PV_STATUS_NOINPUT : PV_STATUS_DATA;
    if (fd < 0)
        return NULL;
    if (*size == 0) {
        message("%s: is empty", path);
        close(fd);
        return NULL;
    }
    data = *size > SIZE_MAX ? MAP_FAILED : mmap(NULL, (size_t)*size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        message("%s: cannot be mapped: %s", path, strerror(errno));
    close(fd);
    return data == MAP_FAILED ? NULL : data;
}

static int with_image(const char *path, int (*use)(const struct elf_image *image, void *context),
                      void *context)
{
    struct elf_image image;
    enum elf_error error;
    uint64_t size;
    int status;
    void *data = map_file(path, &size, &status);

    if (data == NULL)
        return status;
    error = elf_parse(&image, data, (size_t)size);
    if (error != ELF_OK)
        message("%s: %s", path, elf_error_text(error));
    status = error != ELF_OK ? PV_STATUS_DATA : check_note(path, &image);
    if (status == 0)
        status = use(&image, context);
    munmap(data, (size_t)size);
    return status;
}

static int measure(const struct elf_image *image, void *context)
{
    struct kernel *kernel = context;

    kernel->backend = image->backend;
    kernel->has_pvh = image->has_pvh;
    kernel->needed = add(pages(image->top), pages(image->memory));
    symbols_load(&kernel->symbols, image);
    return 0;
}

int kernel_open(struct kernel *kernel, const struct options *options)
{
    uint64_t size;
    int fd, status;

    memset(kernel, 0, sizeof *kernel);
    kernel->path = options->kernel;
    status = with_image(kernel->path, measure, kernel);
    if (status != 0 || options->initrd == NULL)
        return status;
    fd = kernel_open_file(options->initrd, &size);
    if (fd < 0)
        return PV_STATUS_NOINPUT;
    close(fd);
    kernel->needed = add(kernel->needed, pages(size));
    return 0;
}

int kernel_load(const struct kernel *kernel, int (*use)(const struct elf_image *image, void *context),
                void *context)
{
    return with_image(kernel->path, use, context);
}

void kernel_close(struct kernel *kernel)
{
    symbols_free(&kernel->symbols);
}

int kernel_check_memory(const struct kernel *kernel, const struct options *options, uint64_t reserve)
{
    uint64_t needed = add(kernel->needed, reserve);
    char need[32], have[32];

    if (options->memory >= needed)
        return 0;
    message("%s: needs %s of memory%s, but gets %s: use --memory", kernel->path,
            text_size(need, sizeof need, needed), options->initrd != NULL ? " with its initrd" : "",
            text_size(have, sizeof have, options->memory));
    return PV_STATUS_UNAVAILABLE;
}
