/* SPDX-License-Identifier: MIT */
/*
 * The local APIC of a CPU: takes what the I/O APIC sends, interrupts its own CPU, and holds the timer.
 *
 * Called by irq.c and time.c. Registers are in memory (xAPIC) or, where the firmware has switched to that and
 * cannot go back, in MSRs (x2APIC). SDM vol. 3, chapter 11 (APIC); 11.12 for x2APIC.
 */
#include "irqchip.h"
#include "native.h"
#include "trap.h"

#define CPUID_APIC (1u << 9) /* leaf 1, edx */
#define MSR_APIC_BASE 0x1b
#define BASE_X2APIC (1u << 10)
#define BASE_ENABLE (1u << 11)
#define BASE_ADDRESS 0x000ffffffffff000UL
#define MSR_X2APIC 0x800
#define MSR_X2APIC_SELF_IPI 0x83f

#define REG_ID 0x020
#define REG_TPR 0x080
#define REG_EOI 0x0b0
#define REG_SPURIOUS 0x0f0
#define REG_ISR 0x100
#define REG_IRR 0x200
#define REG_ERROR 0x280
#define REG_ICR 0x300
#define REG_LVT_TIMER 0x320
#define REG_LVT_LINT0 0x350
#define REG_LVT_LINT1 0x360
#define REG_LVT_ERROR 0x370
#define REG_TIMER_INITIAL 0x380
#define REG_TIMER_CURRENT 0x390
#define REG_TIMER_DIVIDE 0x3e0

#define SPURIOUS_ENABLE (1u << 8)
#define LVT_NMI (4u << 8)
#define LVT_EXTINT (7u << 8)
#define LVT_MASKED (1u << 16)
#define ICR_BUSY (1u << 12)
#define ICR_ASSERT (1u << 14)
#define ICR_SELF (1u << 18)
#define DIVIDE_BY_1 0xb

#define SPIN_MAX 100000

static volatile uint32_t *regs; /* NULL: none, or x2APIC */
static bool x2apic;

static uint32_t lapic_read(unsigned reg)
{
    return x2apic ? (uint32_t)pv_native_rdmsr(MSR_X2APIC + (reg >> 4)) : regs[reg / 4];
}

static void lapic_write(unsigned reg, uint32_t value)
{
    if (x2apic)
        pv_native_wrmsr(MSR_X2APIC + (reg >> 4), value);
    else
        regs[reg / 4] = value;
}

/* Whether there is one, and where: ACPI's tables say the same as the MSR, or are wrong. */
static bool find(void)
{
    uint32_t id[4];
    uint64_t base;

    native_cpuid(1, 0, id);
    if (!(id[3] & CPUID_APIC))
        return false;
    base = pv_native_rdmsr(MSR_APIC_BASE);
    if (!(base & BASE_ENABLE))
        pv_native_wrmsr(MSR_APIC_BASE, base |= BASE_ENABLE);
    x2apic = (base & BASE_X2APIC) != 0;
    if (!x2apic)
        regs = native_map_device(base & BASE_ADDRESS, PV_PAGE_SIZE);
    return true;
}

/* All local sources off but NMI; every priority let in. */
bool native_lapic_init(void)
{
    if (!find())
        return false;
    lapic_write(REG_SPURIOUS, SPURIOUS_ENABLE | NATIVE_VECTOR_SPURIOUS);
    native_lapic_extint(false);
    lapic_write(REG_LVT_LINT1, LVT_NMI);
    lapic_write(REG_LVT_ERROR, NATIVE_VECTOR_ERROR);
    native_lapic_clear_error();
    native_lapic_timer_init(false);
    lapic_write(REG_TPR, 0);
    return true;
}

/* Whether a 256-bit register (IRR or ISR) has any bit. */
static bool any(unsigned reg)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < 8; i++)
        bits |= lapic_read(reg + 16 * i);
    return bits != 0;
}

static pv_trap_entry_t *entry_before;

static void ignore_interrupt(struct pv_frame *frame)
{
    if (frame->vector < PV_VECTOR_GATE_FIRST)
        entry_before(frame);
}

void native_lapic_drain(void)
{
    entry_before = native_trap_entry;
    native_trap_entry = ignore_interrupt;
    for (unsigned i = 0; i < 256 && (any(REG_IRR) || any(REG_ISR)); i++) {
        pv_irq_window();
        native_lapic_eoi();
    }
    native_trap_entry = entry_before;
}

uint32_t native_lapic_id(void)
{
    uint32_t id = lapic_read(REG_ID);

    return x2apic ? id : id >> 24;
}

void native_lapic_extint(bool on)
{
    lapic_write(REG_LVT_LINT0, on ? LVT_EXTINT : LVT_EXTINT | LVT_MASKED);
}

void native_lapic_eoi(void)
{
    lapic_write(REG_EOI, 0);
}

static void wait_sent(void)
{
    for (unsigned i = 0; i < SPIN_MAX && (lapic_read(REG_ICR) & ICR_BUSY); i++)
        pv_cpu_relax();
}

/* Waits until the interrupt is pending, so that an interrupt window that follows lets it in. */
void native_lapic_self(unsigned vector)
{
    if (x2apic) {
        pv_native_wrmsr(MSR_X2APIC_SELF_IPI, vector);
        return;
    }
    wait_sent();
    lapic_write(REG_ICR, ICR_SELF | ICR_ASSERT | vector);
    wait_sent();
}

bool native_lapic_requested(unsigned vector)
{
    return (lapic_read(REG_IRR + vector / 32 * 16) >> (vector & 31) & 1) != 0;
}

/* The register shows new errors after a write, and that write clears them (11.5.3). */
void native_lapic_clear_error(void)
{
    lapic_write(REG_ERROR, 0);
    lapic_write(REG_ERROR, 0);
}

/* One-shot, undivided: the best resolution; time.c cuts long times into pieces. */
void native_lapic_timer_init(bool deliver)
{
    lapic_write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
    lapic_write(REG_LVT_TIMER, PV_VECTOR_TIMER | (deliver ? 0 : LVT_MASKED));
    lapic_write(REG_TIMER_INITIAL, 0);
}

void native_lapic_timer_start(uint32_t count)
{
    lapic_write(REG_TIMER_INITIAL, count);
}

uint32_t native_lapic_timer_count(void)
{
    return lapic_read(REG_TIMER_CURRENT);
}
