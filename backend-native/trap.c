/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables and the decisions around traps; the entries themselves are in entry.S.
 *
 * boot.c calls native_trap_init() as early as it can, so that a fault in the start-up code gives a dump too.
 * Limit: one CPU; GDT, TSS, stacks and the words of `syscall` become one per CPU with smp.
 * SDM vol. 3, 6.10 to 6.14 (IDT), 8.7 (TSS), 5.8.8 (SYSCALL MSRs).
 */
#include "trap.h"
#include "native.h"

#define OWN_STACK_SIZE 8192
#define GATE_INTERRUPT 0x8e /* present, DPL 0, 64-bit interrupt gate */
#define GATE_DPL3 0x60
#define STUB_SIZE 16
#define RAISE_SIZE 4

#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_SFMASK 0xc0000084u
/* All of rflags but the two fixed bits: handlers start with a clean one. */
#define SYSCALL_FLAG_MASK 0x257fd5UL

struct idt_entry {
    uint16_t offset_0;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_16;
    uint32_t offset_32;
    uint32_t zero;
};

PV_STATIC_ASSERT(sizeof(struct idt_entry) == 16, "IDT layout");
PV_STATIC_ASSERT(PV_DEBUG_USER_REFUSED == 5, "entry.S counts by this number");

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

extern const char native_stubs[], native_syscall[], native_raise_table[];

pv_trap_entry_t *native_trap_entry = lib_trap_no_entry;
struct pv_native_tss pv_native_tss = {.io_map = sizeof(struct pv_native_tss)};

static struct idt_entry idt[256] __attribute__((aligned(16)));
static uint8_t own_stacks[3][OWN_STACK_SIZE] __attribute__((aligned(16)));

/* The selectors of pvops/arch/x86_64/frame.h; user data before user code, as sysret demands. */
static uint64_t gdt[] = {
    0, 0,
    0x00af9b000000ffff, /* 0x10: kernel code */
    0x00cf93000000ffff, /* 0x18: kernel data */
    0x0000920000000000, /* 0x20: its limit is the number of this CPU, for pv_cpu_id() */
    0x00cff3000000ffff, /* 0x28: user data */
    0x00affb000000ffff, /* 0x30: user code */
    0, 0,               /* 0x38: TSS */
};

static void set_idt_entry(unsigned vector, uint8_t ist, uint8_t type)
{
    uint64_t stub = (uint64_t)native_stubs + STUB_SIZE * vector;

    idt[vector] = (struct idt_entry){
        .offset_0 = (uint16_t)stub,
        .selector = PV_SELECTOR_KERNEL_CODE,
        .ist = ist,
        .type = type,
        .offset_16 = (uint16_t)(stub >> 16),
        .offset_32 = (uint32_t)(stub >> 32),
    };
}

static void load_gdt(void)
{
    uint64_t tss = (uint64_t)&pv_native_tss;
    struct table_pointer pointer = {sizeof gdt - 1, (uint64_t)gdt};

    gdt[7] = 0x0000890000000000 | (sizeof pv_native_tss - 1) | (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56;
    gdt[8] = tss >> 32;
    /* start.S loaded the same selectors for code and data from its own table: they stay valid. */
    __asm__ volatile("lgdt %0; ltr %w1" ::"m"(pointer), "r"(0x38) : "memory");
}

static void load_idt(void)
{
    struct table_pointer pointer = {sizeof idt - 1, (uint64_t)idt};

    for (unsigned vector = 0; vector < 256; vector++)
        set_idt_entry(vector, 0, GATE_INTERRUPT);
    set_idt_entry(PV_EXCEPTION_BP, 0, GATE_INTERRUPT | GATE_DPL3);
    set_idt_entry(PV_EXCEPTION_OF, 0, GATE_INTERRUPT | GATE_DPL3);
    set_idt_entry(PV_EXCEPTION_NMI, 1, GATE_INTERRUPT);
    set_idt_entry(PV_EXCEPTION_DF, 2, GATE_INTERRUPT);
    set_idt_entry(PV_EXCEPTION_MC, 3, GATE_INTERRUPT);
    for (unsigned i = 0; i < 3; i++)
        pv_native_tss.ist[i] = (uint64_t)own_stacks[i] + OWN_STACK_SIZE;
    __asm__ volatile("lidt %0" ::"m"(pointer) : "memory");
}

void native_trap_init(void)
{
    load_gdt();
    load_idt();
    /* syscall: cs 0x10, ss 0x18; sysret: ss 0x23 + 8, cs 0x23 + 16. */
    pv_native_wrmsr(MSR_STAR, 0x0023001000000000UL);
    pv_native_wrmsr(MSR_LSTAR, (uint64_t)native_syscall);
    pv_native_wrmsr(MSR_SFMASK, SYSCALL_FLAG_MASK);
}

void pv_trap_init(pv_trap_entry_t *entry)
{
    native_trap_entry = entry;
}

int pv_trap_gate_set(unsigned vector, bool open)
{
    if (vector < PV_VECTOR_GATE_FIRST || vector > PV_VECTOR_GATE_LAST)
        return -PV_EINVAL;
    idt[vector].type = GATE_INTERRUPT | (open ? GATE_DPL3 : 0);
    return 0;
}

void pv_native_trap_raise(unsigned vector)
{
    if (vector < PV_VECTOR_GATE_FIRST || vector > PV_VECTOR_GATE_LAST)
        pv_power_crash("pv_trap_raise: the vector is none for gates", NULL);
    ((void (*)(void))(native_raise_table + RAISE_SIZE * vector))();
}

bool native_interrupt(struct pv_frame *frame)
{
    unsigned vector = native_irq_resolve((unsigned)frame->vector);

    if (vector == 0)
        return false;
    native_count(vector == PV_VECTOR_TIMER ? PV_DEBUG_TIMER : PV_DEBUG_LINE);
    frame->vector = vector;
    return true;
}

void native_double_fault_declined(const struct pv_frame *frame)
{
    pv_power_crash("double fault", frame);
}
