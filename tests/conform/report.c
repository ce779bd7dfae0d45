/* SPDX-License-Identifier: MIT */
/*
 * What a run says: TAP lines, and diagnostics ("# ...") for checks that fail. Called by the tests through
 * CHECK, CHECK_EQ and REQUIRE, and by main.c for the verdicts. Diagnostics wait in a buffer until the verdict
 * is out, since TAP's readers look for them behind it; a run that crashes shows them before it ends. Handlers
 * check things too, so interrupts are off while something is put there.
 */
#include "conform.h"

static struct {
    struct conform_context context;
    bool running; /* conform_stop() has somewhere to go */
    unsigned failures;
    const char *skip;
} current;

#define SHOWN_FAILURES 10
#define LEFT 1

static char waiting[8192];
static size_t waiting_size;

void conform_puts(const char *text)
{
    pv_irq_flags_t flags = pv_irq_save();
    size_t size = __builtin_strlen(text);

    if (!current.running) {
        pv_console_write_all(text, size);
    } else if (size <= sizeof waiting - waiting_size) {
        __builtin_memcpy(waiting + waiting_size, text, size);
        waiting_size += size;
    }
    pv_irq_restore(flags);
}

void conform_flush(void)
{
    pv_console_write_all(waiting, waiting_size);
    waiting_size = 0;
}

static void PV_NORETURN crash(const char *message, const struct pv_frame *frame)
{
    conform_flush();
    pv_power_crash(message, frame);
}

void conform_put_decimal(uint64_t value)
{
    char text[21];
    char *p = text + sizeof text - 1;

    *p = 0;
    do
        *--p = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    conform_puts(p);
}

void conform_put_hex(uint64_t value)
{
    char text[19];
    char *p = text + sizeof text - 1;

    *p = 0;
    do
        *--p = "0123456789abcdef"[value & 15];
    while ((value >>= 4) != 0);
    *--p = 'x';
    *--p = '0';
    conform_puts(p);
}

bool conform_equal(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

void conform_note(const char *text)
{
    conform_puts("# ");
    conform_puts(text);
    conform_puts("\n");
}

/* Count a failure; true: it is to be shown. The head of its line is out then. */
static bool failure(const char *file, int line)
{
    const char *base = file;

    current.failures++;
    if (current.failures == SHOWN_FAILURES + 1)
        conform_note("more checks failed");
    if (current.failures > SHOWN_FAILURES)
        return false;
    for (; *file; file++)
        if (*file == '/')
            base = file + 1;
    conform_puts("# ");
    conform_puts(base);
    conform_puts(":");
    conform_put_decimal((uint64_t)line);
    conform_puts(": ");
    return true;
}

bool conform_check(bool ok, const char *file, int line, const char *text)
{
    if (!ok && failure(file, line)) {
        conform_puts("not true: ");
        conform_puts(text);
        conform_puts("\n");
    }
    return ok;
}

bool conform_check_eq(uint64_t a, uint64_t b, const char *file, int line, const char *left, const char *right)
{
    if (a == b)
        return true;
    if (failure(file, line)) {
        conform_puts(left);
        conform_puts(" is ");
        conform_put_hex(a);
        conform_puts(", expected ");
        conform_put_hex(b);
        conform_puts(" (");
        conform_puts(right);
        conform_puts(")\n");
    }
    return false;
}

static void show_register(const char *name, uint64_t value, bool last)
{
    conform_puts(name);
    conform_puts(" ");
    conform_put_hex(value);
    conform_puts(last ? "\n" : "  ");
}

void conform_show_frame(const char *title, const struct pv_frame *frame)
{
    static const char *const names[] = {"r15",   "r14", "r13", "r12",    "r11", "r10", "r9",  "r8",
                                        "rbp",   "rdi", "rsi", "rdx",    "rcx", "rbx", "rax", "vector",
                                        "error", "rip", "cs",  "rflags", "rsp", "ss"};
    const uint64_t *word = (const uint64_t *)frame;

    conform_note(title);
    for (unsigned i = 0; i < 22; i++) {
        if (i % 6 == 0)
            conform_puts("#   ");
        show_register(names[i], word[i], i % 6 == 5 || i == 21);
    }
}

void conform_stop(void)
{
    if (!current.running)
        crash("a check outside of the tests", NULL);
    conform_leave(&current.context, LEFT);
}

void conform_skip(const char *reason)
{
    current.skip = reason;
    conform_stop();
}

void conform_unexpected(struct pv_frame *frame)
{
    static unsigned depth;

    if (!current.running)
        crash("a trap outside of the tests", frame);
    if (depth++ != 0)
        crash("a trap while an unexpected trap was shown", frame);
    current.failures++;
    conform_show_frame("unexpected trap:", frame);
    if (frame->vector == PV_EXCEPTION_PF) {
        conform_puts("#   ");
        show_register("address", conform_entry.address, true);
    }
    depth--;
    conform_stop();
}

static void run(void *test)
{
    ((const struct conform_test *)test)->run();
}

static void reset(void *unused)
{
    (void)unused;
    conform_state_reset();
}

/* A test and then the cleaning up; a trap in that ends the whole run, since nothing can be trusted then. */
enum conform_verdict conform_run(const struct conform_test *test, const char **reason)
{
    current.failures = 0;
    current.skip = NULL;
    conform_random_reset(test->name);
    current.running = true;
    conform_call(&current.context, run, (void *)(uintptr_t)test);
    if (conform_call(&current.context, reset, NULL) != 0)
        crash("a trap while cleaning up after a test", NULL);
    current.running = false;
    *reason = current.skip;
    if (current.failures != 0)
        return CONFORM_FAILED;
    return current.skip ? CONFORM_SKIPPED : CONFORM_PASSED;
}
