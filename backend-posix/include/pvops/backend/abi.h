/* SPDX-License-Identifier: MIT */
/*
 * Between the guest half of the posix backend and the monitor, which share one process.
 *
 * The guest kernel runs as code of an unprivileged process. The monitor (monitor/) is an executable outside of
 * all guest windows that has the process's signals and system calls. Both sides see one page at PV_POSIX_ABI:
 * hot ops are loads and stores there, slow ones calls through pv_posix_abi.call. Whatever the guest writes may
 * be hostile; what that can do is bounded by the process's seccomp filter, not by checks of this page.
 *
 * Preprocessor only up to __ASSEMBLER__: entry.S and the monitor's assembly use the offsets.
 */
#ifndef PVOPS_BACKEND_ABI_H
#define PVOPS_BACKEND_ABI_H

#define PV_POSIX_ABI_VERSION 1

/*
 * The address space of the vcpu process. User programs have a process of their own (a space); the user window
 * here is for kernels that dereference user pointers.
 *
 *     000000010000  user window                          ..600000000000
 *     600000000000  kernel image, + its physical address
 *     610000000000  direct map of RAM
 *     620000000000  the kernel's own mappings            ..628000000000
 *     6f0000000000  this page
 *     700000000000  monitor: its image
 *     710000000000  monitor: alias of RAM
 *     720000000000  monitor: shared areas of the spaces
 */
#define PV_POSIX_KERNEL 0x600000000000
#define PV_POSIX_DIRECT 0x610000000000
#define PV_POSIX_VMAP 0x620000000000
#define PV_POSIX_VMAP_END 0x628000000000
#define PV_POSIX_WINDOWS_END 0x6f0000000000
#define PV_POSIX_ABI 0x6f0000000000
#define PV_POSIX_MONITOR 0x700000000000
#define PV_POSIX_ALIAS 0x710000000000
#define PV_POSIX_SHARED 0x720000000000

/* Byte offsets in struct pv_posix_abi_page for assembly; checked below. */
#define PV_POSIX_IRQ_ON 0x08
#define PV_POSIX_PENDING 0x0c
#define PV_POSIX_CALL 0x18
#define PV_POSIX_STACK_TOP 0x30
#define PV_POSIX_FAULT_ADDRESS 0x38

/*
 * Calls of the monitor: eax = number, arguments in rdi, rsi, rdx, result in rax; `call *PV_POSIX_CALL`. All
 * registers but those of a C call are preserved. A signal that comes while rip is not in a guest window only
 * marks something as pending: the caller looks after the call. Addresses are virtual ones of the kernel half.
 */
#define PV_POSIX_CALL_IDLE 0          /* sleep until something is pending (returns at once if it is) */
#define PV_POSIX_CALL_USER 1          /* rdi: frame. Runs user code; never returns: the next trap enters the guest */
#define PV_POSIX_CALL_TIMER 2         /* rdi: deadline on the clock of CLOCK, ns; 0: stop. Sets timer_pending */
#define PV_POSIX_CALL_CLOCK 3         /* monotonic time, ns */
#define PV_POSIX_CALL_WALL 4          /* time since 1970, ns */
#define PV_POSIX_CALL_STEAL 5         /* stolen time, ns */
#define PV_POSIX_CALL_CONSOLE_WRITE 6 /* rdi: data, rsi: size; bytes taken. CONSOLE line event when room comes after a short write */
#define PV_POSIX_CALL_CONSOLE_READ 7  /* rdi: data, rsi: size; bytes taken */
#define PV_POSIX_CALL_CONSOLE_EVENTS 8 /* PV_CONSOLE_x of now */
#define PV_POSIX_CALL_CONSOLE_FLUSH 9 /* wait until all that was written has been taken by the host */
#define PV_POSIX_CALL_DEBUG_WRITE 10  /* rdi: data, rsi: size; waits until all is taken */
#define PV_POSIX_CALL_CONTROL 11      /* rdi: data, rsi: size; to pvrun (pvops/abi/control.h) */
#define PV_POSIX_CALL_END 12          /* end the guest; what was said on the control channel counts */
#define PV_POSIX_CALL_INVALIDATE 13   /* rdi: address, rsi: bytes: drop host mappings of this process and note it for the space */
#define PV_POSIX_CALL_INVALIDATE_ALL 14
#define PV_POSIX_CALL_ROOT_LOADED 15  /* after a change of root while user_maps != 0: drop the user window here */
#define PV_POSIX_CALL_ROOT_RELEASE 16 /* rdi: root */
#define PV_POSIX_CALL_FPU_SAVE 17     /* rdi: area */
#define PV_POSIX_CALL_FPU_RESTORE 18  /* rdi: area */
#define PV_POSIX_CALL_PARK 19         /* sleep for ever */
#define PV_POSIX_CALL_BASE_SET 20     /* rdi: GS base of this process, where abi.fsgsbase is 0 */
#define PV_POSIX_CALL_GUARD 21        /* rdi: a page of the image: take it away for good */
#define PV_POSIX_CALLS 22

/* The console's line. */
#define PV_POSIX_CONSOLE_LINE 4

/* Entries of the invalidation queue. A full queue is "all". */
#define PV_POSIX_QUEUE 64

#ifndef __ASSEMBLER__

#include <pvops/types.h>

struct pv_posix_invalidation {
    uint64_t va, size; /* bytes */
};

/* Written by G the guest, M the monitor, P pvrun before the start. */
struct pv_posix_abi_page {
    uint32_t version;                /* M: PV_POSIX_ABI_VERSION */
    uint32_t zero0;
    volatile uint32_t irq_on;        /* G, M: the guest's interrupt flag, 0 or 1 */
    volatile uint32_t pending;       /* G, M: not 0: there may be something to deliver */
    volatile uint32_t timer_pending; /* M sets, G clears: the timer's deadline has passed */
    volatile uint32_t line_events;   /* M and G set bits, G clears: a bit per line, atomic single instructions only */
    uint64_t call;                   /* M: entry for calls */
    uint64_t sync_entry;             /* G: exceptions and system calls enter here: rsp = rdi = frame, irq_on = 0 */
    uint64_t async_entry;            /* G: interrupts: the same, vector still to be chosen from what is pending */
    uint64_t stack_top;              /* G: for frames from user mode */
    uint64_t fault_address;          /* M, G: of the last page fault */
    volatile uint64_t root;          /* G: the loaded root */
    volatile uint64_t root_loads;    /* G: counts loads: what was cached of a root before a load has to be checked */
    volatile uint64_t user_maps;     /* M: pages of the user window that are mapped in this process */
    uint64_t user_tls;               /* G: FS base of user code */
    uint64_t return_begin;           /* G: pv_trap_return to kernel mode: when an interrupt comes with the flag on */
    uint64_t return_end;             /* G: and rip in [return_begin, return_end), the monitor starts it again */
    uint64_t double_fault_entry;     /* G: as sync_entry, for a frame on double_fault_stack */
    uint64_t double_fault_stack;     /* G: its top */
    uint64_t gates[4];               /* G: a bit per vector: user code may raise it (3 and 4 always) */
    volatile uint32_t queue_count;   /* G appends, M empties: invalidations of user addresses of the loaded root */
    uint32_t queue_all;              /* G sets, M clears: everything of the loaded root */
    struct pv_posix_invalidation queue[PV_POSIX_QUEUE];
    /* For start-up and pv_cpu_*. */
    uint64_t memory_size;            /* P: bytes of RAM, from physical address 0 */
    uint64_t image_end;              /* P: first physical address behind the kernel image */
    uint64_t module_base, module_size; /* P: the initrd, or 0 */
    uint64_t cmdline;                /* P: physical address of the command line, terminated, in RAM */
    uint64_t fpu_size;               /* M: bytes of an FPU area */
    uint64_t fpu_mask;               /* M: state components that user code may use (XCR0 bits) */
    uint32_t cpu_count;              /* P: 1 */
    uint32_t fsgsbase;               /* M: user code may use wrgsbase (the host kernel allows it) */
    uint64_t counters[8];            /* M: PV_DEBUG_x */
};

PV_STATIC_ASSERT(offsetof(struct pv_posix_abi_page, irq_on) == PV_POSIX_IRQ_ON, "ABI layout");
PV_STATIC_ASSERT(offsetof(struct pv_posix_abi_page, pending) == PV_POSIX_PENDING, "ABI layout");
PV_STATIC_ASSERT(offsetof(struct pv_posix_abi_page, call) == PV_POSIX_CALL, "ABI layout");
PV_STATIC_ASSERT(offsetof(struct pv_posix_abi_page, stack_top) == PV_POSIX_STACK_TOP, "ABI layout");
PV_STATIC_ASSERT(offsetof(struct pv_posix_abi_page, fault_address) == PV_POSIX_FAULT_ADDRESS, "ABI layout");
PV_STATIC_ASSERT(sizeof(struct pv_posix_abi_page) <= PV_PAGE_SIZE, "the ABI is one page");

/* entry.S: take what is pending as if it had interrupted the caller here; all registers are preserved. */
PV_BEGIN_DECLS
void pv_posix_deliver(void);
PV_END_DECLS

#define pv_posix_abi (*(struct pv_posix_abi_page *)PV_POSIX_ABI)

/* A call of the monitor with up to three arguments. */
PV_INLINE uint64_t pv_posix_call(unsigned number, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t result = number;

    __asm__ volatile("call *%4"
                     : "+a"(result), "+D"(a), "+S"(b), "+d"(c)
                     : "m"(pv_posix_abi.call)
                     : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
    if (__builtin_expect(pv_posix_abi.pending != 0, 0) && pv_posix_abi.irq_on != 0)
        __asm__ volatile("call pv_posix_deliver" ::: "memory", "cc");
    return result;
}

#endif
#endif
