/* SPDX-License-Identifier: MIT */
/* false: fails. The other half of true, for the shell's || and for statuses that must come through. */
#include "lib.h"

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 1;
}
