/* SPDX-License-Identifier: MIT */
/* Fuzzer of tools/pvrun/qmp.c: the input is what QEMU's monitor sends. QEMU is trusted not to attack us, but
 * another version of it may say anything. Built and run by tests/e2e/40-fuzz.sh. */
#include <string.h>

#include "fuzz.h"
#include "tools/pvrun/qmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qmp qmp;
    static struct control_dump dump;
    char *copy = malloc(size + (size == 0));

    memcpy(copy, data, size);
    memset(&dump, 0, sizeof dump);
    qmp_init(&qmp);
    if (size > 0 && copy[0] != 'n')
        qmp_ask_registers(&qmp, &dump);
    qmp_feed(&qmp, copy, size);
    FUZZ_CHECK(qmp.out_length <= sizeof qmp.out && qmp.length < sizeof qmp.line);
    FUZZ_CHECK(qmp.asked || dump.regs == 0);
    FUZZ_CHECK(dump.frames <= 64);
    free(copy);
    return 0;
}
