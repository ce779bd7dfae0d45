/* SPDX-License-Identifier: MIT */
/*
 * The state that every test starts from. Order matters: first nothing may come in any more, then the address
 * space goes back to the boot root, then what used it may be freed.
 */
#include "conform.h"

static char fpu_area[16384] __attribute__((aligned(64)));

void conform_state_reset(void)
{
    pv_irq_disable();
    pv_time_stop();
    conform_lines_reset();
    conform_traps_reset();
    conform_tables_reset();
    conform_pages_reset();
    for (unsigned vector = PV_VECTOR_GATE_FIRST; vector <= PV_VECTOR_GATE_LAST; vector++)
        pv_trap_gate_set(vector, false);
    pv_cpu_base_set(NULL);
    pv_cpu_user_tls_set(0);
    pv_cpu_fpu_init(fpu_area);
    pv_cpu_fpu_restore(fpu_area);
}
