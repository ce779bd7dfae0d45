/* SPDX-License-Identifier: MIT */
/* pvrun: run a kernel built with pvops. Options (options.c), files (kernel.c), then the backend that the
 * kernel's ELF note names takes over: posix.c or native.c. What a user sees of all this is in doc/pvrun.md. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/control.h"
#include "host/text.h"
#include "kernel.h"
#include "native.h"
#include "options.h"
#include "posix.h"
#include "pvops/abi/note.h"

#ifndef PVOPS_VERSION
#define PVOPS_VERSION "unknown"
#endif

struct backend {
    uint32_t number;
    const char *name;
    int (*run)(const struct options *options, const struct kernel *kernel); /* NULL: not in this pvrun */
};

static const struct backend backends[] = {
    {PV_NOTE_BACKEND_NATIVE, "native", native_run},
    {PV_NOTE_BACKEND_POSIX, "posix", posix_run},
    {PV_NOTE_BACKEND_KVM, "kvm", NULL},
};

static bool check_options(const struct options *options, const struct kernel *kernel, const char *backend)
{
    if (options->native_only == NULL || kernel->backend == PV_NOTE_BACKEND_NATIVE)
        return true;
    message("--%s is for kernels of the native backend, and %s is one of the %s backend",
            options->native_only, kernel->path, backend);
    return false;
}

static int run(const struct options *options, const struct kernel *kernel)
{
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        if (backends[i].number != kernel->backend)
            continue;
        if (backends[i].run != NULL && check_options(options, kernel, backends[i].name))
            return backends[i].run(options, kernel);
        if (backends[i].run != NULL)
            return PV_STATUS_USAGE;
        message("%s: was built for the %s backend, which this pvrun does not have", kernel->path,
                backends[i].name);
        return PV_STATUS_DATA;
    }
    message("%s: was built for backend number %u, which this pvrun does not know", kernel->path,
            kernel->backend);
    return PV_STATUS_DATA;
}

/* A descriptor 0, 1 or 2 that is closed would be the next one we open: fill it. What is then written to a
 * closed stdout still fails, as it should. */
static void fill_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY);
}

static int print(const char *text)
{
    return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? PV_STATUS_OSERR : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    char error[OPTIONS_ERROR_MAX];
    struct options options;
    struct kernel kernel;
    int status;

    fill_standard_streams();
    if (!options_parse(&options, argc, (const char *const *)argv, error)) {
        message("%s (pvrun --help lists the options)", error);
        return PV_STATUS_USAGE;
    }
    if (options.help)
        return print(options_help);
    if (options.version)
        return print("pvrun (pvops) " PVOPS_VERSION "\n");
    if (options.qemu == NULL)
        options.qemu = getenv("PVRUN_QEMU");
    if (options.qemu == NULL || options.qemu[0] == '\0')
        options.qemu = "qemu-system-x86_64";
    status = kernel_open(&kernel, &options);
    if (status == 0)
        status = run(&options, &kernel);
    kernel_close(&kernel);
    return status;
}
