/* SPDX-License-Identifier: MIT */
/** @file
 * The whole interface: include this one header.
 *
 * @mainpage pvops
 * A kernel that replaces its sensitive instructions by the operations of this header set is built from one
 * source for bare x86-64, as an unprivileged Linux process, and as a KVM guest.
 *
 * This is the smallest kernel:
 *
 * @code{.c}
 * #include <pvops/pvops.h>
 *
 * void pv_kernel_main(const struct pv_boot_info *info)
 * {
 *     static const char hello[] = "Hello from a pvops kernel\n";
 *
 *     (void)info;
 *     pv_console_write_all(hello, sizeof hello - 1);
 *     pv_power_off(0);
 * }
 * @endcode
 *
 * It is built and run in any folder by
 *
 *     cc $(pkg-config --cflags pvops-native) -c hello.c
 *     cc hello.o $(pkg-config --libs pvops-native) -o hello.elf
 *     pvrun hello.elf
 *
 * Nobody starts with all groups. What a kernel needs grows with what it does:
 *
 * | a kernel that…                     | needs                                                                |
 * |------------------------------------|----------------------------------------------------------------------|
 * | boots and says hello               | @ref boot, @ref console (the blocking helper), @ref power            |
 * | waits for time and input           | and @ref time, @ref irq, pv_cpu_idle(), pv_trap_init()               |
 * | switches between threads           | and pv_trap_raise() for yields, or nothing: stacks are its own       |
 * | has page tables of its own         | and @ref mmu, with pv_mmu_root_init(), pv_mmu_load(), pv_pte_set(), invalidate |
 * | has user programs                  | and pv_trap_stack_set(), pv_trap_return, gates, `pv_user_copy_*`     |
 * | has user programs that use SSE     | and `pv_cpu_fpu_*` (without them, one program sees another's registers) |
 * | has per-CPU data                   | and pv_cpu_base_set()                                                |
 * | is debugged                        | @ref debug                                                           |
 *
 * Every op says what it does, its parameters with units, what it returns, from which contexts it may be called
 * and the native instruction it stands for. "Context: any" includes handlers of NMI and double fault; "kernel"
 * means kernel mode with a valid stack, with interrupts on or off. What ports may rely on is stated once per
 * group, at the top of its header, and held by the conformance tests (doc/contract.md).
 */
#ifndef PVOPS_PVOPS_H
#define PVOPS_PVOPS_H

#include <pvops/boot.h>
#include <pvops/console.h>
#include <pvops/cpu.h>
#include <pvops/debug.h>
#include <pvops/irq.h>
#include <pvops/mmu.h>
#include <pvops/power.h>
#include <pvops/time.h>
#include <pvops/trap.h>
#include <pvops/types.h>

#endif
