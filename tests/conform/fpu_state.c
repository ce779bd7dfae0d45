/* SPDX-License-Identifier: MIT */
/*
 * The user code that loads and stores FPU states, and the comparison. FXSAVE and vector moves are used, not
 * XSAVE, so that what the backend does is checked by other instructions. Instruction and data pointers of the
 * x87 are left out: FXRSTOR and XRSTOR need not keep them (AMD64 manual, vol. 2, 11.4.4.3).
 */
#include "fpu_state.h"

#define IN_VA CONFORM_USER_DATA
#define OUT_VA (CONFORM_USER_DATA + PV_PAGE_SIZE)
#define FLAG_VA (OUT_VA + PV_PAGE_SIZE - 8)

#define WITH_YMM 1
#define WITH_ZMM 2

/* rdi: from, rsi: to, bits of ebp: what there is beyond SSE. The vectors begin 512 bytes behind the image. */
CONFORM_BLOB(fpu_blob,
             "fpu_do_load: call 10f\n  int3\n"
             "fpu_do_store: call 20f\n  int3\n"
             "fpu_do_events: call 10f\n"
             "  int $0x41\n"
             "  syscall\n"
             "  mov (%rbx), %rax\n"
             "1: cmpq $0, (%rdx)\n"
             "  je 1b\n"
             "  call 20f\n"
             "  int3\n"
             "10: fxrstor64 (%rdi)\n"
             "  test $1, %ebp\n"
             "  jz 12f\n"
             ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
             "  vmovdqu 512+64*\\n(%rdi), %ymm\\n\n"
             ".endr\n"
             "  test $2, %ebp\n"
             "  jz 12f\n"
             ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,"
             " 23, 24, 25, 26, 27, 28, 29, 30, 31\n"
             "  vmovdqu64 512+64*\\n(%rdi), %zmm\\n\n"
             ".endr\n"
             "12: ret\n"
             "20: fxsave64 (%rsi)\n"
             "  test $1, %ebp\n"
             "  jz 22f\n"
             ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
             "  vmovdqu %ymm\\n, 512+64*\\n(%rsi)\n"
             ".endr\n"
             "  test $2, %ebp\n"
             "  jz 22f\n"
             ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,"
             " 23, 24, 25, 26, 27, 28, 29, 30, 31\n"
             "  vmovdqu64 %zmm\\n, 512+64*\\n(%rsi)\n"
             ".endr\n"
             "22: ret\n");
extern const char fpu_do_load[], fpu_do_store[], fpu_do_events[];

PV_STATIC_ASSERT(sizeof(struct fpu_image) == 512, "the format of FXSAVE");
PV_STATIC_ASSERT(sizeof(struct fpu_state) <= PV_PAGE_SIZE - 8, "a state and the flag fit into a page");

void fpu_context_make(struct fpu_context *context, unsigned char *area)
{
    conform_user_blob(&context->user, fpu_blob);
    context->in = context->user.data_pa;
    context->out = conform_page();
    context->area = area;
    conform_map(context->user.root, OUT_VA, context->out, CONFORM_USER_RW);
    pv_cpu_fpu_init(area);
}

struct fpu_state *fpu_in(const struct fpu_context *context)
{
    return pv_phys_to_virt(context->in);
}

struct fpu_state *fpu_out(const struct fpu_context *context)
{
    return pv_phys_to_virt(context->out);
}

volatile uint64_t *fpu_flag(const struct fpu_context *context)
{
    return (volatile uint64_t *)pv_phys_to_virt(context->out + PV_PAGE_SIZE - 8);
}

/* Rounding and precision differ, all exceptions stay masked; the low 16 bytes of a vector are its xmm. */
void fpu_random(struct fpu_state *state)
{
    static const uint16_t control[] = {0x037f, 0x027f, 0x0f7f, 0x067f};

    __builtin_memset(state, 0, sizeof *state);
    state->image.fcw = control[conform_random() % 4];
    state->image.fsw = (uint16_t)(conform_random() & 0x7f00);
    state->image.ftw = 0xff;
    state->image.mxcsr = 0x1f80 | (conform_random() & 0xe07f);
    for (unsigned i = 0; i < 8; i++) {
        state->image.st[i].mantissa = conform_random() | 1UL << 63;
        state->image.st[i].exponent = (uint16_t)(conform_random() & 0xbfff);
    }
    for (unsigned i = 0; i < FPU_VECTORS; i++)
        for (unsigned n = 0; n < 8; n++) {
            state->vector[i][n] = conform_random();
            if (i < 16 && n < 2)
                state->image.xmm[i][n] = state->vector[i][n];
        }
}

static unsigned beyond_sse(void)
{
    return (pv_cpu_has(PV_CPU_AVX) ? WITH_YMM : 0) | (pv_cpu_has(PV_CPU_AVX512) ? WITH_ZMM : 0);
}

static void enter(const struct fpu_context *context, const char *label)
{
    struct pv_frame frame;

    __builtin_memset(fpu_out(context), 0xee, sizeof(struct fpu_state));
    pv_mmu_load(context->user.root);
    conform_user_frame(&context->user, &frame, label);
    frame.rdi = IN_VA;
    frame.rsi = OUT_VA;
    frame.rbp = beyond_sse();
    frame.rbx = FPU_FAULT_VA;
    frame.rdx = FLAG_VA;
    conform_user_enter(&frame);
    if (!CHECK_EQ(frame.vector, PV_EXCEPTION_BP)) {
        conform_show_frame("user code of an FPU test ended by", &frame);
        conform_stop();
    }
}

void fpu_user_load(const struct fpu_context *context)
{
    enter(context, fpu_do_load);
}

void fpu_user_store(const struct fpu_context *context)
{
    enter(context, fpu_do_store);
}

void fpu_user_events(const struct fpu_context *context)
{
    enter(context, fpu_do_events);
}

static bool vectors_are(const struct fpu_state *got, const struct fpu_state *state)
{
    unsigned beyond = beyond_sse(), words = beyond & WITH_ZMM ? 8 : 4, count = beyond & WITH_ZMM ? 32 : 16;
    bool same = true;

    for (unsigned i = 0; beyond && i < count; i++)
        for (unsigned n = 0; n < words; n++)
            same = same && CHECK_EQ(got->vector[i][n], state->vector[i][n]);
    return same;
}

bool fpu_is(const struct fpu_context *context, const struct fpu_state *state)
{
    const struct fpu_image *got = &fpu_out(context)->image, *image = &state->image;
    bool same = true;

    same &= CHECK_EQ(got->fcw, image->fcw);
    same &= CHECK_EQ(got->fsw, image->fsw);
    same &= CHECK_EQ(got->ftw, image->ftw);
    same &= CHECK_EQ(got->mxcsr, image->mxcsr);
    for (unsigned i = 0; i < 8; i++) {
        same = same && CHECK_EQ(got->st[i].mantissa, image->st[i].mantissa);
        same = same && CHECK_EQ(got->st[i].exponent, image->st[i].exponent);
    }
    for (unsigned i = 0; i < 16; i++)
        for (unsigned n = 0; n < 2; n++)
            same = same && CHECK_EQ(got->xmm[i][n], image->xmm[i][n]);
    return same && vectors_are(fpu_out(context), state);
}

bool fpu_is_initial(const struct fpu_context *context)
{
    static struct fpu_state initial;

    initial.image.fcw = 0x37f;
    initial.image.mxcsr = 0x1f80;
    return fpu_is(context, &initial);
}
