/* SPDX-License-Identifier: MIT */
/*
 * The kernel that user-*.c attack: runs the tests of their tables like the conformance suite's main.c (TAP,
 * status 0 if none failed), with a victim and a secret. conform.only=, conform.n= and conform.seed= work as
 * there. With attack.stay user code spins at the end for ever, so that the host can look at the processes.
 */
#include "attack.h"

extern const struct conform_test attack_call_tests[], attack_jump_tests[], attack_forge_tests[],
    attack_state_tests[], attack_read_tests[], attack_exhaust_tests[];

static const struct conform_test *const tables[] = {
    attack_call_tests,  attack_jump_tests, attack_forge_tests,
    attack_state_tests, attack_read_tests, attack_exhaust_tests,
};

#define TABLES (sizeof tables / sizeof tables[0])
#define SECRET_WORDS 8

struct conform_user attack_user;

static struct conform_user victim;
static struct pv_frame victim_frame;
static uint64_t secret[SECRET_WORDS], secret_sum, victim_sum, patience;

/* Sums up its page and tells it, for ever. */
CONFORM_BLOB(victim, "victim_entry: xor %eax, %eax\n"
                     "mov $0x600000, %esi\n"
                     "mov $512, %ecx\n"
                     "1: rol %rax\n"
                     "add (%rsi), %rax\n"
                     "add $8, %rsi\n"
                     "dec %ecx\n"
                     "jnz 1b\n"
                     "syscall\n"
                     "jmp victim_entry");
extern const char victim_entry[];

static uint64_t sum_of(const uint64_t *words, unsigned count)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < count; i++)
        sum = (sum << 1 | sum >> 63) + words[i];
    return sum;
}

bool attack_is_secret(uint64_t word)
{
    for (unsigned i = 0; i < SECRET_WORDS; i++)
        if (word == secret[i])
            return true;
    return false;
}

static void victim_runs(void)
{
    pv_mmu_load(victim.root);
    conform_enter(&victim_frame);
    CHECK_EQ(victim_frame.vector, PV_VECTOR_SYSCALL);
    CHECK_EQ(victim_frame.rax, victim_sum);
    CHECK_EQ(victim_frame.r15, 0x1234567887654321);
}

void attack_begin(const char *start, const char *end)
{
    uint64_t *data;

    for (unsigned i = 0; i < SECRET_WORDS; i++)
        secret[i] = conform_random();
    secret_sum = sum_of(secret, SECRET_WORDS);
    conform_user_blob(&victim, victim);
    data = conform_user_data(&victim);
    for (unsigned i = 0; i < 512; i++)
        data[i] = conform_random();
    victim_sum = sum_of(data, 512);
    conform_user_frame(&victim, &victim_frame, victim_entry);
    victim_frame.r15 = 0x1234567887654321;
    victim_runs();
    attack_patience(3 * PV_NS_PER_MS);
    conform_user_make(&attack_user, start, end);
}

void attack_end(void)
{
    pv_time_stop();
    victim_runs();
    CHECK_EQ(sum_of(conform_user_data(&victim), 512), victim_sum);
    CHECK_EQ(sum_of(secret, SECRET_WORDS), secret_sum);
}

void attack_patience(uint64_t ns)
{
    patience = ns;
}

void attack_frame(struct pv_frame *frame, const char *label)
{
    conform_user_frame(&attack_user, frame, label);
}

uint64_t attack_run(struct pv_frame *frame)
{
    pv_time_oneshot(pv_time_now() + patience);
    conform_enter(frame);
    /* In good order: what user code can raise, and a frame of user mode. */
    if (!pv_frame_from_user(frame) || frame->cs != PV_SELECTOR_USER_CODE ||
        frame->ss != PV_SELECTOR_USER_DATA || !(frame->rflags & PV_RFLAGS_IF) ||
        (frame->rflags & PV_RFLAGS_IOPL) != 0)
        return 0;
    if (frame->vector == PV_VECTOR_SYSCALL)
        return ON_SYSCALL;
    if (frame->vector == PV_VECTOR_TIMER)
        return ON_TIMER;
    return frame->vector <= PV_EXCEPTION_XM ? ON(frame->vector) : 0;
}

bool attack_gives(struct pv_frame *frame, uint64_t set, const char *file, int line)
{
    uint64_t rip = frame->rip, on;
    bool good;

    /* The timer may come before the first instruction, on a busy host again and again. */
    for (unsigned turns = set & ON_TIMER ? 3 : 300; turns > 0; turns--) {
        on = attack_run(frame);
        if (on != ON_TIMER || ((set & ON_TIMER) && frame->rip != rip))
            break;
    }
    good = (on & set) != 0;
    if (!conform_check(good, file, line, "the expected outcome"))
        conform_show_frame("the outcome:", frame);
    return good;
}

static unsigned number, failed;

static unsigned count(void)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < TABLES; i++)
        for (const struct conform_test *test = tables[i]; test->name; test++)
            sum += conform_selected(test->name);
    return sum;
}

static void run(const struct conform_test *test)
{
    const char *reason = NULL;
    enum conform_verdict verdict = conform_run(test, &reason);

    failed += verdict == CONFORM_FAILED;
    conform_puts(verdict == CONFORM_FAILED ? "not ok " : "ok ");
    conform_put_decimal(++number);
    conform_puts(" - ");
    conform_puts(test->name);
    if (verdict == CONFORM_SKIPPED) {
        conform_puts(" # SKIP ");
        conform_puts(reason);
    }
    conform_puts("\n");
    conform_flush();
}

/* A test, since what it uses is for tests. */
static void stay(void)
{
    ATTACK_BEGIN(victim);
    for (;;)
        victim_runs();
}

static const struct conform_test staying = CONFORM_TEST(stay);

void pv_kernel_main(const struct pv_boot_info *info)
{
    char text[2];

    conform_options_init(info);
    conform_traps_init();
    conform_state_reset();
    conform_puts("1..");
    conform_put_decimal(count());
    conform_puts("\n");
    for (unsigned i = 0; i < TABLES; i++)
        for (const struct conform_test *test = tables[i]; test->name; test++)
            if (conform_selected(test->name))
                run(test);
    if (pv_boot_option(info, "attack.stay", text, sizeof text) >= 0)
        run(&staying);
    pv_power_off(failed != 0);
}
