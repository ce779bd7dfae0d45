/* SPDX-License-Identifier: MIT */
/*
 * The seccomp programs of spaces and zygote (linked in from backend-posix/monitor), run by a small
 * interpreter of the classic BPF they use and compared with what they are meant to say, over many inputs:
 * every byte of both pages as instruction pointer, every number, arguments at the borders. Relies on
 * seccomp(2).
 */
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "space-monitor.h"

#define NO_ACTION 1U
#define END 0x600000000000UL

static uint32_t run(const struct sock_fprog *program, const struct seccomp_data *data)
{
    uint32_t a = 0, x = 0, cells[16] = {0};

    for (unsigned i = 0; i < program->len; i++) {
        const struct sock_filter *f = &program->filter[i];
        uint32_t operand = BPF_SRC(f->code) == BPF_X ? x : f->k;

        switch (f->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            memcpy(&a, (const char *)data + f->k, 4);
            break;
        case BPF_LD | BPF_MEM:
            a = cells[f->k];
            break;
        case BPF_ST:
            cells[f->k] = a;
            break;
        case BPF_MISC | BPF_TAX:
            x = a;
            break;
        case BPF_ALU | BPF_ADD | BPF_X:
        case BPF_ALU | BPF_ADD | BPF_K:
            a += operand;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            i += a == operand ? f->jt : f->jf;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            i += a > operand ? f->jt : f->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
        case BPF_JMP | BPF_JGE | BPF_X:
            i += a >= operand ? f->jt : f->jf;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            i += (a & operand) != 0 ? f->jt : f->jf;
            break;
        case BPF_RET | BPF_K:
            return f->k;
        default:
            return NO_ACTION;
        }
    }
    return NO_ACTION;
}

/* What shared.h promises, in other words than the program. */
static uint32_t meant(const struct seccomp_data *d)
{
    uint64_t address = d->args[0], size = d->args[1], ip = d->instruction_pointer;
    bool inside = address >= 0x10000 && address < END && size <= END - address;

    if (d->arch != AUDIT_ARCH_X86_64) {
        return SECCOMP_RET_TRAP;
    }
    if (d->nr == POSIX_NR_REPORT) {
        return ip == POSIX_STUB_REPLY || ip == POSIX_STUB_READY_REPLY || ip == POSIX_GATE_REPLY
                   ? SECCOMP_RET_USER_NOTIF
                   : SECCOMP_RET_TRAP;
    }
    if (d->nr == SYS_mmap) {
        inside = inside && d->args[2] <= 7 && d->args[3] == 0x11 && d->args[4] == POSIX_SPACE_FD_RAM;
    } else if (d->nr != SYS_munmap) {
        return SECCOMP_RET_TRAP;
    }
    return inside && ip == POSIX_STUB_ORDERED ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_TRAP;
}

static uint64_t inputs, wrong, outranked;

static void compare(const struct seccomp_data *d)
{
    uint32_t got = run(&posix_space_filter, d), below = run(&posix_zygote_filter, d);

    inputs++;
    wrong += got != meant(d);
    outranked += (got == SECCOMP_RET_USER_NOTIF && below != SECCOMP_RET_ALLOW) ||
                 (below != SECCOMP_RET_ALLOW && below != SECCOMP_RET_TRAP);
}

static void every_instruction_pointer(void)
{
    static const uint64_t high[] = {0, 1UL << 32, 1UL << 47, 0xffff000000000000};
    struct seccomp_data d = {.arch = AUDIT_ARCH_X86_64, .args = {0x10000, 0x1000, 7, 0x11, 3, 0}};

    for (uint64_t ip = POSIX_GATE_PAGE - 16; ip < POSIX_STUB_PAGE + 0x1010; ip++) {
        for (unsigned h = 0; h < 4; h++) {
            for (int nr = 0; nr < 512; nr++) {
                d.instruction_pointer = ip ^ high[h];
                d.nr = nr;
                compare(&d);
            }
        }
        for (unsigned bit = 9; bit < 32; bit++) {
            d.instruction_pointer = ip;
            d.nr = (int)(1U << bit | SYS_mmap);
            compare(&d);
            d.nr = (int)(1U << bit | POSIX_NR_REPORT);
            compare(&d);
        }
    }
    d.arch = AUDIT_ARCH_I386;
    for (uint64_t ip = POSIX_GATE_PAGE; ip < POSIX_STUB_PAGE + 0x1000; ip++) {
        d.instruction_pointer = ip;
        d.nr = (int)(ip % 3 == 0 ? POSIX_NR_REPORT : ip % 3 == 1 ? SYS_mmap : SYS_munmap);
        compare(&d);
    }
}

static void arguments_at_borders(void)
{
    static const uint64_t values[] = {
        0,
        1,
        0xfff,
        0x1000,
        0xffff,
        0x10000,
        0x10001,
        0x11000,
        0xfffff000,
        0xffffffff,
        0x100000000,
        0x100000fff,
        0x100001000,
        0x5fff00000000,
        0x5fffffff0000,
        0x5ffffffff000,
        0x5fffffffffff,
        END - 0x10000,
        END - 0x11000,
        END - 0xf000,
        END - 0x100000000,
        END,
        END + 1,
        END + 0x1000,
        0x600100000000,
        0x7e0000000000,
        0x7e0000001000,
        0x7e0000010000,
        0x7ffffffff000,
        0x8000000000000000,
        0xffffffff00010000,
        0xffffffffffff0000,
        0xfffffffffffff000,
        0xffffffffffffffff,
        0x300000000000,
        0x3000ffff0000,
        0x2fff00010000,
    };
    static const uint64_t small[] = {0,    1,    2,    3,           4,           7,           8,
                                     0x11, 0x10, 0x31, 0x100000003, 0x100000007, 0x100000011, ~0UL};
    const unsigned count = sizeof values / sizeof values[0], few = sizeof small / sizeof small[0];
    struct seccomp_data d = {.arch = AUDIT_ARCH_X86_64, .instruction_pointer = POSIX_STUB_ORDERED};

    for (unsigned a = 0; a < count * count; a++) {
        d.args[0] = values[a / count];
        d.args[1] = values[a % count];
        d.nr = SYS_munmap;
        compare(&d);
        d.nr = SYS_mmap;
        for (unsigned b = 0; b < few * few * few; b++) {
            d.args[2] = small[b % few];
            d.args[3] = small[b / few % few];
            d.args[4] = small[b / few / few];
            compare(&d);
        }
    }
}

void test_filter(void)
{
    every_instruction_pointer();
    arguments_at_borders();
    ok(wrong == 0, "filter of a space: %lu of %lu inputs are judged wrongly", wrong, inputs);
    ok(outranked == 0, "filter of the zygote: allows what spaces notify, never outranks TRAP (%lu)",
       outranked);
}
