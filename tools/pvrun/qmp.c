/* SPDX-License-Identifier: MIT */
/* QEMU's monitor protocol, as much as pvrun needs (qmp.h): one JSON object per line, qemu/docs/interop/
 * qmp-spec.txt. Instead of a JSON parser it looks for the few strings that QEMU sends: every request carries
 * an id that comes back with its reply. QEMU is started with -S, so that no event can come before we listen.
 * Fed by native.c. */
#include "qmp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/text.h"

#define FRAMES_MAX 32

void qmp_init(struct qmp *qmp)
{
    memset(qmp, 0, offsetof(struct qmp, line));
}

static void send_text(struct qmp *qmp, const char *text)
{
    size_t length = strlen(text);

    if (length > sizeof qmp->out - qmp->out_length)
        return; /* QEMU does not read: the deadline ends this */
    memcpy(qmp->out + qmp->out_length, text, length);
    qmp->out_length += length;
}

static void send_human(struct qmp *qmp, const char *id, const char *command)
{
    char text[200];

    snprintf(
        text, sizeof text,
        "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"%s\"},\"id\":\"%s\"}\n",
        command, id);
    send_text(qmp, text);
}

void qmp_ask_registers(struct qmp *qmp, struct control_dump *dump)
{
    qmp->asked = true;
    qmp->dump = dump;
    send_text(qmp, "{\"execute\":\"stop\"}\n");
    send_human(qmp, "registers", "info registers");
}

/* The value behind "NAME=" or "NAME =" in QEMU's table; NAME must start a word. */
static bool find_value(const char *text, const char *name, uint64_t *value)
{
    size_t length = strlen(name);

    for (const char *at = strstr(text, name); at != NULL; at = strstr(at + 1, name)) {
        const char *digits = at + length;
        if (at > text && at[-1] != ' ' && at[-1] != '\n')
            continue;
        digits += *digits == ' ';
        if (*digits++ != '=')
            continue;
        return text_parse_hex(digits, strspn(digits, "0123456789abcdef"), value);
    }
    return false;
}

void qmp_parse_registers(struct control_dump *dump, const char *text)
{
    static const struct {
        const char *shown, *wide, *narrow; /* narrow: as QEMU prints it while the CPU is not in 64-bit mode */
    } names[] = {
        {"rip", "RIP", "EIP"},    {"rsp", "RSP", "ESP"}, {"rbp", "RBP", "EBP"}, {"rflags", "RFL", "EFL"},
        {"rax", "RAX", "EAX"},    {"rbx", "RBX", "EBX"}, {"rcx", "RCX", "ECX"}, {"rdx", "RDX", "EDX"},
        {"rsi", "RSI", "ESI"},    {"rdi", "RDI", "EDI"}, {"r8", "R8", "R8"},    {"r9", "R9", "R9"},
        {"r10", "R10", "R10"},    {"r11", "R11", "R11"}, {"r12", "R12", "R12"}, {"r13", "R13", "R13"},
        {"r14", "R14", "R14"},    {"r15", "R15", "R15"}, {"cs", "CS", "CS"},    {"ss", "SS", "SS"},
        {"cr0", "CR0", "CR0"},    {"cr2", "CR2", "CR2"}, {"cr3", "CR3", "CR3"}, {"cr4", "CR4", "CR4"},
        {"efer", "EFER", "EFER"},
    };
    uint64_t value;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (find_value(text, names[i].wide, &value) || find_value(text, names[i].narrow, &value))
            control_add_register(dump, names[i].shown, strlen(names[i].shown), value);
}

/* Undo JSON's escapes of control characters, as far as QEMU uses them in such text, in place. */
static void unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (from[0] == '\\' && from[1] != '\0') {
            from++;
            *to++ = *from == 'n' ? '\n' : ' ';
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

/* Two words at the frame pointer: the caller's frame pointer and the return address. */
static void ask_frame(struct qmp *qmp)
{
    char command[64];

    if (qmp->frame == 0 || qmp->frame % 8 != 0 || qmp->frames >= FRAMES_MAX) {
        qmp->answered = true;
        return;
    }
    snprintf(command, sizeof command, "x /2gx 0x%" PRIx64, qmp->frame);
    send_human(qmp, "frame", command);
}

static void take_frame(struct qmp *qmp, char *text)
{
    uint64_t next, address;
    char *value = strstr(text, ": 0x");
    size_t digits;

    qmp->answered = true;
    if (value == NULL)
        return;
    value += 4;
    digits = strspn(value, "0123456789abcdef");
    if (!text_parse_hex(value, digits, &next) || strncmp(value + digits, " 0x", 3) != 0)
        return;
    value += digits + 3;
    if (!text_parse_hex(value, strspn(value, "0123456789abcdef"), &address) || address == 0)
        return;
    control_add_frame(qmp->dump, address);
    qmp->frames++;
    if (next <= qmp->frame)
        return; /* stacks grow down: anything else is no chain of frames */
    qmp->frame = next;
    qmp->answered = false;
    ask_frame(qmp);
}

static void take_registers(struct qmp *qmp, char *text)
{
    bool wide;

    unescape(text);
    wide = strstr(text, "RBP=") != NULL;
    qmp_parse_registers(qmp->dump, text);
    if (!wide || !find_value(text, "RBP", &qmp->frame))
        qmp->frame = 0;
    ask_frame(qmp);
}

static bool has_id(const char *line, const char *id)
{
    char text[40];

    snprintf(text, sizeof text, "\"id\": \"%s\"", id);
    return strstr(line, text) != NULL;
}

static void take_line(struct qmp *qmp, char *line)
{
    if (strncmp(line, "{\"QMP\":", 7) == 0) {
        send_text(qmp, "{\"execute\":\"qmp_capabilities\",\"id\":\"ready\"}\n");
    } else if (strstr(line, "\"event\": \"SHUTDOWN\"") != NULL) {
        qmp->stopped = strstr(line, "\"guest\": true") != NULL; /* else somebody ends QEMU from outside */
        qmp->reset = strstr(line, "\"reason\": \"guest-reset\"") != NULL;
    } else if (strstr(line, "\"event\": ") != NULL) {
        return;
    } else if (has_id(line, "ready") && !qmp->started) {
        /* Commands are served once the machine is complete. A guest may end QEMU before cont is answered. */
        qmp->started = true;
        send_text(qmp, "{\"execute\":\"cont\"}\n");
    } else if (qmp->asked && !qmp->answered && has_id(line, "registers")) {
        take_registers(qmp, line);
    } else if (qmp->asked && !qmp->answered && has_id(line, "frame")) {
        take_frame(qmp, line);
    }
}

void qmp_feed(struct qmp *qmp, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            qmp->line[qmp->length] = '\0';
            if (!qmp->overlong)
                take_line(qmp, qmp->line);
            qmp->length = 0;
            qmp->overlong = false;
        } else if (qmp->length < sizeof qmp->line - 1) {
            qmp->line[qmp->length++] = bytes[i];
        } else {
            qmp->overlong = true;
        }
    }
}
