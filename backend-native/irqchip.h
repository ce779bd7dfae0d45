/* SPDX-License-Identifier: MIT */
/*
 * The three interrupt controllers of a PC as irq.c uses them: the local APIC takes interrupts for this CPU,
 * and either the I/O APIC or the pair of 8259s sends them. A line is open when its pin may interrupt.
 */
#ifndef PVOPS_NATIVE_IRQCHIP_H
#define PVOPS_NATIVE_IRQCHIP_H

#include <pvops/types.h>

/* Vectors of the backend's own, above the ones in pvops/trap.h. */
#define NATIVE_VECTOR_KICK 0xfd     /* something is remembered that can be delivered now */
#define NATIVE_VECTOR_ERROR 0xfe    /* the local APIC saw an error */
#define NATIVE_VECTOR_SPURIOUS 0xff /* bits 3:0 must be set on old processors (SDM vol. 3, 11.9) */

/* irq.c, for time.c; interrupts off. */
void native_irq_kick(void);       /* make native_irq_resolve() run as soon as interrupts are on */
bool native_irq_pit_in_use(void); /* by a kick: native_time_arm() is called when it is over */
void native_irq_claim_pit(void);  /* the PIT's line is the timer */

/* lapic.c: of the CPU that calls. */
bool native_lapic_init(void); /* false: this machine has none */
void native_lapic_drain(void); /* take what the firmware left pending: nobody else knows its vectors */
uint32_t native_lapic_id(void);
void native_lapic_extint(bool on); /* take interrupts of the 8259s */
void native_lapic_eoi(void);
void native_lapic_self(unsigned vector);
bool native_lapic_requested(unsigned vector); /* it has this interrupt and the CPU did not take it yet */
void native_lapic_clear_error(void);
void native_lapic_timer_init(bool deliver); /* false: it only counts */
void native_lapic_timer_start(uint32_t count); /* 0: stop */
uint32_t native_lapic_timer_count(void);

/* ioapic.c */
bool native_ioapic_init(void); /* false: none; leaves all pins closed */
bool native_ioapic_has(unsigned line);
bool native_ioapic_level(unsigned line);
void native_ioapic_route(unsigned line, unsigned vector, uint32_t apic_id); /* closed */
void native_ioapic_set_open(unsigned line, bool open);

/* pic.c */
void native_pic_init(void); /* leaves all lines closed */
bool native_pic_has(unsigned line);
void native_pic_route(unsigned line);
bool native_pic_level(unsigned line);
void native_pic_set_open(unsigned line, bool open);
bool native_pic_requested(unsigned line); /* it has an interrupt that the CPU did not take yet */
bool native_pic_spurious(unsigned line);  /* its interrupt came but was none; nothing is left to end */
void native_pic_eoi(unsigned line);

#endif
