/* SPDX-License-Identifier: MIT */
/* The command line of QEMU (command.h). No file name of the user's goes into an option that QEMU splits at
 * commas: -kernel, -initrd and -append take their argument as it is. Called by native.c. */
#include "command.h"

#include <stdarg.h>
#include <string.h>

static void add(struct command *command, const char *argument)
{
    if (command->argc < COMMAND_ARGS_MAX)
        command->argv[command->argc++] = (char *)argument; /* execvp's type; nobody writes to it */
    command->argv[command->argc] = NULL;
}

__attribute__((format(printf, 2, 3))) static void add_text(struct command *command, const char *format, ...)
{
    size_t room = sizeof command->text - command->used;
    char *text = command->text + command->used;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, room, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < room) {
        command->used += (size_t)length + 1;
        add(command, text);
    }
}

/* microvm has only what is asked for: the clock is calibrated by the PIT, wall time is the RTC's, and the
 * PIC is there for kernels without ACPI. Properties of the user's come behind ours and win. */
static void add_machine(struct command *command, const char *machine)
{
    add(command, "-M");
    if (strncmp(machine, "microvm", 7) == 0)
        add(command, "microvm,pit=on,pic=on,rtc=on,isa-serial=on,auto-kernel-cmdline=on");
    else
        add(command, machine);
    if (strncmp(machine, "microvm,", 8) == 0) {
        add(command, "-machine");
        add(command, machine + 8);
    }
}

static void add_channel(struct command *command, const char *id, int fd)
{
    add(command, "-chardev");
    add_text(command, "socket,id=%s,fd=%d", id, fd);
}

void command_build(struct command *command, const struct options *options, const char *qemu, int console,
                   int control, int monitor)
{
    /* clang-format off */
    static const char *const fixed[] = {
        "-accel", "tcg", "-display", "none", "-nodefaults", "-no-user-config",
        /* -S and -no-shutdown: the guest starts, and QEMU ends, when we say so (qmp.c) */
        "-S", "-no-reboot", "-no-shutdown", "-global", "virtio-mmio.force-legacy=false",
        "-serial", "chardev:console", "-mon", "chardev=monitor,mode=control",
        "-device", "isa-debugcon,iobase=0xe9,chardev=control",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
    };
    static const char *const icount[] = {
        "-icount", "shift=0,sleep=off", "-rtc", "base=2020-01-01,clock=vm",
    };
    /* clang-format on */

    memset(command, 0, sizeof *command);
    add(command, qemu);
    add_machine(command, options->machine);
    add(command, "-m");
    add_text(command, "size=%lluB", (unsigned long long)options->memory);
    add_channel(command, "console", console);
    add_channel(command, "control", control);
    add_channel(command, "monitor", monitor);
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        add(command, fixed[i]);
    for (size_t i = 0; options->icount && i < sizeof icount / sizeof icount[0]; i++)
        add(command, icount[i]);
    if (options->cpu != NULL) {
        add(command, "-cpu");
        add(command, options->cpu);
    }
    add(command, "-kernel");
    add(command, options->kernel);
    add(command, "-append");
    add(command, options->append);
    if (options->initrd != NULL) {
        add(command, "-initrd");
        add(command, options->initrd);
    }
    for (size_t i = 0; i < options->qemu_args; i++)
        add(command, options->qemu_arg[i]);
}

static void print_word(FILE *stream, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";

    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        fputs(word, stream);
        return;
    }
    putc('\'', stream);
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            fputs("'\\''", stream);
        else
            putc(*word, stream);
    }
    putc('\'', stream);
}

void command_print(FILE *stream, const struct command *command)
{
    for (size_t i = 0; i < command->argc; i++) {
        if (i > 0)
            putc(' ', stream);
        print_word(stream, command->argv[i]);
    }
    putc('\n', stream);
}
