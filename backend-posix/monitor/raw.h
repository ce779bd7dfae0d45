/* SPDX-License-Identifier: MIT */
/* syscall.h for callers that pass pointers and integers alike: raw(__NR_x, ...) with up to six arguments. */
#ifndef PVOPS_POSIX_RAW_H
#define PVOPS_POSIX_RAW_H

#include "syscall.h"

#define RAW_PICK(_0, _1, _2, _3, _4, _5, _6, count, ...) count
#define raw(...) RAW_PICK(__VA_ARGS__, raw_6, raw_5, raw_4, raw_3, raw_2, raw_1, raw_0)(__VA_ARGS__)
#define raw_0(n) sys6(n, 0, 0, 0, 0, 0, 0)
#define raw_1(n, a) sys6(n, (long)(a), 0, 0, 0, 0, 0)
#define raw_2(n, a, b) sys6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define raw_3(n, a, b, c) sys6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define raw_4(n, a, b, c, d) sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define raw_5(n, a, b, c, d, e) sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define raw_6(n, a, b, c, d, e, f) sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
