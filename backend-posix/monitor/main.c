/* SPDX-License-Identifier: MIT */
/*
 * The monitor's start: pvrun has executed it with the descriptors and arguments of launch.h. Maps the guest's
 * RAM in its places, gets hold of the signals, and jumps to the guest. Read next: signals.c, calls.c, run.c.
 */
#include <sys/mman.h>
#include <sys/prctl.h>

#include "launch.h"
#include "monitor.h"
#include "pin.h"
#include "raw.h"

#define AT_NULL 0
#define AT_HWCAP2 26
#define AT_SYSINFO_EHDR 33
#define HWCAP2_FSGSBASE 2

void monitor_main(const uint64_t *stack);

static uint64_t hex(const char **text)
{
    uint64_t value = 0;

    for (;; (*text)++) {
        char c = **text;

        if (c >= '0' && c <= '9')
            value = value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        else
            return value;
    }
}

static void map_shared(uint64_t at, uint64_t size, int prot, int fd, uint64_t offset)
{
    long result = raw(__NR_mmap, at, size, prot, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, offset);

    if (result != (long)at)
        monitor_die("the host does not map guest memory where it has to be (address space limit?)");
}

/* "VA:SIZE:PROT" */
static void map_segment(const char *text)
{
    uint64_t va = hex(&text), size, prot;

    MONITOR_CHECK(*text++ == ':');
    size = hex(&text);
    MONITOR_CHECK(*text++ == ':');
    prot = hex(&text);
    map_shared(va, size, (int)prot, POSIX_FD_RAM, va - PV_POSIX_KERNEL);
}

static void map_guest(void)
{
    uint64_t size = ABI->memory_size;

    map_shared(PV_POSIX_ALIAS, size, PROT_READ | PROT_WRITE, POSIX_FD_RAM, 0);
    map_shared(PV_POSIX_DIRECT, size, PROT_READ | PROT_WRITE, POSIX_FD_RAM, 0);
    map_shared(PV_POSIX_SHARED, (uint64_t)POSIX_SPACES_MAX * POSIX_AREA_SIZE, PROT_READ | PROT_WRITE, POSIX_FD_SHARED, 0);
    raw(__NR_madvise, PV_POSIX_ALIAS, size, MADV_HUGEPAGE);
}

static uint64_t auxiliary(const uint64_t *auxv, uint64_t type)
{
    for (; auxv[0] != AT_NULL; auxv += 2)
        if (auxv[0] == type)
            return auxv[1];
    return 0;
}

void monitor_main(const uint64_t *stack)
{
    uint64_t count = stack[0];
    const char *const *args = (const char *const *)(stack + 1);
    const uint64_t *auxv = stack + 1 + count + 1;
    const char *entry = args[count - 1];

    while (*auxv++ != 0) /* the environment */
        ;
    raw(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL);
    pin_where_needed();
    map_shared(PV_POSIX_ABI, PV_PAGE_SIZE, PROT_READ | PROT_WRITE, POSIX_FD_ABI, 0);
    ABI->version = PV_POSIX_ABI_VERSION;
    ABI->call = (uint64_t)monitor_call_entry;
    ABI->fsgsbase = (auxiliary(auxv, AT_HWCAP2) & HWCAP2_FSGSBASE) != 0;
    map_guest();
    for (uint64_t i = 1; i + 1 < count; i++)
        map_segment(args[i]);
    fpu_init();
    clock_init(auxiliary(auxv, AT_SYSINFO_EHDR));
    signals_init();
    console_init();
    spaces_init();
    filter_vcpu();
    monitor_start_guest(hex(&entry));
}
