/* SPDX-License-Identifier: MIT */
/** @file
 * @defgroup types Types and errors
 * The integer types and error numbers that all groups share.
 *
 * Addresses are plain integers because ported kernels hold them so; nothing converts them silently.
 * @{
 */
#ifndef PVOPS_TYPES_H
#define PVOPS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define PV_BEGIN_DECLS extern "C" {
#define PV_END_DECLS }
#define PV_STATIC_ASSERT(cond, text) static_assert(cond, text)
#else
#define PV_BEGIN_DECLS
#define PV_END_DECLS
#define PV_STATIC_ASSERT(cond, text) _Static_assert(cond, text)
#endif

/** A function that does not return. */
#define PV_NORETURN __attribute__((noreturn))
/** An op that compiles to the instruction it stands for, also without optimisation. */
#define PV_INLINE static inline __attribute__((always_inline))

/** Physical address: an offset into guest physical memory, in bytes. */
typedef uint64_t pv_pa_t;
/** Virtual address of the guest. */
typedef uint64_t pv_va_t;

#define PV_PAGE_SHIFT 12
#define PV_PAGE_SIZE 4096UL
#define PV_PAGE_MASK (~(PV_PAGE_SIZE - 1))

/**
 * Errors. Ops that can fail return 0 (or a count) on success and the negative of one of these.
 * The values are Linux's on x86-64 (errno-base(7)), so that Unix-like ports can pass them on.
 */
enum pv_error {
    PV_ENOENT = 2,        /**< no such thing */
    PV_EIO = 5,           /**< the device failed */
    PV_EAGAIN = 11,       /**< not now; an interrupt tells when */
    PV_ENOMEM = 12,       /**< out of memory */
    PV_EFAULT = 14,       /**< a user address that cannot be used */
    PV_EBUSY = 16,        /**< in use already */
    PV_ENODEV = 19,       /**< this machine has no such device */
    PV_EINVAL = 22,       /**< an argument out of range */
    PV_ENOSYS = 38,       /**< this backend cannot do it */
    PV_ENAMETOOLONG = 36, /**< no end of string within the limit */
};

/** @} */
#endif
