/* SPDX-License-Identifier: MIT */
/* The clock devices as time.c and calibrate.c use them, and what irq.c needs of time.c. */
#ifndef PVOPS_NATIVE_CLOCK_H
#define PVOPS_NATIVE_CLOCK_H

#include <pvops/types.h>

/* pit.c: channel 0 of the 8254. Its output is ISA line 0. */
#define NATIVE_PIT_LINE 0
#define NATIVE_PIT_PIN 2 /* of the I/O APIC, as a rule (MultiProcessor Specification 1.4, 5.1) */
#define NATIVE_PIT_MAX 0xffffu
#define NATIVE_PIT_HZ_12 14318180UL /* twelve times its frequency */

void native_pit_start(uint16_t count); /* count down, interrupt at 0, go on from 0xffff without interrupts */
uint16_t native_pit_read(void);
void native_pit_edge(void); /* raise the line now */

/* rtc.c: seconds since 1970, or 0: no clock, or one that shows no date. */
uint64_t native_rtc_read(void);

/* calibrate.c: how fast the counters of this CPU run. */
struct native_rates {
    uint64_t tsc_hz;   /* 0: nothing to measure it by */
    uint64_t lapic_hz; /* of the local APIC's timer undivided; 0: it does not count */
};

struct native_rates native_calibrate(bool lapic);

/* The TSC, not read before what stands above it in the program is done (SDM vol. 2, RDTSC). */
PV_INLINE uint64_t native_tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

/* time.c, for irq.c; interrupts off. */
bool native_time_expired(void); /* the hardware timer came: whether the deadline has; if not, arms it again */
bool native_time_take(void);    /* whether the kernel's deadline has come; takes it */
void native_time_arm(void);     /* set the hardware timer for the kernel's deadline */
bool native_time_on_pit(void);  /* the PIT is the timer: its line is not the kernel's */

#endif
