/* SPDX-License-Identifier: MIT */
/*
 * All traps of the suite. Each goes to the test's handler first, then to the innermost conform_catch() or
 * conform_user_enter(), and otherwise fails the test. Nothing here knows what a right frame looks like; the
 * tests do.
 */
#include "conform.h"

struct guard {
    struct conform_context context;
    struct pv_frame *frame; /* what to go to, then the trap's */
    struct guard *outer;
};

struct conform_entry conform_entry;
unsigned conform_trap_count;
struct pv_frame conform_trap_log[CONFORM_LOG];
volatile uint64_t conform_timer_count;

static struct guard *guards;
static conform_handler_t *handler;
static char *trap_stack_top;
static char trap_stack[CONFORM_STACK_SIZE] __attribute__((aligned(16)));

/* Called by the entry in switch.S. */
void conform_trap(struct pv_frame *frame, uint64_t rbp, uint64_t rflags, uint64_t rsp)
{
    struct guard *guard;

    conform_entry.address = frame->vector == PV_EXCEPTION_PF ? pv_trap_fault_address() : 0;
    conform_entry.frame = frame;
    conform_entry.rbp = rbp;
    conform_entry.rflags = rflags;
    conform_entry.rsp = rsp;
    conform_entry.enabled = pv_irq_enabled();
    conform_trap_log[conform_trap_count++ % CONFORM_LOG] = *frame;
    /* "The handler starts with interrupts off, the direction flag clear and rbp = 0": all of them. */
    CHECK(rbp == 0 && !conform_entry.enabled && (rflags & (PV_RFLAGS_DF | PV_RFLAGS_TF)) == 0);
    if (handler && handler(frame))
        return;
    guard = guards;
    if (!guard)
        conform_unexpected(frame);
    *guard->frame = *frame;
    conform_leave(&guard->context, 1);
}

void conform_expect_trap(conform_handler_t *new_handler)
{
    handler = new_handler;
}

static bool guarded(void (*fn)(void *), void *arg, struct pv_frame *frame)
{
    struct guard guard = {{0}, frame, guards};
    bool left;

    guards = &guard;
    left = conform_call(&guard.context, fn, arg) != 0;
    guards = guard.outer;
    return left;
}

bool conform_catch(void (*fn)(void *), void *arg, struct pv_frame *frame)
{
    bool enabled = pv_irq_enabled();
    bool trapped = guarded(fn, arg, frame);

    if (enabled)
        pv_irq_enable();
    else
        pv_irq_disable();
    return trapped;
}

void conform_return_to(void *frame)
{
    pv_trap_return_to(frame);
}

/* User code starts from the top of the trap stack, as it would after a trap. */
static void go(void *arg)
{
    struct pv_frame *frame = (struct pv_frame *)(void *)trap_stack_top - 1;

    *frame = *(struct pv_frame *)arg;
    pv_trap_return_to(frame);
}

void conform_user_enter(struct pv_frame *frame)
{
    pv_irq_disable();
    guarded(go, frame, frame);
}

void conform_trap_stack_set(void *top)
{
    trap_stack_top = top;
    pv_trap_stack_set(top);
}

void *conform_trap_stack_top(void)
{
    return trap_stack_top;
}

bool conform_count_timer(struct pv_frame *frame)
{
    if (frame->vector != PV_VECTOR_TIMER)
        return false;
    conform_timer_count++;
    return true;
}

static bool swallow_interrupts(struct pv_frame *frame)
{
    return frame->vector >= PV_VECTOR_LINE(0) && frame->vector <= PV_VECTOR_TIMER;
}

void conform_traps_init(void)
{
    pv_trap_init(conform_trap_entry);
    conform_traps_reset();
}

/* What is still pending is let in now, so that the next test does not get it. */
void conform_traps_reset(void)
{
    guards = NULL;
    handler = swallow_interrupts;
    pv_irq_window();
    handler = NULL;
    conform_trap_stack_set(trap_stack + sizeof trap_stack);
    conform_trap_count = 0;
    conform_timer_count = 0;
    conform_entry = (struct conform_entry){0};
}
