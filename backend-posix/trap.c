/* SPDX-License-Identifier: MIT */
/*
 * The kernel's handler and what an interrupt turns out to be. Entries and frames: entry.S, and in the monitor
 * deliver.c for what the host's signals bring.
 */
#include "posix.h"

extern const char posix_sync_entry[], posix_async_entry[], posix_double_fault_entry[],
    posix_return_begin[], posix_return_end[];

pv_trap_entry_t *posix_trap_entry = lib_trap_no_entry;

static char double_fault_stack[8192] __attribute__((aligned(16)));

void posix_trap_init(void)
{
    pv_posix_abi.sync_entry = (uint64_t)posix_sync_entry;
    pv_posix_abi.async_entry = (uint64_t)posix_async_entry;
    pv_posix_abi.double_fault_entry = (uint64_t)posix_double_fault_entry;
    pv_posix_abi.double_fault_stack = (uint64_t)double_fault_stack + sizeof double_fault_stack;
    pv_posix_abi.return_begin = (uint64_t)posix_return_begin;
    pv_posix_abi.return_end = (uint64_t)posix_return_end;
}

void pv_trap_init(pv_trap_entry_t *entry)
{
    posix_trap_entry = entry;
}

int pv_trap_gate_set(unsigned vector, bool open)
{
    uint64_t bit = 1UL << (vector & 63);

    if (vector < PV_VECTOR_GATE_FIRST || vector > PV_VECTOR_GATE_LAST)
        return -PV_EINVAL;
    if (open)
        pv_posix_abi.gates[vector / 64] |= bit;
    else
        pv_posix_abi.gates[vector / 64] &= ~bit;
    return 0;
}

void posix_bad_raise(void);
void posix_double_fault_declined(const struct pv_frame *frame);

void posix_double_fault_declined(const struct pv_frame *frame)
{
    pv_power_crash("double fault", frame);
}

void posix_bad_raise(void)
{
    pv_power_crash("pv_trap_raise: the vector is none for gates", NULL);
}

/* The vector that is due now, or 0. Called with interrupts off; what is left keeps `pending` set. */
static unsigned take_vector(void)
{
    bool more = false;
    int line;

    pv_posix_abi.pending = 0; /* before looking: what comes from here on sets it again */
    __asm__ volatile("" ::: "memory");
    if (pv_posix_abi.timer_pending) {
        pv_posix_abi.timer_pending = 0;
        pv_posix_abi.pending = 1; /* a line may be due too */
        if (posix_time_take())
            return PV_VECTOR_TIMER;
    }
    line = posix_irq_take(&more);
    if (more)
        pv_posix_abi.pending = 1;
    return line < 0 ? 0 : (unsigned)PV_VECTOR_LINE(line);
}

/* From entry.S, with a frame that has no vector yet; true: it has one now, and is to be delivered. */
bool posix_interrupt(struct pv_frame *frame)
{
    unsigned vector = take_vector();

    if (vector == 0)
        return false;
    posix_count(vector == PV_VECTOR_TIMER ? PV_DEBUG_TIMER : PV_DEBUG_LINE);
    frame->vector = vector;
    return true;
}
