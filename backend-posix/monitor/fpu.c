/* SPDX-License-Identifier: MIT */
/*
 * The user's FPU state. It is in one of four places: in the thread of the space that ran last (after a gate
 * call), in that space's last signal frame, in `loaded` (after pv_cpu_fpu_restore(), until user code runs), or it
 * is initial. XSAVE images: SDM vol. 1, 13.4; signal frames have the same format (asm/sigcontext.h).
 */
#include "monitor.h"

#define FCW_INITIAL 0x37f
#define MXCSR_INITIAL 0x1f80
#define MXCSR_MASK 0xffff
#define LEGACY_SIZE 576
#define HEADER 512 /* xstate_bv, xcomp_bv, 6 words of 0 */
#define MXCSR_AT 24
#define XSTATE_MASK 0xe7u /* x87, SSE, AVX, AVX-512: not PKRU, not AMX */
#define FPU_MAX sizeof(((struct posix_area *)0)->fpu)

static char loaded[FPU_MAX] __attribute__((aligned(64)));
static bool is_loaded;
static struct space *owner;    /* whose thread or signal frame has the state, if it is not in `loaded` */
static uint64_t gate_controls; /* mxcsr and control word of the last gate call */

static void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(sub));
}

void fpu_init(void)
{
    uint32_t id[4], low, high;
    uint64_t size = LEGACY_SIZE;

    cpuid(1, 0, id);
    if (!(id[2] & (1u << 27)))
        monitor_die("this CPU or host has no XSAVE");
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    ABI->fpu_mask = low & XSTATE_MASK;
    for (unsigned i = 2; i < 8; i++) {
        if (!(ABI->fpu_mask >> i & 1))
            continue;
        cpuid(0xd, i, id);
        if ((uint64_t)id[0] + id[1] > size)
            size = (uint64_t)id[0] + id[1];
    }
    ABI->fpu_size = (size + 63) & ~63UL;
    MONITOR_CHECK(ABI->fpu_size <= FPU_MAX);
}

/* Whether xrstor takes it (SDM vol. 1, 13.8.1 and 13.8.2). */
static bool is_valid(const char *image)
{
    const uint64_t *header = (const uint64_t *)(image + HEADER);

    for (unsigned i = 1; i < 8; i++)
        if (header[i] != 0)
            return false;
    return (header[0] & ~ABI->fpu_mask) == 0 && (*(const uint32_t *)(image + MXCSR_AT) & ~MXCSR_MASK) == 0;
}

/* What came from a space, made into something that xrstor takes: it has state of the host's as well. */
static void sanitize(char *image)
{
    uint64_t *header = (uint64_t *)(image + HEADER);

    *(uint32_t *)(image + MXCSR_AT) &= MXCSR_MASK;
    header[0] &= ABI->fpu_mask;
    for (unsigned i = 1; i < 8; i++)
        header[i] = 0;
}

static void make_initial(char *image, uint64_t controls)
{
    __builtin_memset(image, 0, ABI->fpu_size);
    *(uint16_t *)image = (uint16_t)(controls >> 32);
    *(uint32_t *)(image + MXCSR_AT) = (uint32_t)controls & MXCSR_MASK;
    *(uint64_t *)(image + HEADER) = 3;
}

/* The offset in the area of the image that a signal frame names, made fit for xrstor; 0: it names none. */
static uint32_t image_at(const struct space *space, uint64_t state)
{
    uint64_t first = POSIX_AREA + POSIX_AREA_STACK;

    if (state < first || state > POSIX_AREA + POSIX_AREA_SIZE - ABI->fpu_size || (state & 63) != 0)
        return 0;
    sanitize((char *)AREA(space->slot) + (state - POSIX_AREA));
    return (uint32_t)(state - POSIX_AREA);
}

void fpu_resume_from(struct space *space, uint64_t state)
{
    struct posix_area *area = AREA(space->slot);
    uint32_t offset = image_at(space, state);

    area->fpu_mask = ABI->fpu_mask;
    area->fpu_from = offset != 0 ? POSIX_AREA + offset : 0;
}

void fpu_seen(struct space *space, uint64_t state)
{
    is_loaded = false;
    owner = space;
    space->fpu_from = 0;
    if (state == 0) {
        const struct posix_gate_regs *regs = &AREA(space->slot)->gate;

        gate_controls = regs->mxcsr | (uint64_t)regs->fcw << 32;
        return;
    }
    space->fpu_from = image_at(space, state);
}

/* The state of the last user context, from wherever it is. */
static void collect(char *image)
{
    uint64_t initial = (uint64_t)FCW_INITIAL << 32 | MXCSR_INITIAL;

    if (is_loaded)
        __builtin_memcpy(image, loaded, ABI->fpu_size);
    else if (owner != NULL && owner->alive && owner->fpu_from != 0)
        __builtin_memcpy(image, (char *)AREA(owner->slot) + owner->fpu_from, ABI->fpu_size);
    else
        make_initial(image, owner != NULL && gate_controls != 0 ? gate_controls : initial);
}

void fpu_save(pv_va_t area)
{
    static char image[FPU_MAX] __attribute__((aligned(64)));

    collect(image);
    guest_write(area, image, ABI->fpu_size);
}

bool fpu_restore(pv_va_t area)
{
    static char image[FPU_MAX] __attribute__((aligned(64)));

    if (!guest_read(image, area, ABI->fpu_size) || !is_valid(image))
        return false;
    __builtin_memcpy(loaded, image, ABI->fpu_size);
    is_loaded = true;
    return true;
}

void fpu_resume(struct space *space)
{
    struct posix_area *area = AREA(space->slot);

    /* A kernel that switches spaces without switching the FPU: as on hardware, the registers stay as they are. */
    if (!is_loaded && owner != space) {
        collect(loaded);
        is_loaded = true;
    }
    area->fpu_mask = ABI->fpu_mask;
    if (is_loaded) {
        __builtin_memcpy(area->fpu, loaded, ABI->fpu_size);
        area->fpu_from = POSIX_AREA + POSIX_AREA_FPU;
    } else {
        area->fpu_from = space->fpu_from != 0 ? POSIX_AREA + space->fpu_from : 0;
    }
}
