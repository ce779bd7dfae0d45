/* SPDX-License-Identifier: MIT */
/* Fuzzer of host/control.c and host/crash.c: the input is what a guest writes to the control channel, fed in
 * pieces; whatever it is, the report may hold printable characters only. Built and run by
 * tests/e2e/40-fuzz.sh. */
#include <string.h>

#include "fuzz.h"
#include "host/control.h"
#include "host/crash.h"
#include "host/text.h"

static void check_report(const struct control_dump *dump)
{
    static char names[] = "first\0second";
    static struct symbol table[] = {{0x1000, 0, 0}, {0x2000, 16, 6}};
    const struct symbols symbols = {table, 2, names, 0x3000};
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    text_put_escaped(stream, dump->message, dump->message_length);
    crash_print(stream, dump, &symbols);
    fclose(stream);
    FUZZ_CHECK(size < 64 * 1024);
    for (size_t i = 0; i < size; i++)
        FUZZ_CHECK(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct control whole, pieces;
    size_t step = size > 0 ? data[0] % 16u + 1u : 1;

    control_init(&whole);
    control_init(&pieces);
    control_feed(&whole, (const char *)data, size);
    for (size_t at = 0; at < size; at += step) {
        char *piece = malloc(step);
        size_t length = size - at < step ? size - at : step;
        memcpy(piece, data + at, length);
        control_feed(&pieces, piece, length);
        free(piece);
    }
    FUZZ_CHECK(whole.outcome == pieces.outcome && whole.status == pieces.status && whole.status <= 255);
    FUZZ_CHECK(memcmp(&whole.dump, &pieces.dump, sizeof whole.dump) == 0);
    if (whole.outcome == CONTROL_CRASH)
        check_report(&whole.dump);
    return 0;
}
