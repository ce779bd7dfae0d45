/* SPDX-License-Identifier: MIT */
/* sleep MS: does nothing for so many milliseconds, and fails if the clock says that it was shorter. */
#include "lib.h"

int main(int argc, char **argv)
{
    long ns = number_argument(argc, argv, 1, 0, 0, 1000000000) * MS;
    long start = uptime_ns();
    int result = sleep_ns(ns);

    if (result < 0)
        die("sleep: %s\n", error_text(result));
    if (uptime_ns() - start < ns)
        die("sleep: woken too early\n");
    return 0;
}
