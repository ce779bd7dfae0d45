/* SPDX-License-Identifier: MIT */
/*
 * pv_power_crash(): the last words of a guest.
 *
 * With pvrun on the control channel the dump goes there as data, and pvrun prints it with symbol names; without
 * it the console gets the same as text. Uses no lock, no allocation, and looks at the page tables before it
 * follows a pointer; a crash within the dump ends the guest at once.
 */
#include "lib.h"

#define FRAMES_MAX 32

struct named_register {
    const char *name;
    uint64_t value;
};

static int crashing;

/* Whether 8 bytes at @a va can be read: the tables are the truth on every backend. */
static bool is_readable(pv_va_t va)
{
    pv_pa_t table = pv_mmu_root();

    if ((va & 7) != 0 || !pv_va_is_kernel(va))
        return false;
    for (unsigned level = PV_MMU_LEVELS; level > 0; level--) {
        pv_pte_t *entries = pv_phys_to_virt(table);
        pv_pte_t pte = pv_pte_get(&entries[pv_mmu_index(va, level)]);

        if (!(pte & PV_PTE_P))
            return false;
        if (level == 1 || (level < PV_MMU_LEVELS && (pte & PV_PTE_LARGE)))
            return true;
        table = pv_pte_pa(pte);
    }
    return false;
}

static void say(bool to_pvrun, const char *for_pvrun, const char *for_console, const char *name, uint64_t value)
{
    char line[96];

    if (to_pvrun) {
        lib_control_line(for_pvrun, name, value);
        return;
    }
    lib_format(line, sizeof line, for_console, name, value);
    pv_debug_puts(line);
}

static void dump_registers(bool to_pvrun, const struct pv_frame *f)
{
    const struct named_register registers[] = {
        {"rip", f->rip}, {"rsp", f->rsp}, {"rflags", f->rflags}, {"vector", f->vector},
        {"error", f->error}, {"cr2", pv_trap_fault_address()}, {"root", pv_mmu_root()}, {"cs", f->cs},
        {"ss", f->ss}, {"rax", f->rax}, {"rbx", f->rbx}, {"rcx", f->rcx},
        {"rdx", f->rdx}, {"rsi", f->rsi}, {"rdi", f->rdi}, {"rbp", f->rbp},
        {"r8", f->r8}, {"r9", f->r9}, {"r10", f->r10}, {"r11", f->r11},
        {"r12", f->r12}, {"r13", f->r13}, {"r14", f->r14}, {"r15", f->r15},
    };

    for (unsigned i = 0; i < sizeof registers / sizeof registers[0]; i++)
        say(to_pvrun, "reg %s %lx", i % 4 == 3 ? "%s=%016lx\n" : "%s=%016lx  ", registers[i].name, registers[i].value);
}

/* Frame pointers: each points to the one before, with the return address above it; 0 ends the walk. */
static void dump_stack(bool to_pvrun, const struct pv_frame *f)
{
    pv_va_t rip = f->rip, frame = f->rbp;

    for (unsigned i = 0; i < FRAMES_MAX && rip != 0; i++) {
        const uint64_t *words = (const uint64_t *)frame;

        say(to_pvrun, "frame%s %lx", "  frame %s%016lx\n", "", rip);
        if (pv_frame_from_user(f) || !is_readable(frame) || !is_readable(frame + 8) || words[0] == frame)
            return;
        frame = words[0];
        rip = words[1];
    }
}

static void dump_trace(bool to_pvrun)
{
    struct lib_trace_event e;

    for (unsigned i = 0; lib_trace_get(i, &e); i++) {
        char text[96];

        lib_format(text, sizeof text, "%lx %s %lx %lx", e.time, e.name, e.a, e.b);
        if (to_pvrun) {
            lib_control_line("trace %s", text);
        } else {
            pv_debug_puts("  trace ");
            pv_debug_puts(text);
            pv_debug_puts("\n");
        }
    }
}

static inline __attribute__((always_inline)) void capture_caller(struct pv_frame *frame)
{
    __builtin_memset(frame, 0, sizeof *frame);
    frame->rbp = (uint64_t)__builtin_frame_address(0);
    /* The caller of pv_power_crash(), as if interrupted in the call: what is behind it may be another function. */
    if (is_readable(frame->rbp)) {
        const uint64_t *words = (const uint64_t *)frame->rbp;

        frame->rsp = frame->rbp + 16;
        frame->rip = words[1] - 1;
        frame->rbp = words[0];
    }
    frame->cs = PV_SELECTOR_KERNEL_CODE;
}

void pv_power_crash(const char *message, const struct pv_frame *frame)
{
    struct pv_frame caller;
    bool to_pvrun = lib_control_present();

    pv_irq_disable();
    if (__atomic_exchange_n(&crashing, 1, __ATOMIC_SEQ_CST) != 0)
        lib_power_end();
    if (frame == NULL) {
        capture_caller(&caller);
        frame = &caller;
    }
    if (to_pvrun) {
        lib_control_line("crash %s", message);
    } else {
        pv_debug_puts("\npvops: crash: ");
        pv_debug_puts(message);
        pv_debug_puts("\n");
    }
    dump_registers(to_pvrun, frame);
    dump_stack(to_pvrun, frame);
    dump_trace(to_pvrun);
    if (to_pvrun)
        lib_control_line("end");
    lib_power_end();
}

void lib_trap_no_entry(struct pv_frame *frame)
{
    static const char *const names[32] = {
        "divide error", "debug exception", "NMI", "breakpoint", "overflow", "bound range exceeded", "invalid opcode",
        "device not available", "double fault", "coprocessor overrun", "invalid TSS", "segment not present",
        "stack fault", "general protection fault", "page fault", "reserved exception", "x87 error",
        "alignment check", "machine check", "SIMD error",
    };
    const char *name = frame->vector < 32 ? names[frame->vector] : "interrupt";

    pv_power_crash(name != NULL ? name : "reserved exception", frame);
}
