/* SPDX-License-Identifier: MIT */
/*
 * Running user code: from pv_trap_return with a user frame to the next trap from user mode.
 *
 * The guest half jumps here with a frame; the space of the loaded root is made true to the tables, gets the
 * registers, and goes on. What it reports next is a page to fill, or a trap, which becomes a frame at the top of
 * the kernel's stack. Interrupts that come meanwhile end the wait; a kick (SIGUSR1) makes the space report.
 * Whatever a space reports may be forged by user code: it is checked, and the worst that it can be is a trap
 * that user code could have made anyway. Read next: decode.c, handoff.c, space-cache.c, stub.S.
 */
#include "decode.h"
#include "monitor.h"
#include "raw.h"

#define DETOURS_MAX 4
#define DETOUR_NS 100000000UL

struct pv_frame run_user_frame;
uint64_t run_stub_fpu;

/* --- going --- */

static bool resume(struct space *space, const struct pv_frame *registers)
{
    struct posix_area *area = AREA(space->slot);

    space->ran = true;
    __builtin_memcpy(area->resume, registers, sizeof *registers);
    area->fs_base = ABI->fsgsbase ? ABI->user_tls : POSIX_FS_LEAVE;
    return handoff_reply(space, POSIX_REPLY_RESUME, false);
}

static bool resume_user(struct space *space)
{
    fpu_resume(space);
    return resume(space, &run_user_frame);
}

/* Let the stub go on where a kick has met it, with the FPU state that the kick's frame has. */
static bool resume_stub(struct space *space, const struct pv_frame *registers)
{
    fpu_resume_from(space, run_stub_fpu);
    return resume(space, registers);
}

/* A kick that came too late meets the stub at work for another reason: it goes on where it was. */
bool run_stub_on(struct space *space, const struct report *report)
{
    struct pv_frame f;

    return decode_report(space, report, &f) == OUTCOME_STUB && resume_stub(space, &f);
}

/* --- the loop --- */

static __attribute__((noreturn)) void enter_kernel(struct pv_frame *f, uint64_t entry)
{
    clock_watch(false);
    monitor_enter_guest(frame_put(ABI->stack_top, f, &entry), entry);
}

/* A space that breaks the rules is the end of that space, and a #GP for the registers last resumed. */
static __attribute__((noreturn)) void broken(struct space *space)
{
    spaces_need_zygote(); /* whose end is not this program's fault */
    space_kill(space);
    frame_set_trap(&run_user_frame, PV_EXCEPTION_GP, 0);
    enter_kernel(&run_user_frame, ABI->sync_entry);
}

static void kick(struct space *space)
{
    if (space->kicked)
        return;
    raw(__NR_pidfd_send_signal, space->pidfd, SIGUSR1, 0, 0);
    space->kicked = true;
}

/*
 * Wait for a report; interrupts that come meanwhile make the space report. After a detour it is about to report
 * anyway, and another kick would only meet the stub again: so not before @a kick_at.
 */
static bool await(struct space *space, struct report *report, uint64_t kick_at)
{
    for (;;) {
        monitor_attention = 0;
        if (ABI->pending && (kick_at == 0 || clock_now() >= kick_at))
            kick(space);
        if (handoff_receive(space, report, true))
            return true;
        if (!space->alive)
            return false;
    }
}

/* One stay in user code, from a held thread to a held thread; true: a trap is in *f. */
static bool stay(struct space *space, struct pv_frame *f)
{
    struct report report;
    bool going = resume_user(space);
    uint64_t kick_at = 0;

    /* The stub is let go on where a kick met it; user code that jumps there again and again is cut short. */
    for (unsigned detours = 0; detours < DETOURS_MAX && going && await(space, &report, kick_at); detours++) {
        switch (decode_report(space, &report, f)) {
        case OUTCOME_TRAP:
            return true;
        case OUTCOME_RESUME:
            return false;
        case OUTCOME_STUB:
            going = resume_stub(space, f);
            kick_at = clock_now() + DETOUR_NS;
            break;
        case OUTCOME_BAD:
            broken(space);
        }
    }
    broken(space);
}

void run_user(pv_va_t frame)
{
    struct space *space;
    struct pv_frame f;

    if (!guest_read(&run_user_frame, frame, sizeof run_user_frame))
        monitor_crash_guest("pv_trap_return: the frame cannot be read", NULL);
    frame_sanitize(&run_user_frame);
    clock_watch(true); /* from here on a space may die unseen */
    space = space_for(ABI->root);
    if (space == NULL)
        monitor_host_fails("it gives no process for a user address space (ulimit -u, -n)");
    for (;;) {
        if (ABI->pending) { /* before the first instruction of user code */
            frame_set_trap(&run_user_frame, 0, 0);
            enter_kernel(&run_user_frame, ABI->async_entry);
        }
        if (!space_sync(space))
            broken(space);
        if (stay(space, &f))
            enter_kernel(&f, ABI->sync_entry);
    }
}
