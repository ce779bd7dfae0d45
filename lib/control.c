/* SPDX-License-Identifier: MIT */
/* Lines to pvrun, as pvops/abi/control.h describes them. */
#include <pvops/abi/control.h>

#include "lib.h"

void lib_control_line(const char *format, ...)
{
    char line[PV_CONTROL_LINE_MAX];
    va_list args;
    size_t length;

    if (!lib_control_present())
        return;
    va_start(args, format);
    length = lib_vformat(line, sizeof line - 1, format, args);
    va_end(args);
    line[length++] = '\n';
    lib_control_write(line, length);
}
