/* SPDX-License-Identifier: MIT */
/*
 * How the mmu and user tests touch memory: kernel accesses are plain loads, stores and calls under
 * conform_catch(); user accesses are one instruction followed by int3, in a page of user code. Only the frame
 * and the fault address that come back are looked at.
 */
#include "access.h"

CONFORM_BLOB(access_blob, "access_read: mov (%rdi), %rax\n"
                          "access_read_end: int3\n"
                          "access_write: mov %rsi, (%rdi)\n"
                          "access_write_end: int3\n"
                          "access_fetch: jmp *%rdi\n");
extern const char access_read[], access_write[], access_fetch[];

struct pv_frame access_frame;

static struct conform_user user;
static unsigned spurious;

struct order {
    pv_va_t va;
    uint64_t access;
    uint64_t value;
};

pv_pa_t access_user_init(void)
{
    conform_user_blob(&user, access_blob);
    spurious = 0;
    return user.root;
}

void access_user_share(pv_pa_t root)
{
    pv_pte_set(root, CONFORM_USER_CODE, conform_walk(root, CONFORM_USER_CODE, 4),
               pv_pte_get(conform_walk(user.root, CONFORM_USER_CODE, 4)));
}

static void kernel_access(void *arg)
{
    struct order *order = arg;

    if (order->access & PV_PF_I)
        ((void (*)(void))order->va)();
    else if (order->access & PV_PF_W)
        *(volatile uint64_t *)order->va = order->value;
    else
        order->value = *(volatile uint64_t *)order->va;
}

static void user_access(struct order *order)
{
    const char *label = order->access & PV_PF_W ? access_write : access_read;

    conform_user_frame(&user, &access_frame, order->access & PV_PF_I ? access_fetch : label);
    access_frame.rdi = order->va;
    access_frame.rsi = order->value;
    conform_user_enter(&access_frame);
    if (!(order->access & (PV_PF_W | PV_PF_I)))
        order->value = access_frame.rax;
}

/* Whether the int3 behind the access was reached. */
static bool went_through(const struct order *order)
{
    pv_va_t end = order->va;

    if ((order->access & PV_PF_U) && !(order->access & PV_PF_I))
        end = conform_user_va(&user, order->access & PV_PF_W ? access_write : access_read) + 3;
    return access_frame.vector == PV_EXCEPTION_BP && access_frame.rip == end + 1;
}

bool access_try(pv_va_t va, uint64_t access, uint64_t *value)
{
    struct order order = {va, access, *value};
    bool ok;

    if (access & PV_PF_U) {
        user_access(&order);
        ok = went_through(&order);
    } else {
        ok = !conform_catch(kernel_access, &order, &access_frame) || went_through(&order);
    }
    *value = order.value;
    return ok;
}

static void explain(pv_va_t va, uint64_t access)
{
    conform_puts("#   by ");
    conform_puts(access & PV_PF_U ? "user " : "kernel ");
    conform_puts(access & PV_PF_I ? "fetch at " : access & PV_PF_W ? "write at " : "read at ");
    conform_put_hex(va);
    conform_puts("\n");
}

/* It has to have gone through; otherwise what came is shown as "vector error". */
static bool through(bool ok, pv_va_t va, uint64_t access, const char *file, int line)
{
    if (ok)
        return true;
    conform_check_eq(access_frame.vector << 32 | access_frame.error, 0, file, line, "vector and error",
                     "no trap");
    explain(va, access);
    return false;
}

bool access_reads(pv_va_t va, uint64_t access, uint64_t value, const char *file, int line)
{
    uint64_t got = 0;

    if (!through(access_try(va, access, &got), va, access, file, line))
        return false;
    if (conform_check_eq(got, value, file, line, "what was read", "what is there"))
        return true;
    explain(va, access);
    return false;
}

bool access_writes(pv_va_t va, uint64_t access, uint64_t value, const char *file, int line)
{
    return through(access_try(va, access | PV_PF_W, &value), va, access | PV_PF_W, file, line);
}

/* A write puts a tag there, so that the page can be fetched from afterwards. */
bool access_works(pv_va_t va, uint64_t access, const char *file, int line)
{
    uint64_t value = ACCESS_TAG(va);

    return through(access_try(va, access, &value), va, access, file, line);
}

/* The saved rip of a fault is that of the instruction: SDM vol. 3, 6.5. */
static pv_va_t instruction(pv_va_t va, uint64_t access)
{
    if (access & PV_PF_I)
        return va;
    return conform_user_va(&user, access & PV_PF_W ? access_write : access_read);
}

bool access_faults(pv_va_t va, uint64_t access, uint64_t error, pv_va_t address, const char *file, int line)
{
    uint64_t value = ACCESS_TAG(va);
    bool ok = conform_check(!access_try(va, access, &value), file, line, "the access faults");

    if (ok) {
        ok &= conform_check_eq(access_frame.vector, PV_EXCEPTION_PF, file, line, "vector", "page fault");
        ok &= conform_check_eq(access_frame.error, error, file, line, "error", "expected");
        ok &= conform_check_eq(conform_entry.address, address, file, line, "fault address", "expected");
        ok &= conform_check_eq(pv_frame_from_user(&access_frame), !!(access & PV_PF_U), file, line,
                               "user frame", "user access");
        if (access & (PV_PF_U | PV_PF_I))
            ok &= conform_check_eq(access_frame.rip, instruction(va, access), file, line, "rip",
                                   "the instruction");
    }
    if (!ok)
        explain(va, access);
    return ok;
}

bool access_faults_reserved(pv_va_t va, uint64_t access, const char *file, int line)
{
    uint64_t value = 0, error = PV_PF_R | access;

    /* Tried first, then again by the exact check; only P may be missing, and is then left out. */
    if (!access_try(va, access, &value) && access_frame.error == error)
        return access_faults(va, access, error, va, file, line);
    return access_faults(va, access, error | PV_PF_P, va, file, line);
}

static pv_pte_t read_entry(void *context, pv_pa_t pa)
{
    (void)context;
    return pv_pte_get(pv_phys_to_virt(pa));
}

struct walk access_walk(pv_pa_t root, pv_va_t va, uint64_t access)
{
    /* Nothing in the tests sets address bits outside RAM, so the width does not matter. */
    struct walk_machine machine = {read_entry, NULL, 52, (conform_info->features & PV_FEATURE_PAGE_1G) != 0};

    return walk_tables(&machine, root, va, access);
}

bool access_as_tables(pv_va_t va, uint64_t access, const char *file, int line)
{
    struct walk walk = access_walk(pv_mmu_root(), va, access);

    if (walk.fault)
        return access_faults(va, access, walk.error, va, file, line);
    return access_works(va, access, file, line);
}

pv_pa_t access_page(uint64_t tag)
{
    pv_pa_t pa = conform_page();

    *access_word(pa) = tag;
    return pa;
}

volatile uint64_t *access_word(pv_pa_t pa)
{
    return pv_phys_to_virt(pa);
}

bool access_spurious(struct pv_frame *frame)
{
    uint64_t access = frame->error & (PV_PF_W | PV_PF_U | PV_PF_I);

    if (frame->vector != PV_EXCEPTION_PF || access_walk(pv_mmu_root(), conform_entry.address, access).fault)
        return false;
    return ++spurious < 1000;
}

unsigned access_spurious_count(void)
{
    unsigned count = spurious;

    spurious = 0;
    return count;
}
