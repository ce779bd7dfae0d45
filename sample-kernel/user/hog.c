/* SPDX-License-Identifier: MIT */
/* hog [MS]: takes the CPU and never gives it back: without an argument it makes no system call at all, so
 * only pre-emption lets others run. With one it ends after that many milliseconds. */
#include "lib.h"

int main(int argc, char **argv)
{
    long limit = number_argument(argc, argv, 1, 0, 1, 1000000) * MS;
    long start = limit ? uptime_ns() : 0;

    do {
        for (volatile unsigned i = 0; i < 100000; i++)
            ;
    } while (!limit || uptime_ns() - start < limit);
    return 0;
}
