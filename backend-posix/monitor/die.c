/* SPDX-License-Identifier: MIT */
/*
 * The ends that the guest did not choose: a line on the control channel, as for a crash of the guest
 * (pvops/abi/control.h), and out. pvrun and the zygote see this process end and end the rest.
 */
#include "launch.h"
#include "monitor.h"
#include "raw.h"

static size_t length(const char *text)
{
    size_t n = 0;

    while (text[n] != '\0')
        n++;
    return n;
}

void monitor_control(const char *data, size_t size)
{
    while (size > 0) {
        long written = raw(__NR_write, POSIX_FD_CONTROL, data, size);

        if (written <= 0 && written != -4 /* EINTR */)
            return;
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        }
    }
}

static void say(const char *text)
{
    monitor_control(text, length(text));
}

void monitor_exit(void)
{
    for (;;)
        raw(__NR_exit_group, 0);
}

void monitor_die(const char *why)
{
    say("crash ");
    say(why);
    say("\nend\n");
    monitor_exit();
}


void monitor_host_fails(const char *why)
{
    say("host ");
    say(why);
    say("\n");
    monitor_exit();
}

static void say_register(const char *name, uint64_t value)
{
    char digits[18];

    for (unsigned i = 0; i < 16; i++)
        digits[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
    digits[16] = '\n';
    digits[17] = '\0';
    say("reg ");
    say(name);
    say(" ");
    say(digits);
}

void monitor_crash_guest(const char *why, const struct pv_frame *f)
{
    say("crash ");
    say(why);
    say("\n");
    if (f != NULL) {
        const uint64_t *words = (const uint64_t *)f;
        static const char *const names[22] = {"r15", "r14", "r13", "r12", "r11", "r10", "r9", "r8", "rbp", "rdi", "rsi",
                                              "rdx", "rcx", "rbx", "rax", "vector", "error", "rip", "cs", "rflags", "rsp", "ss"};

        for (unsigned i = 0; i < 22; i++)
            say_register(names[i], words[i]);
        say_register("cr2", ABI->fault_address);
        say_register("root", ABI->root);
    }
    say("end\n");
    monitor_exit();
}
