/* SPDX-License-Identifier: MIT */
/** @file
 * @defgroup cpu CPU
 * The processor that runs the caller: identity, idling, base registers, user FPU state.
 *
 * Contract: idle never loses a wake-up. The GS base is the port's own in kernel mode (its per-CPU data);
 * user code sees another one, which it cannot set portably. The user FPU state stays in the registers while
 * the kernel runs (kernels are built without SSE); it belongs to the last user context on this CPU and is
 * switched by pv_cpu_fpu_save() and pv_cpu_fpu_restore() only.
 * @{
 */
#ifndef PVOPS_CPU_H
#define PVOPS_CPU_H

#include <pvops/types.h>

PV_BEGIN_DECLS

/**
 * Number of this CPU, 0 for the boot CPU, less than pv_boot_info.cpu_count.
 * Native: `lsl` of a per-CPU descriptor. Context: any; stable only while the caller cannot be moved.
 */
PV_INLINE unsigned pv_cpu_id(void);

/** Number of CPUs that run (1 until others are started). Context: any. */
unsigned pv_cpu_count(void);

/** Spin-wait hint. Native: `pause`. Context: any. */
PV_INLINE void pv_cpu_relax(void);

/**
 * Enable interrupts and wait for one, atomically: an interrupt that was pending or comes in between ends the
 * wait. Returns with interrupts enabled, after at least one interrupt was handled; may also return early.
 * Native: `sti; hlt`. Context: kernel, interrupts off, on a stack that may take a frame.
 */
PV_INLINE void pv_cpu_idle(void);

/** Stop this CPU for ever, interrupts off. The machine goes on if other CPUs run. Context: any. */
PV_NORETURN void pv_cpu_park(void);

/**
 * Cycle counter: grows steadily while the guest runs, at a rate that only pv_time_now() knows.
 * Native: `rdtsc`. Context: any.
 */
PV_INLINE uint64_t pv_cpu_cycles(void);

/**
 * Set the GS base of kernel mode on this CPU, for per-CPU data by %gs:OFFSET.
 *
 * @param base  kernel address; 0 at boot
 *
 * User mode has a GS base of its own; the backend swaps them on every crossing.
 * Native: `wrmsr` IA32_GS_BASE. Context: kernel, not in handlers of NMI, double fault and machine check.
 */
PV_INLINE void pv_cpu_base_set(void *base);

/** The GS base of kernel mode on this CPU. Native: `rdmsr`. Context: kernel. */
PV_INLINE void *pv_cpu_base(void);

/**
 * Set the FS base (thread-local storage) that user code on this CPU sees from the next return to it.
 *
 * @param base  user address or 0; must be canonical
 *
 * Native: `wrmsr` IA32_FS_BASE. Context: kernel.
 */
PV_INLINE void pv_cpu_user_tls_set(pv_va_t base);

/** The FS base that user code on this CPU has. Native: `rdmsr`. Context: kernel. */
PV_INLINE pv_va_t pv_cpu_user_tls(void);

/**
 * Bytes of an FPU save area on this machine: a multiple of 64, at least 576 and at most 16 KiB, the same on
 * all CPUs. The format is that of XSAVE (SDM vol. 1, 13.4); without XSAVE that of FXSAVE with a zero header.
 * Context: any.
 */
size_t pv_cpu_fpu_size(void);

/**
 * Save the user FPU state to @a area (64-byte aligned, pv_cpu_fpu_size() bytes). It is that of the user code that
 * ran last, or of the last restore, also when another root has been loaded since.
 * Native: `xsave`. Context: kernel.
 */
void pv_cpu_fpu_save(void *area);

/**
 * Load the user FPU state from @a area.
 *
 * @param area  64-byte aligned; filled by pv_cpu_fpu_save() or pv_cpu_fpu_init()
 *
 * The kernel must not let user code write the area: an invalid one is a #GP here.
 * Native: `xrstor`. Context: kernel.
 */
void pv_cpu_fpu_restore(const void *area);

/** Write the initial user FPU state (x87 control 0x37f, MXCSR 0x1f80, registers 0) to @a area. Context: any. */
void pv_cpu_fpu_init(void *area);

/** Features that pv_cpu_has() knows: properties that change how a kernel uses the CPU. */
enum pv_cpu_feature {
    PV_CPU_XSAVE = 0,      /**< the FPU area holds more than FXSAVE's */
    PV_CPU_AVX = 1,        /**< user code may use AVX */
    PV_CPU_AVX512 = 2,     /**< user code may use AVX-512 */
    PV_CPU_SMEP = 3,       /**< kernel fetches from user pages fault */
    PV_CPU_RDRAND = 4,     /**< `rdrand` works, in kernel and user mode */
    PV_CPU_STEADY_TSC = 5, /**< pv_cpu_cycles() has a constant rate */
};

/** Whether this CPU, under this backend, has @a feature. Context: any. */
bool pv_cpu_has(enum pv_cpu_feature feature);

PV_END_DECLS

/** @} */
#include <pvops/backend/cpu.h>
#endif
