/* SPDX-License-Identifier: MIT */
/* shutdown [STATUS]: powers the machine off, now. */
#include "lib.h"

int main(int argc, char **argv)
{
    int result = shutdown((int)number_argument(argc, argv, 1, 0, 0, 255));

    die("shutdown: %s\n", error_text(result));
}
