/* SPDX-License-Identifier: MIT */
/* kill PID...: ends processes. */
#include "lib.h"

int main(int argc, char **argv)
{
    int bad = 0;

    if (argc < 2)
        die("usage: kill PID...\n");
    for (int i = 1; i < argc; i++) {
        long pid = number_argument(argc, argv, i, 0, 1, 0x7fffffff);
        int result = kill((int)pid);

        if (result < 0) {
            dprintf(2, "kill: %ld: %s\n", pid, error_text(result));
            bad = 1;
        }
    }
    return bad;
}
