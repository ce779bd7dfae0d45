/* SPDX-License-Identifier: MIT */
/* The machine of a posix guest (posix-run.h): RAM, the page that kernel and monitor share, and the areas of the
 * spaces, each a memfd that nobody can resize afterwards (memfd_create(2), F_ADD_SEALS). Everything is written
 * by pwrite: pvrun never maps what a guest can write. The layout of RAM: command line, image at its physical
 * addresses, initrd at the end; the segments' virtual addresses are those plus PV_POSIX_KERNEL.
 * Called by posix.c for each life of a guest; read posix-launch.c next. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend-posix/include/pvops/backend/abi.h"
#include "backend-posix/monitor/shared.h"
#include "host/text.h"
#include "posix-run.h"

#define PAGE 4096u

struct load {
    struct posix_machine *machine;
    const struct kernel *kernel;
    uint64_t begin, end; /* of the image: physical, whole pages */
};

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static int host_error(const char *what)
{
    int number = errno;

    message("cannot %s: %s%s", what, strerror(number),
            number == EFBIG ? " (ulimit -f is too small for the guest's memory)" : "");
    return number == ENOMEM || number == ENOSPC || number == EFBIG ? PV_STATUS_UNAVAILABLE : PV_STATUS_OSERR;
}

static int write_all(int fd, const void *bytes, uint64_t size, uint64_t offset)
{
    while (size > 0) {
        ssize_t put = pwrite(fd, bytes, size < 1u << 30 ? (size_t)size : 1u << 30, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return host_error("write the guest's memory");
        bytes = (const char *)bytes + put;
        offset += (uint64_t)put;
        size -= (uint64_t)put;
    }
    return 0;
}

/* A memfd of a fixed size. */
static int make_file(int *fd, const char *name, uint64_t size)
{
    /* MFD_NOEXEC_SEAL is left out: the monitor maps code of the guest from RAM, and before 6.3 it is unknown. */
    *fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*fd < 0 || ftruncate(*fd, (off_t)size) != 0 ||
        fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return host_error("make the guest's memory");
    return 0;
}

static int bad_image(const struct kernel *kernel, const char *what)
{
    message("%s: %s: link it with the link script of pvops-posix", kernel->path, what);
    return PV_STATUS_DATA;
}

/* A segment must be where the monitor maps it from, and have pages of its own. */
static int check_segment(const struct load *load, const struct elf_image *image, unsigned number)
{
    const struct elf_segment *segment = &image->segment[number];
    uint64_t begin = segment->physical, end, memory = load->machine->memory_size;

    if (segment->virtual - segment->physical != PV_POSIX_KERNEL || segment->virtual < segment->physical ||
        begin % PAGE != 0)
        return bad_image(load->kernel, "is not linked for the posix backend's kernel window");
    if (begin < POSIX_BOOT_DATA_END)
        return bad_image(load->kernel, "has a segment in the first 64 KiB of RAM");
    if (begin > memory || segment->memory_size > memory - begin) {
        message("%s: does not fit into the guest's memory: use --memory", load->kernel->path);
        return PV_STATUS_UNAVAILABLE;
    }
    end = round_up(begin + segment->memory_size);
    for (unsigned i = 0; i < number; i++) {
        const struct elf_segment *other = &image->segment[i];
        if (begin < round_up(other->physical + other->memory_size) && other->physical < end)
            return bad_image(load->kernel, "has segments that share a page");
    }
    return 0;
}

static int protection(unsigned flags)
{
    return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0);
}

__attribute__((format(printf, 2, 3))) static void add_argument(struct posix_machine *machine,
                                                               const char *format, ...)
{
    char *text = machine->text[machine->argc];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof machine->text[0], format, arguments);
    va_end(arguments);
    machine->argv[machine->argc++] = text;
    machine->argv[machine->argc] = NULL;
}

static int load_segment(struct load *load, const struct elf_image *image, unsigned number)
{
    const struct elf_segment *segment = &image->segment[number];
    uint64_t end = round_up(segment->physical + segment->memory_size);

    add_argument(load->machine, "%llx:%llx:%x", (unsigned long long)segment->virtual,
                 (unsigned long long)(end - segment->physical), (unsigned)protection(segment->flags));
    if (end > load->end)
        load->end = end;
    return write_all(load->machine->ram, image->data + segment->offset, segment->file_size,
                     segment->physical);
}

static int load_image(const struct elf_image *image, void *context)
{
    struct load *load = context;
    bool entered = false;
    int status;

    for (unsigned i = 0; i < image->segments; i++) {
        const struct elf_segment *segment = &image->segment[i];
        status = check_segment(load, image, i);
        if (status == 0)
            status = load_segment(load, image, i);
        if (status != 0)
            return status;
        entered |= image->entry >= segment->virtual && image->entry - segment->virtual < segment->memory_size;
    }
    if (!entered)
        return bad_image(load->kernel, "has its entry point outside of the kernel window");
    add_argument(load->machine, "%llx", (unsigned long long)image->entry);
    return 0;
}

static int copy_file(int to, uint64_t offset, const char *path, int from, uint64_t size)
{
    char bytes[65536];
    int status = 0;

    while (size > 0 && status == 0) {
        ssize_t got = read(from, bytes, size < sizeof bytes ? (size_t)size : sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            message("%s: %s", path, got < 0 ? strerror(errno) : "got shorter while it was read");
            return PV_STATUS_NOINPUT;
        }
        status = write_all(to, bytes, (uint64_t)got, offset);
        offset += (uint64_t)got;
        size -= (uint64_t)got;
    }
    return status;
}

/* At the end of RAM, from a page's start. */
static int load_initrd(const struct load *load, const char *path, struct pv_posix_abi_page *abi)
{
    uint64_t size, memory = load->machine->memory_size;
    int fd = kernel_open_file(path, &size), status;

    if (fd < 0)
        return PV_STATUS_NOINPUT;
    if (size > memory || round_up(size) > memory - load->end) {
        message("%s: does not fit into the guest's memory beside the kernel: use --memory", path);
        close(fd);
        return PV_STATUS_UNAVAILABLE;
    }
    abi->module_base = memory - round_up(size);
    abi->module_size = size;
    status = copy_file(load->machine->ram, abi->module_base, path, fd, size);
    close(fd);
    return status;
}

static int load_cmdline(const struct load *load, const char *text, struct pv_posix_abi_page *abi)
{
    size_t length = strlen(text), limit = POSIX_BOOT_DATA_END - POSIX_CMDLINE - 1;

    if (length > limit)
        message("the kernel command line is cut to %zu bytes", limit);
    abi->cmdline = POSIX_CMDLINE;
    return write_all(load->machine->ram, text, length < limit ? length : limit, POSIX_CMDLINE);
}

static int fill(struct load *load, const struct options *options)
{
    struct posix_machine *machine = load->machine;
    struct pv_posix_abi_page abi;
    int status;

    memset(&abi, 0, sizeof abi);
    abi.memory_size = machine->memory_size;
    abi.cpu_count = 1;
    add_argument(machine, "pvops-vcpu");
    status = kernel_load(load->kernel, load_image, load);
    abi.image_end = load->end;
    if (status == 0)
        status = load_cmdline(load, options->append, &abi);
    if (status == 0 && options->initrd != NULL)
        status = load_initrd(load, options->initrd, &abi);
    if (status == 0)
        status = write_all(machine->abi, &abi, sizeof abi, 0);
    return status;
}

int posix_machine_make(struct posix_machine *machine, const struct options *options,
                       const struct kernel *kernel)
{
    struct load load = {machine, kernel, 0, POSIX_BOOT_DATA_END};
    int status;

    machine->ram = machine->abi = machine->shared = -1;
    machine->argc = 0;
    machine->memory_size = options->memory & ~(uint64_t)(PAGE - 1);
    status = make_file(&machine->ram, "pvops-ram", machine->memory_size);
    if (status == 0)
        status = make_file(&machine->abi, "pvops-abi", PAGE);
    if (status == 0)
        status = make_file(&machine->shared, "pvops-spaces", (uint64_t)POSIX_SPACES_MAX * POSIX_AREA_SIZE);
    if (status == 0)
        status = fill(&load, options);
    if (status != 0)
        posix_machine_drop(machine);
    return status;
}

void posix_machine_drop(struct posix_machine *machine)
{
    int *const fds[] = {&machine->ram, &machine->abi, &machine->shared};

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
}
