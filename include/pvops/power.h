/* SPDX-License-Identifier: MIT */
/** @file
 * @defgroup power Power
 * The ways in which a guest ends.
 * @{
 */
#ifndef PVOPS_POWER_H
#define PVOPS_POWER_H

#include <pvops/arch/x86_64/frame.h>
#include <pvops/types.h>

PV_BEGIN_DECLS

/**
 * End the guest. Console output that was taken before is not lost.
 *
 * @param status  0..255 (more is cut to 8 bits): pvrun exits with it; a machine without pvrun cannot show it
 *
 * Native: ACPI S5, isa-debug-exit; parks where a machine has neither. Context: any.
 */
PV_NORETURN void pv_power_off(unsigned status);

/** Start the machine again from its firmware; under pvrun, the kernel. Context: any. */
PV_NORETURN void pv_power_reboot(void);

/**
 * End the guest with a dump: message, registers, stack trace, last trace events. pvrun exits with 70.
 *
 * @param message  what was expected and is not so
 * @param frame    registers to show, or NULL: the caller's
 *
 * Context: any, also with locks held and a broken stack. A crash within the dump ends at once.
 */
PV_NORETURN void pv_power_crash(const char *message, const struct pv_frame *frame);

PV_END_DECLS

/** @} */
#include <pvops/backend/power.h>
#endif
