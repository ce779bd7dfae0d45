/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines: the contract of pvops/irq.h on top of the I/O APIC or the 8259s.
 *
 * trap.c gives each interrupt to native_irq_resolve(), which ends it at the controller at once and keeps by
 * itself what a line in service or masked means. So the kernel may call pv_irq_eoi() whenever it likes, and
 * the controller never holds back other lines. Controllers: ioapic.c, pic.c, lapic.c; timer: time.c.
 *
 * A line is closed at its pin only when nothing gets lost by it: when one event is remembered already, or
 * while a level-triggered line is in service (its device goes on asserting it). An edge at a closed pin is
 * not seen (82093AA, 3.4.2), hence pv_irq_mask() is lazy: the pin stays open until the next event.
 *
 * What is remembered is delivered by a kick: an interrupt that this CPU sends itself, on which
 * native_irq_resolve() looks for lines that may be delivered now.
 */
#include "clock.h"
#include "irqchip.h"
#include "native.h"

/* The lines attached to one CPU, a bit each. */
struct irq_cpu {
    uint32_t attached;
    uint32_t masked;
    uint32_t in_service; /* delivered, no eoi yet */
    uint32_t pending;    /* an event is remembered */
    uint32_t level;      /* level-triggered */
    uint32_t open;       /* the pin may interrupt */
};

#define SPIN_MAX 100000

bool native_force_pic;

static struct irq_cpu cpu; /* one per CPU as soon as there are several */
static bool has_lapic, use_ioapic;
static bool kicked; /* without local APIC: the next interrupt of the PIT is (also) a kick */

PV_INLINE uint32_t bit(unsigned line)
{
    return (uint32_t)1 << line;
}

/*
 * The 8259s first: a request that the firmware left pending there has to be withdrawn while the local APIC
 * still listens, or the CPU would go for an interrupt that nobody has a vector for (QEMU then raises #GP).
 */
void native_irq_init(void)
{
    if (native_acpi.has_pic)
        native_pic_init();
    has_lapic = native_lapic_init();
    use_ioapic = has_lapic && native_ioapic_init() && !native_force_pic;
    if (!has_lapic)
        return;
    native_lapic_drain();
    native_lapic_extint(!use_ioapic);
}

bool native_irq_has_lapic(void)
{
    return has_lapic;
}

/* --- one line at its controller --- */

static bool pin_exists(unsigned line)
{
    return line < PV_IRQ_LINES && (use_ioapic ? native_ioapic_has(line) : native_pic_has(line));
}

static void pin_route(unsigned line)
{
    bool level;

    if (use_ioapic)
        native_ioapic_route(line, PV_VECTOR_LINE(line), native_lapic_id());
    else
        native_pic_route(line);
    level = use_ioapic ? native_ioapic_level(line) : native_pic_level(line);
    cpu.level = level ? cpu.level | bit(line) : cpu.level & ~bit(line);
}

static void pin_set_open(unsigned line, bool open)
{
    if (use_ioapic)
        native_ioapic_set_open(line, open);
    else
        native_pic_set_open(line, open);
}

static void pin_close(unsigned line)
{
    if (cpu.open & bit(line))
        pin_set_open(line, false);
    cpu.open &= ~bit(line);
}

/* Open the pin if the next event must be seen. */
static void pin_update(unsigned line)
{
    uint32_t quiet = cpu.pending | cpu.open | (cpu.in_service & cpu.level);

    if (!(cpu.attached & ~quiet & bit(line)))
        return;
    cpu.open |= bit(line);
    pin_set_open(line, true);
}

static void pin_end(unsigned line)
{
    if (use_ioapic)
        native_lapic_eoi();
    else
        native_pic_eoi(line);
}

/* --- delivery --- */

static uint32_t deliverable(void)
{
    return cpu.attached & cpu.pending & ~cpu.masked & ~cpu.in_service;
}

void native_irq_kick(void)
{
    if (has_lapic) {
        native_lapic_self(NATIVE_VECTOR_KICK);
        return;
    }
    if (kicked)
        return;
    kicked = true;
    native_pit_edge();
    /* An interrupt window that follows must let it in. A real PIT takes no time, an emulated one perhaps. */
    for (unsigned i = 0; i < SPIN_MAX && !native_pic_requested(NATIVE_PIT_LINE); i++)
        pv_cpu_relax();
}

bool native_irq_pit_in_use(void)
{
    return kicked;
}

/* Whether an event of the line has to wait for an unmask or eoi; counts those that do. */
static bool held(unsigned line)
{
    if (!((cpu.masked | cpu.in_service) & bit(line)))
        return false;
    native_count(PV_DEBUG_LINE_HELD);
    return true;
}

static unsigned start_service(unsigned line)
{
    cpu.in_service |= bit(line);
    cpu.pending &= ~bit(line);
    if (cpu.level & bit(line))
        pin_close(line);
    pin_update(line);
    return PV_VECTOR_LINE(line);
}

/* Deliver the first thing that is due. One interrupt delivers one vector: for the rest, kick again. */
static unsigned kick_came(void)
{
    unsigned vector = 0;

    kicked = false;
    if (native_time_take())
        vector = PV_VECTOR_TIMER;
    else if (deliverable())
        vector = start_service((unsigned)__builtin_ctz(deliverable()));
    if (deliverable())
        native_irq_kick();
    else if (!has_lapic)
        native_time_arm(); /* the kick has used up the PIT */
    return vector;
}

static unsigned timer_came(void)
{
    return native_time_expired() ? PV_VECTOR_TIMER : 0;
}

/* What a line's interrupt means. A level-triggered pin is closed here, before its interrupt is ended. */
static unsigned line_came(unsigned line)
{
    if (!(cpu.attached & bit(line))) {
        native_count(PV_DEBUG_SPURIOUS);
        return 0;
    }
    if (held(line)) {
        cpu.pending |= bit(line);
        pin_close(line);
        return 0;
    }
    return start_service(line);
}

static unsigned resolve_line(unsigned line)
{
    unsigned vector;

    if (!use_ioapic && native_pic_spurious(line)) {
        native_count(PV_DEBUG_SPURIOUS);
        return 0;
    }
    if (line != NATIVE_PIT_LINE || !native_time_on_pit()) {
        vector = line_came(line);
        pin_end(line);
        return vector;
    }
    pin_end(line); /* first: the PIT may be started again */
    return kicked ? kick_came() : timer_came();
}

/* What comes at one of the local APIC's own vectors. */
static unsigned resolve_local(unsigned vector)
{
    if (vector == NATIVE_VECTOR_SPURIOUS) { /* has no service bit and wants no EOI (SDM vol. 3, 11.9) */
        native_count(PV_DEBUG_SPURIOUS);
        return 0;
    }
    native_lapic_eoi();
    if (vector == PV_VECTOR_TIMER)
        return timer_came();
    if (vector == NATIVE_VECTOR_KICK)
        return kick_came();
    if (vector < PV_VECTOR_TIMER)
        return vector; /* an IPI */
    if (vector == NATIVE_VECTOR_ERROR)
        native_lapic_clear_error();
    native_count(PV_DEBUG_SPURIOUS);
    return 0;
}

unsigned native_irq_resolve(unsigned vector)
{
    if (vector < PV_VECTOR_LINE(PV_IRQ_LINES))
        return resolve_line(vector - PV_VECTOR_LINE(0));
    if (has_lapic)
        return resolve_local(vector);
    native_count(PV_DEBUG_SPURIOUS);
    return 0;
}

static void open_pit(void)
{
    pin_route(NATIVE_PIT_LINE);
    pin_set_open(NATIVE_PIT_LINE, true);
}

static bool pit_arrives(void)
{
    native_pit_start(1);
    for (unsigned i = 0; i < SPIN_MAX; i++)
        if (native_lapic_requested(PV_VECTOR_LINE(NATIVE_PIT_LINE)))
            return true;
    return false;
}

/* Some tables forget to tell that the timer is not at pin 0 (QEMU's microvm, for one). */
void native_irq_claim_pit(void)
{
    open_pit();
    if (use_ioapic && !pit_arrives()) {
        native_ioapic_set_open(NATIVE_PIT_LINE, false);
        native_acpi.isa[NATIVE_PIT_LINE] = (struct native_acpi_override){.gsi = NATIVE_PIT_PIN};
        open_pit();
    }
}

/* --- pvops/irq.h --- */

static bool is_attached(unsigned line)
{
    return line < PV_IRQ_LINES && (cpu.attached & bit(line)) != 0;
}

/* After a change of a line's state: deliver what it remembers if that may be now, or open its pin again. */
static void line_changed(unsigned line)
{
    if (deliverable() & bit(line))
        native_irq_kick();
    pin_update(line);
}

int pv_irq_attach(unsigned line)
{
    pv_irq_flags_t flags;
    int error = 0;

    if (!pin_exists(line))
        return -PV_EINVAL;
    flags = pv_irq_save();
    if (is_attached(line) || (line == NATIVE_PIT_LINE && native_time_on_pit())) {
        error = -PV_EBUSY;
    } else {
        pin_route(line);
        cpu.attached |= bit(line);
        cpu.masked |= bit(line);
        pin_update(line);
    }
    pv_irq_restore(flags);
    return error;
}

void pv_irq_detach(unsigned line)
{
    pv_irq_flags_t flags = pv_irq_save();

    if (is_attached(line)) {
        pin_close(line);
        cpu.attached &= ~bit(line);
        cpu.in_service &= ~bit(line);
        cpu.pending &= ~bit(line);
    }
    pv_irq_restore(flags);
}

void pv_irq_mask(unsigned line)
{
    pv_irq_flags_t flags = pv_irq_save();

    if (is_attached(line))
        cpu.masked |= bit(line);
    pv_irq_restore(flags);
}

void pv_irq_unmask(unsigned line)
{
    pv_irq_flags_t flags = pv_irq_save();

    if (is_attached(line)) {
        cpu.masked &= ~bit(line);
        line_changed(line);
    }
    pv_irq_restore(flags);
}

void pv_irq_eoi(unsigned line)
{
    pv_irq_flags_t flags = pv_irq_save();

    if (is_attached(line)) {
        cpu.in_service &= ~bit(line);
        line_changed(line);
    }
    pv_irq_restore(flags);
}

int pv_irq_raise(unsigned line)
{
    pv_irq_flags_t flags = pv_irq_save();
    int error = -PV_EINVAL;

    if (is_attached(line)) {
        cpu.pending |= bit(line);
        if (!held(line))
            native_irq_kick();
        error = 0;
    }
    pv_irq_restore(flags);
    return error;
}
