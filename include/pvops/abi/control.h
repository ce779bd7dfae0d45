/* SPDX-License-Identifier: MIT */
/** @file
 * What a running guest tells pvrun besides its console: lines of text on a control channel.
 *
 * On native the channel is QEMU's isa-debugcon at PV_CONTROL_PORT; a read of the port gives
 * PV_CONTROL_PRESENT where the device is there and 0xff where it is not. Each line ends in '\n' and is at
 * most PV_CONTROL_LINE_MAX bytes; lines that a reader does not know are ignored. Numbers in the lines are
 * lower-case hexadecimal without prefix, only the exit status is decimal.
 *
 *     exit STATUS          the guest ends: pv_power_off(STATUS), 0..255
 *     reboot               the guest wants to be started again
 *     crash MESSAGE        the guest ends by pv_power_crash or a fatal trap; the dump follows
 *     host MESSAGE         the host cannot go on with the guest: no memory, no process for a space
 *     reg NAME VALUE       a register of the dump (rip, rsp, rax, cr2, ...)
 *     frame ADDRESS        a return address of the dump, innermost first
 *     trace TIME NAME A B  a trace event of the dump, oldest first; TIME in ns
 *     end                  the dump is complete
 *
 * The last exit, reboot, crash or host line before the guest stops counts. A guest that stops without one has
 * crashed (triple fault).
 */
#ifndef PVOPS_ABI_CONTROL_H
#define PVOPS_ABI_CONTROL_H

#define PV_CONTROL_PORT 0xe9
#define PV_CONTROL_PRESENT 0xe9
#define PV_CONTROL_LINE_MAX 256

/** isa-debug-exit: a 32-bit write of v ends QEMU; the status is not used, the exit line above is. */
#define PV_CONTROL_EXIT_PORT 0xf4

/** Statuses of pvrun that are not the guest's own (those of the guest share the range 0..255). */
#define PV_STATUS_USAGE 64        /**< wrong options */
#define PV_STATUS_DATA 65         /**< not a kernel image, or one of another ABI version or backend */
#define PV_STATUS_NOINPUT 66      /**< a file cannot be opened */
#define PV_STATUS_UNAVAILABLE 69  /**< something needed of the host is missing (QEMU, memory), also during the run */
#define PV_STATUS_CRASH 70        /**< the guest crashed (dump on stderr), triple fault included */
#define PV_STATUS_OSERR 71        /**< a system call of pvrun failed */
#define PV_STATUS_TIMEOUT 124     /**< --timeout ended the run */
#define PV_STATUS_INTERRUPTED 130 /**< the user ended the run (Ctrl-A x, SIGINT); SIGTERM gives 143 */

#endif
