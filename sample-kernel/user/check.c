/* SPDX-License-Identifier: MIT */
/* Results of the test programs: one line each, counted, and a sum that becomes the program's status. Lines
 * are written whole, so that processes that check at the same time do not mix within a line. */
#include "lib.h"

static int checks, failures;

void check(bool good, const char *format, ...)
{
    char text[160];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    printf("  %s  %s\n", good ? "ok  " : "FAIL", text);
    checks++;
    failures += !good;
}

void check_child(int (*function)(void *), void *argument, int expected, const char *what)
{
    int status = wait_for(start_child(function, argument));

    if (status == expected)
        check(true, "%s", what);
    else
        check(false, "%s: status 0x%x instead of 0x%x", what, (unsigned)status, (unsigned)expected);
}

int check_done(const char *name)
{
    printf("%s: %d checks, %d failed\n", name, checks, failures);
    return failures != 0;
}
