/* SPDX-License-Identifier: MIT */
/* true: succeeds. The smallest program; stress and the shell's && use it. */
#include "lib.h"

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}
