/* SPDX-License-Identifier: MIT */
/* uptime: time since boot, to the nanosecond. Two runs on a deterministic machine print the same. */
#include "lib.h"

int main(int argc, char **argv)
{
    long now = uptime_ns();

    (void)argc;
    (void)argv;
    printf("%ld.%09ld s\n", now / (1000 * MS), now % (1000 * MS));
    return 0;
}
