/* SPDX-License-Identifier: MIT */
/* The control-line reader (control.h). Lines are split at single blanks; a line that does not have exactly
 * the words and numbers that pvops/abi/control.h gives for it is ignored, as an unknown one is: the guest may
 * be newer than we are, or broken, or hostile. Fed by tools/pvrun/run.c; crash.c prints the dump. */
#include "control.h"

#include <string.h>

#include "text.h"

struct word {
    const char *text;
    size_t length;
};

#define WORDS_MAX 3

void control_init(struct control *control)
{
    memset(control, 0, sizeof *control);
}

static bool word_is(const struct word *word, const char *text)
{
    return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

static bool word_hex(const struct word *word, uint64_t *value)
{
    return text_parse_hex(word->text, word->length, value);
}

/* Names are identifiers, so that they cannot garble the report. */
static bool word_name(const struct word *word)
{
    if (word->length == 0 || word->length >= CONTROL_NAME_MAX)
        return false;
    for (size_t i = 0; i < word->length; i++) {
        char c = word->text[i];
        if (c <= ' ' || c > '~')
            return false;
    }
    return true;
}

static size_t split(const char *line, size_t length, struct word words[WORDS_MAX])
{
    size_t count = 0, start = 0;

    for (size_t i = 0; i <= length; i++) {
        if (i < length && line[i] != ' ')
            continue;
        if (count == WORDS_MAX)
            return WORDS_MAX + 1;
        words[count++] = (struct word){line + start, i - start};
        start = i + 1;
    }
    return count;
}

static void set_name(char *to, const char *from, size_t length)
{
    memcpy(to, from, length);
    to[length] = '\0';
}

void control_add_register(struct control_dump *dump, const char *name, size_t length, uint64_t value)
{
    struct control_register *reg;

    if (length >= CONTROL_NAME_MAX)
        return;
    if (dump->regs++ >= CONTROL_REGISTERS_MAX)
        return;
    reg = &dump->reg[dump->regs - 1];
    set_name(reg->name, name, length);
    reg->value = value;
}

void control_add_frame(struct control_dump *dump, uint64_t address)
{
    if (dump->frames++ < CONTROL_FRAMES_MAX)
        dump->frame[dump->frames - 1] = address;
}

static void start_dump(struct control *control, const char *text, size_t length)
{
    struct control_dump *dump = &control->dump;

    memcpy(dump->message, text, length);
    dump->message_length = length;
    dump->regs = dump->frames = dump->traces = 0;
    dump->complete = false;
    control->outcome = CONTROL_CRASH;
}

/* The word in front of `end`, which is moved to the blank before it. False: there is no such blank. */
static bool last_word(const char *line, size_t *end, struct word *word)
{
    size_t start = *end;

    while (start > 0 && line[start - 1] != ' ')
        start--;
    if (start == 0)
        return false;
    *word = (struct word){line + start, *end - start};
    *end = start - 1;
    return true;
}

/* "trace TIME NAME A B": the name is a string of the kernel's and may hold blanks, so take it last. */
static void add_trace(struct control_dump *dump, const char *line, size_t length)
{
    struct control_trace trace = {.name = ""};
    size_t end = length, start = strlen("trace ");
    const char *blank;
    struct word a, b, time;

    if (!last_word(line, &end, &b) || !last_word(line, &end, &a) || end <= start)
        return;
    blank = memchr(line + start, ' ', end - start);
    if (blank == NULL)
        return;
    time = (struct word){line + start, (size_t)(blank - (line + start))};
    start += time.length + 1;
    if (start >= end || !word_hex(&time, &trace.time) || !word_hex(&a, &trace.a) || !word_hex(&b, &trace.b))
        return;
    length = end - start < sizeof trace.name ? end - start : sizeof trace.name - 1;
    set_name(trace.name, line + start, length);
    dump->trace[dump->traces++ % CONTROL_TRACES_MAX] = trace;
}

/* The lines between "crash" and "end". */
static void take_dump_line(struct control_dump *dump, const char *line, size_t length)
{
    struct word words[WORDS_MAX];
    size_t count = split(line, length, words);
    uint64_t value;

    if (length > 6 && memcmp(line, "trace ", 6) == 0)
        add_trace(dump, line, length);
    else if (count == 1 && word_is(&words[0], "end"))
        dump->complete = true;
    else if (count == 2 && word_is(&words[0], "frame") && word_hex(&words[1], &value))
        control_add_frame(dump, value);
    else if (count == 3 && word_is(&words[0], "reg") && word_name(&words[1]) && word_hex(&words[2], &value))
        control_add_register(dump, words[1].text, words[1].length, value);
}

static void take_line(struct control *control, const char *line, size_t length)
{
    struct word words[WORDS_MAX];
    size_t count;
    uint64_t value;

    if (length >= 6 && memcmp(line, "crash ", 6) == 0) {
        start_dump(control, line + 6, length - 6);
        return;
    }
    if (length >= 5 && memcmp(line, "host ", 5) == 0) {
        start_dump(control, line + 5, length - 5);
        control->outcome = CONTROL_HOST;
        return;
    }
    count = split(line, length, words);
    if (count == 2 && word_is(&words[0], "exit")) {
        if (text_parse_decimal(words[1].text, words[1].length, &value) && value <= 255) {
            control->outcome = CONTROL_EXIT;
            control->status = (unsigned)value;
        }
    } else if (count == 1 && word_is(&words[0], "reboot")) {
        control->outcome = CONTROL_REBOOT;
    } else if (count == 1 && word_is(&words[0], "crash")) {
        start_dump(control, "", 0);
    } else if (control->outcome == CONTROL_CRASH && !control->dump.complete) {
        take_dump_line(&control->dump, line, length);
    }
}

void control_feed(struct control *control, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            if (!control->overlong)
                take_line(control, control->line, control->length);
            control->length = 0;
            control->overlong = false;
        } else if (control->length < sizeof control->line) {
            control->line[control->length++] = bytes[i];
        } else {
            control->overlong = true;
        }
    }
}
