/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite: one kernel, built unchanged for every backend, that holds the backend to the
 * contract in the headers. What a test file needs is declared here; doc/contract.md says which sentence of
 * the contract each test holds.
 *
 * A test is a function `GROUP_WHAT_EXPECTATION` in a table that main.c lists. It starts with interrupts off,
 * the timer stopped, the boot root loaded, all gates closed, no handler installed and an empty page pool;
 * whatever it leaves behind is cleaned up. On success it prints nothing, so transcripts are the same
 * everywhere.
 */
#ifndef CONFORM_H
#define CONFORM_H

#include <pvops/pvops.h>

/* --- tests and their verdicts (report.c, main.c) --- */

struct conform_test {
    const char *name;
    void (*run)(void);
};

/* A table ends with an entry of zeros: { CONFORM_TEST(a_b_c), {0} }. */
#define CONFORM_TEST(function) {#function, function}

/* A condition that has to hold. If it does not, the test has failed but goes on. */
#define CHECK(cond) conform_check((cond), __FILE__, __LINE__, #cond)
/* Two integers or pointers that have to be equal; both are shown when they are not. */
#define CHECK_EQ(a, b) conform_check_eq((uint64_t)(a), (uint64_t)(b), __FILE__, __LINE__, #a, #b)
/* A condition without which the rest of the test makes no sense. */
#define REQUIRE(cond)                                                                                        \
    do {                                                                                                     \
        if (!conform_check((cond), __FILE__, __LINE__, #cond))                                               \
            conform_stop();                                                                                  \
    } while (0)

bool conform_check(bool ok, const char *file, int line, const char *text);
bool conform_check_eq(uint64_t a, uint64_t b, const char *file, int line, const char *left,
                      const char *right);
/* Leave the test: as it stands, or as skipped. From any context, handlers too. */
PV_NORETURN void conform_stop(void);
PV_NORETURN void conform_skip(const char *reason);
/* Show a frame in diagnostic lines. */
void conform_show_frame(const char *title, const struct pv_frame *frame);
void conform_note(const char *text);

/* --- what the run was asked for (options.c) --- */

extern const struct pv_boot_info *conform_info;

/* What pv_kernel_main() found before it did anything. */
struct conform_at_entry {
    bool enabled;       /* the interrupt flag */
    uint64_t direction; /* the direction flag */
    pv_pa_t root;
    void *base;
    unsigned cpu;
};

extern struct conform_at_entry conform_at_entry;

/* A loop count scaled by conform.n= on the command line (default 1, which suits CI on an emulator). */
uint64_t conform_n(uint64_t base);
/* Whether the host takes no time away from this run (conform.strict), so that lateness can be judged. */
bool conform_strict(void);
/* Pseudo-random numbers: the same in every run with the same conform.seed=, restarted for each test. */
uint64_t conform_random(void);

/* --- traps (traps.c, switch.S) --- */

/* What was seen in the first instructions of the kernel's trap entry, for the last trap. */
struct conform_entry {
    struct pv_frame *frame; /* where the frame was */
    uint64_t rbp;           /* the frame pointer */
    uint64_t rflags;        /* the direction flag and so on; for the interrupt flag see enabled */
    uint64_t rsp;           /* the stack pointer, at the return address of the call */
    bool enabled;           /* the interrupt flag */
    pv_va_t address;        /* of a page fault */
};

extern struct conform_entry conform_entry;

/* Looks at a trap first; true: handled, return to the frame; false: conform_catch() or _enter() gets it. */
typedef bool conform_handler_t(struct pv_frame *frame);

/* Install a handler for the rest of the test; NULL: none. A trap that nobody takes fails and ends the test. */
void conform_expect_trap(conform_handler_t *handler);

/*
 * Run fn(arg). If it traps (and the handler does not take the trap), copy the frame to *frame, leave fn
 * there, and return true. The interrupt flag is then as it was at the call.
 */
bool conform_catch(void (*fn)(void *), void *arg, struct pv_frame *frame);

/*
 * Go to *frame, user or kernel, by pv_trap_return, and come back at the next trap that the handler does not
 * take, with a copy of its frame in *frame. Interrupts are off then. For user frames the trap stack is
 * conform_trap_stack_top() unless the test has set another.
 */
void conform_user_enter(struct pv_frame *frame);
#define conform_enter conform_user_enter

/* pv_trap_return_to(frame), for conform_catch(). The stack below the frame may be used by the return. */
void conform_return_to(void *frame);

/* Set the trap stack for the rest of the test, as conform_user_enter() knows it too. 16-byte aligned. */
void conform_trap_stack_set(void *top);
void *conform_trap_stack_top(void);
#define CONFORM_STACK_SIZE 16384

/* Traps taken so far in this test (all of them), and the last ones with their frames, oldest first. */
#define CONFORM_LOG 16
extern unsigned conform_trap_count;
extern struct pv_frame conform_trap_log[CONFORM_LOG]; /* trap number n is at n % CONFORM_LOG */

/* A handler that takes timer interrupts and counts them. */
bool conform_count_timer(struct pv_frame *frame);
extern volatile uint64_t conform_timer_count;

/* --- frames (frames.c) --- */

/* Give all general registers but rsp values that differ from each other and from those of another seed. */
void conform_frame_fill(struct pv_frame *frame, uint64_t seed);
/* Start kernel code at rip on a stack of the harness's: interrupts off. */
void conform_frame_kernel(struct pv_frame *frame, const void *rip);
/* Check the 15 general registers and rsp, ss and cs, rflags but RF; not rip, vector and error. */
void conform_check_registers(const struct pv_frame *frame, const struct pv_frame *expected);
/* Check vector, error and rip. */
void conform_check_trap(const struct pv_frame *frame, uint64_t vector, uint64_t error, uint64_t rip);

/*
 * Check the frame of a non-canonical access relative to the stack: #SS with error 0 (SDM vol. 3, 6.15,
 * interrupt 12). QEMU's TCG raises #GP there as for any other segment; that is accepted, too.
 */
void conform_check_stack_fault(const struct pv_frame *frame, uint64_t rip);

/* --- memory (pages.c, tables.c) --- */

/* A zeroed page of RAM, until the end of the test. The test ends here when there is none left. */
pv_pa_t conform_page(void);
/* The same for count pages in one piece, the first at a multiple of align pages. */
pv_pa_t conform_pages(size_t count, size_t align);
/* Pages that are left in the largest piece. */
size_t conform_pages_left(void);

/* A new root by pv_mmu_root_init(); released at the end of the test or by conform_root_release(). */
pv_pa_t conform_root(void);
/* Take the tables out of a root that is not loaded, and release them and it. (Their pages stay taken.) */
void conform_root_release(pv_pa_t root);

/*
 * The entry of level (1: 4 KiB, 2: 2 MiB, 3: 1 GiB, 4: in the root) that maps va, or NULL when a table above
 * it is missing. The second form makes what is missing: tables with P, W and, in the user half, U.
 */
pv_pte_t *conform_walk(pv_pa_t root, pv_va_t va, unsigned level);
pv_pte_t *conform_walk_make(pv_pa_t root, pv_va_t va, unsigned level);

/* Map a 4 KiB page: flags are PV_PTE_x, PV_PTE_P included. Invalidates nothing. Gives the entry. */
pv_pte_t *conform_map(pv_pa_t root, pv_va_t va, pv_pa_t pa, uint64_t flags);
/* Remove a mapping and invalidate it in the loaded root. */
void conform_unmap(pv_pa_t root, pv_va_t va);

/* Tables and leaf entries that a test puts into the VMAP window by conform_map() vanish with the test. */
#define CONFORM_KERNEL_RW (PV_PTE_P | PV_PTE_W | PV_PTE_NX)
#define CONFORM_USER_RW (PV_PTE_P | PV_PTE_W | PV_PTE_U | PV_PTE_NX)
#define CONFORM_USER_RX (PV_PTE_P | PV_PTE_U)

/* --- user code (user_space.c) --- */

/*
 * Position-independent user code, assembled into the kernel's read-only data and copied into a page of user
 * space. Labels in it are reached by conform_user_va(): CONFORM_BLOB(div, "div_fault: div %rcx").
 */
#define CONFORM_BLOB(name, code)                                                                             \
    __asm__(".pushsection .rodata\n"                                                                         \
            ".balign 16\n"                                                                                   \
            ".globl " #name "_start\n"                                                                       \
            ".globl " #name "_end\n" #name "_start:\n" code "\n" #name "_end:\n"                             \
            ".byte 0\n"                                                                                      \
            ".popsection\n");                                                                                \
    extern const char name##_start[], name##_end[]

/* A root of its own, loaded, with a code page (read, execute), a data page and a stack page (read, write). */
struct conform_user {
    pv_pa_t root;
    pv_pa_t code_pa, data_pa, stack_pa;
    const char *blob;
};

#define CONFORM_USER_CODE 0x400000UL
#define CONFORM_USER_DATA 0x600000UL
#define CONFORM_USER_STACK 0x7ff000UL /* first byte of the page; the stack starts at its end */
#define CONFORM_USER_STACK_TOP (CONFORM_USER_STACK + PV_PAGE_SIZE)

void conform_user_make(struct conform_user *user, const char *start, const char *end);
#define conform_user_blob(user, name) conform_user_make((user), name##_start, name##_end)
/* Where a label of the blob is in user space. */
pv_va_t conform_user_va(const struct conform_user *user, const char *label);
/* A frame at a label of the blob with its stack, by pv_frame_init_user(). */
void conform_user_frame(const struct conform_user *user, struct pv_frame *frame, const char *label);
/* The data page as the kernel sees it. */
void *conform_user_data(const struct conform_user *user);

/* --- lines (attach.c) --- */

/* Attach a line that no device uses, detached at the end of the test. Skips the test when there is none. */
unsigned conform_line_attach(void);
/* The same for a line by number: what pv_irq_attach() said. */
int conform_line_attach_number(unsigned line);

/* --- state (state.c) --- */

/* Bring everything a test may have changed back to what the next one may expect. */
void conform_state_reset(void);
void conform_traps_reset(void);
void conform_pages_reset(void);
void conform_tables_reset(void);
void conform_lines_reset(void);
void conform_random_reset(const char *name);

/* --- between the harness's files --- */

void conform_options_init(const struct pv_boot_info *info);
bool conform_selected(const char *name);
bool conform_listing(void);
/* Runs what conform.mode= asks for, if anything (modes.c); true: pv_kernel_main() is to return. */
bool conform_mode(bool before_traps);
uint64_t conform_option_number(const char *name, uint64_t otherwise);

enum conform_verdict { CONFORM_PASSED, CONFORM_FAILED, CONFORM_SKIPPED };

enum conform_verdict conform_run(const struct conform_test *test, const char **reason);
void conform_unexpected(struct pv_frame *frame) PV_NORETURN;
void conform_traps_init(void);

void conform_puts(const char *text);
/* Put out the diagnostics of the last test, behind its verdict. */
void conform_flush(void);
void conform_put_decimal(uint64_t value);
void conform_put_hex(uint64_t value);
bool conform_equal(const char *a, const char *b);

/* switch.S: call fn(arg) so that conform_leave() can end it from anywhere. 0, or the value given there. */
struct conform_context {
    uint64_t rsp;
};

uint64_t conform_call(struct conform_context *context, void (*fn)(void *), void *arg);
PV_NORETURN void conform_leave(struct conform_context *context, uint64_t value);
void conform_trap_entry(struct pv_frame *frame);
void conform_trap(struct pv_frame *frame, uint64_t rbp, uint64_t rflags, uint64_t rsp);

#endif
