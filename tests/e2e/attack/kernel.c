/* SPDX-License-Identifier: MIT */
/*
 * A hostile kernel. It shares its process with the monitor, whose code and data it can read, write and
 * unmap; what it must not reach is everything else. attack=NAME on the command line says what it tries;
 * status 7 is "I have done it and still live". 65-attack.sh asserts how each run ends and that the host has
 * not noticed.
 */
#include "kernel.h"

static const struct {
    const char *name;
    void (*run)(void);
} modes[] = {
    {"call", mode_call},       {"descriptors", mode_descriptors},
    {"corrupt", mode_corrupt}, {"unmap", mode_unmap},
    {"abi", mode_abi},         {"flood", mode_flood},
    {"zygote", mode_zygote},   {"memory", mode_memory},
    {"deaf", mode_deaf},       {"look", mode_look},
};

static const struct pv_boot_info *boot;

extern const char access_write[], access_write_end[], access_read[], access_read_end[];
/* rdi: address, rsi: value or where to. rax: 1, or 0 after a fault. */
__asm__(".text\n"
        "access_do_write: mov $1, %eax\n"
        "access_write: mov %rsi, (%rdi)\n"
        "access_write_end: ret\n"
        "access_do_read: mov $1, %eax\n"
        "access_read: mov (%rdi), %rdx\n"
        "access_read_end: mov %rdx, (%rsi)\n"
        "ret\n");
bool access_do_write(uint64_t va, uint64_t value);
bool access_do_read(uint64_t va, uint64_t *to);

long host(long nr, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;

    __asm__ volatile("syscall"
                     : "+a"(nr)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return nr;
}

bool can_write(uint64_t va, uint64_t value)
{
    return access_do_write(va, value);
}

bool can_read(uint64_t va, uint64_t *value)
{
    return access_do_read(va, value);
}

static void trap(struct pv_frame *frame)
{
    if (frame->rip == (uint64_t)access_write)
        frame->rip = (uint64_t)access_write_end;
    else if (frame->rip == (uint64_t)access_read)
        frame->rip = (uint64_t)access_read_end;
    else if (frame->vector < 32)
        pv_power_crash("a trap of the hostile kernel", frame);
    else
        return;
    frame->rax = 0;
}

static uint64_t hex(const char *text)
{
    uint64_t value = 0;

    for (; *text; text++)
        value = value << 4 | (uint64_t)(*text <= '9' ? *text - '0' : (*text | 32) - 'a' + 10);
    return value;
}

uint64_t number(const char *name, uint64_t otherwise)
{
    char text[24];

    return pv_boot_option(boot, name, text, sizeof text) > 0 ? hex(text) : otherwise;
}

/* George Marsaglia: "Xorshift RNGs". */
uint64_t randomly(void)
{
    static uint64_t x;

    if (x == 0)
        x = number("seed", 1) * 0x9e3779b97f4a7c15;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

void say(const char *text)
{
    pv_debug_puts(text);
}

void say_number(const char *text, uint64_t value)
{
    char digits[20];

    say(text);
    for (unsigned i = 0; i < 16; i++)
        digits[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
    digits[16] = '\n';
    digits[17] = 0;
    say(digits);
}

static bool equal(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

void pv_kernel_main(const struct pv_boot_info *info)
{
    char name[32];

    boot = info;
    pv_trap_init(trap);
    if (pv_boot_option(info, "attack", name, sizeof name) <= 0)
        pv_power_off(6);
    for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (equal(name, modes[i].name)) {
            modes[i].run();
            pv_power_off(7);
        }
    pv_power_off(6);
}
