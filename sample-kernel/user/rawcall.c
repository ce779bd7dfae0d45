/* SPDX-License-Identifier: MIT */
/* rawcall: the three ways into the kernel, instruction by instruction: what `syscall`, `int $0x80` and a
 * call of the gate page leave in each register, and what happens to instructions that user code must not
 * use: each kills its process with the exception that hardware raises. doc/contract.md says what is
 * checked here. */
#include "rawcall.h"

#include <pvops/user.h>

#define FLAGS_USER 0x202UL       /* interrupts on, and the bit that is always 1 */
#define FLAGS_ARITHMETIC 0x8d5UL /* CF PF AF ZF SF OF */
#define FLAGS_MANY 0x240ed7UL    /* and DF, AC, ID, IF: without TF, IOPL, NT, RF, VM */

/* --- registers through a system call --- */

static void fill_registers(uint64_t pattern, uint64_t flags)
{
    uint64_t *words = (uint64_t *)&raw_in;

    for (unsigned i = 0; i < RAW_COUNT; i++)
        words[i] = pattern * (i + 1);
    raw_in.flags = flags;
    memset(&raw_out, 0xee, sizeof raw_out);
}

/* Whether all registers that no system call may touch are as before. */
static bool kept(uint64_t flags_mask)
{
    const struct raw_registers *a = &raw_in, *b = &raw_out;

    return a->r15 == b->r15 && a->r14 == b->r14 && a->r13 == b->r13 && a->r12 == b->r12 && a->r10 == b->r10 &&
           a->r9 == b->r9 && a->r8 == b->r8 && a->rbp == b->rbp && a->rdi == b->rdi && a->rsi == b->rsi &&
           a->rdx == b->rdx && a->rbx == b->rbx && b->rsp == raw_stack &&
           (a->flags & flags_mask) == (b->flags & flags_mask);
}

static bool syscall_is_right(long nr, uint64_t result)
{
    raw_in.rax = (uint64_t)nr;
    raw_syscall();
    return raw_out.rax == result && kept(~0UL) && raw_out.rcx == (uint64_t)raw_syscall_after &&
           raw_out.r11 == raw_in.flags;
}

/* Returning from an interrupt restores all registers, also the two that `syscall` loses. */
static bool int80_is_right(long nr, uint64_t result)
{
    raw_in.rax = (uint64_t)nr;
    raw_int80();
    return raw_out.rax == result && kept(~0UL) && raw_out.rcx == raw_in.rcx && raw_out.r11 == raw_in.r11;
}

static bool gate_is_right(long nr, uint64_t result)
{
    raw_in.rax = (uint64_t)nr;
    raw_in.rcx = PV_USER_GATE;
    raw_gate();
    return raw_out.rax == result && kept(~FLAGS_ARITHMETIC);
}

static void check_calls(void)
{
    static const struct {
        const char *name;
        bool (*is_right)(long, uint64_t);
    } ways[] = {{"syscall", syscall_is_right}, {"int 0x80", int80_is_right}, {"the gate", gate_is_right}};
    static const uint64_t flags[] = {FLAGS_USER, FLAGS_USER | FLAGS_ARITHMETIC, FLAGS_MANY};
    uint64_t pid = (uint64_t)getpid();

    for (size_t w = 0; w < COUNT_OF(ways); w++) {
        bool good = true;

        for (size_t f = 0; f < COUNT_OF(flags); f++) {
            fill_registers(0x9e3779b97f4a7c15UL + f, flags[f]);
            good = ways[w].is_right(SYS_GETPID, pid) && good;
        }
        check(good, "%s: result in rax, all else as it should be", ways[w].name);
        fill_registers(0x0123456789abcdefUL, FLAGS_USER);
        good = ways[w].is_right(SYS_COUNT, (uint64_t)-ENOSYS);
        good = ways[w].is_right(0x7fffffff, (uint64_t)-ENOSYS) && good;
        check(good, "%s: a number that does not exist", ways[w].name);
    }
}

/* --- flags that user code has no say in --- */

static uint64_t flags_after(uint64_t flags)
{
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t" /* over the red zone */
                     "pushq %0\n\tpopfq\n\tpushfq\n\tpopq %0\n\tpushq $0x202\n\tpopfq\n\t"
                     "leaq 128(%%rsp), %%rsp"
                     : "+r"(flags)
                     :
                     : "cc", "memory");
    return flags;
}

static void check_flags(void)
{
    check((flags_after(2) & 0x3200) == 0x200, "interrupts cannot be turned off by popf");
    check((flags_after(0x3202) & 0x3200) == 0x200, "nor the I/O privilege level raised");
}

/* --- instructions that kill --- */

/* What the code does to registers is nobody's concern: if it does not kill, the child exits at once. */
#define KILLER(name, code)                           \
    static int name(void *unused)                    \
    {                                                \
        (void)unused;                                \
        __asm__ volatile(code : : : "memory", "cc"); \
        exit(0);                                     \
    }

KILLER(divide, "xorl %%ecx, %%ecx\n\tmovl $1, %%eax\n\txorl %%edx, %%edx\n\tdivl %%ecx")
KILLER(single_step, "pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop")
KILLER(breakpoint, "int3")
KILLER(int_3, "int $3")
KILLER(int_4, "int $4")
KILLER(undefined, "ud2")
KILLER(int_14, "int $14")
KILLER(int_21, "int $0x21")
KILLER(int_cf, "int $0xcf")
KILLER(int_f8, "int $0xf8")
KILLER(int_ff, "int $0xff")
KILLER(halt, "hlt")
KILLER(irq_off, "cli")
KILLER(irq_on, "sti")
KILLER(port_out, "outb %%al, $0x80")
KILLER(port_in, "inb $0x71, %%al")
KILLER(load_cr3, "xorl %%eax, %%eax\n\tmovq %%rax, %%cr3")
KILLER(read_cr0, "movq %%cr0, %%rax")
KILLER(load_idt, "lidt -10(%%rsp)")
KILLER(read_msr, "movl $0xc0000080, %%ecx\n\trdmsr")
KILLER(swap_gs, "swapgs")
KILLER(invalidate, "invlpg (%%rsp)")
KILLER(kernel_cs, "pushq $0x10\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:")

static void check_killers(void)
{
    static const struct {
        const char *name;
        int (*function)(void *);
        int vector;
    } killers[] = {
        {"division by zero", divide, 0},
        {"single step", single_step, 1},
        {"int3", breakpoint, 3},
        {"int 3 (two bytes)", int_3, 3},
        {"int 4", int_4, 4},
        {"ud2", undefined, 6},
        {"int 14, an exception's gate", int_14, 13},
        {"int 0x21, a closed gate", int_21, 13},
        {"int 0xcf, a closed gate", int_cf, 13},
        {"int 0xf8, the timer's", int_f8, 13},
        {"int 0xff", int_ff, 13},
        {"hlt", halt, 13},
        {"cli", irq_off, 13},
        {"sti", irq_on, 13},
        {"out", port_out, 13},
        {"in", port_in, 13},
        {"mov to cr3", load_cr3, 13},
        {"mov from cr0", read_cr0, 13},
        {"lidt", load_idt, 13},
        {"rdmsr", read_msr, 13},
        {"swapgs", swap_gs, 13},
        {"invlpg", invalidate, 13},
        {"far return to a kernel selector", kernel_cs, 13},
    };

    for (size_t i = 0; i < COUNT_OF(killers); i++)
        check_child(killers[i].function, NULL, STATUS_KILLED + killers[i].vector, killers[i].name);
}

int main(int argc, char **argv)
{
    (void)argv;
    check(start_registers == 0, "all registers are 0 when a program starts");
    check_calls();
    check_flags();
    if (argc == 1)
        check_killers();
    return check_done("rawcall");
}
