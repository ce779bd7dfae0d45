/* SPDX-License-Identifier: MIT */
/* Ending: the last line on the control channel says how; pvrun does the rest. */
#include "posix.h"

void lib_power_end(void)
{
    posix_tell(PV_POSIX_CALL_END, 0, 0);
    pv_cpu_park();
}

void pv_power_off(unsigned status)
{
    pv_irq_disable();
    pv_console_flush();
    lib_control_line("exit %u", status & 0xff);
    lib_power_end();
}

void pv_power_reboot(void)
{
    pv_irq_disable();
    pv_console_flush();
    lib_control_line("reboot");
    lib_power_end();
}
