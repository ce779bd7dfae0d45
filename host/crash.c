/* SPDX-License-Identifier: MIT */
/* The crash report (crash.h). The dump was sent by the guest (control.c) or read out of a stopped QEMU
 * (tools/pvrun/native.c). Names were checked when they were read; only the message may hold anything. */
#include "crash.h"

#include <string.h>

#include "text.h"

#define COLUMNS 4

static void print_registers(FILE *stream, const struct control_dump *dump)
{
    size_t kept = dump->regs < CONTROL_REGISTERS_MAX ? dump->regs : CONTROL_REGISTERS_MAX;
    int width = 3;

    for (size_t i = 0; i < kept; i++)
        if ((int)strlen(dump->reg[i].name) > width)
            width = (int)strlen(dump->reg[i].name);
    for (size_t i = 0; i < kept; i++)
        fprintf(stream, "  %*s %016llx%s", width, dump->reg[i].name, (unsigned long long)dump->reg[i].value,
                i % COLUMNS == COLUMNS - 1 || i + 1 == kept ? "\n" : "");
    if (dump->regs > kept)
        fprintf(stream, "  (%zu registers more)\n", dump->regs - kept);
}

/* A return address (back = 1) may lie behind the last byte of its function: look one byte before it. */
static void print_frame(FILE *stream, const struct symbols *symbols, unsigned number, uint64_t address,
                        unsigned back)
{
    uint64_t offset;
    const char *name = symbols_find(symbols, address - back, &offset);

    fprintf(stream, "  #%-2u 0x%016llx", number, (unsigned long long)address);
    if (name != NULL) {
        putc(' ', stream);
        text_put_escaped(stream, name, strnlen(name, 200));
        fprintf(stream, "+0x%llx", (unsigned long long)(offset + back));
    }
    putc('\n', stream);
}

static const uint64_t *find_register(const struct control_dump *dump, const char *name)
{
    for (size_t i = 0; i < dump->regs && i < CONTROL_REGISTERS_MAX; i++)
        if (strcmp(dump->reg[i].name, name) == 0)
            return &dump->reg[i].value;
    return NULL;
}

/* A kernel that called pv_power_crash was not interrupted: its rip is a return address, and flags it has none
 * (bit 1 is always set in real ones, SDM 1, 3.4.3). */
static bool was_called(const struct control_dump *dump)
{
    const uint64_t *rflags = find_register(dump, "rflags");

    return rflags != NULL && (*rflags & 2) == 0;
}

static void print_backtrace(FILE *stream, const struct control_dump *dump, const struct symbols *symbols)
{
    size_t kept = dump->frames < CONTROL_FRAMES_MAX ? dump->frames : CONTROL_FRAMES_MAX;
    const uint64_t *rip = find_register(dump, "rip");
    unsigned number = 0;
    size_t first = 0;

    if (rip == NULL && kept == 0)
        return;
    fputs("  backtrace:\n", stream);
    if (rip != NULL)
        print_frame(stream, symbols, number++, *rip, was_called(dump));
    if (rip != NULL && kept > 0 && dump->frame[0] == *rip)
        first = 1; /* the guest counts rip as its innermost frame */
    for (size_t i = first; i < kept; i++)
        print_frame(stream, symbols, number++, dump->frame[i], 1);
    if (dump->frames > kept)
        fprintf(stream, "  (%zu frames more)\n", dump->frames - kept);
}

static void print_traces(FILE *stream, const struct control_dump *dump)
{
    size_t first = dump->traces > CONTROL_TRACES_MAX ? dump->traces - CONTROL_TRACES_MAX : 0;

    if (dump->traces == 0)
        return;
    fputs("  trace events, oldest first:\n", stream);
    if (first > 0)
        fprintf(stream, "  (%zu older ones dropped)\n", first);
    for (size_t i = first; i < dump->traces; i++) {
        const struct control_trace *trace = &dump->trace[i % CONTROL_TRACES_MAX];
        fprintf(stream, "  %10llu.%09llu  ", (unsigned long long)(trace->time / 1000000000),
                (unsigned long long)(trace->time % 1000000000));
        text_put_escaped(stream, trace->name, strlen(trace->name));
        fprintf(stream, "  %llx %llx\n", (unsigned long long)trace->a, (unsigned long long)trace->b);
    }
}

void crash_print(FILE *stream, const struct control_dump *dump, const struct symbols *symbols)
{
    print_registers(stream, dump);
    print_backtrace(stream, dump, symbols);
    print_traces(stream, dump);
    fflush(stream);
}
