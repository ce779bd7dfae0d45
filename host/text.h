/* SPDX-License-Identifier: MIT */
/** @file
 * Small text helpers of the host side: sizes and times typed by a user, and text that comes from a guest and
 * must not reach a terminal as it is. Pure functions except the put ones, which write to the given stream.
 */
#ifndef PVOPS_HOST_TEXT_H
#define PVOPS_HOST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Decimal digits and one optional suffix K, M, G or T (powers of 1024, either case). False: not a size. */
bool text_parse_size(const char *text, uint64_t *bytes);

/** Seconds with an optional fraction, "2" or "0.25". False: not a time, or more than 1e9 seconds. */
bool text_parse_seconds(const char *text, uint64_t *ns);

/** Decimal or lower/upper-case hexadecimal digits only, the whole of `length` bytes. False: anything else. */
bool text_parse_decimal(const char *text, size_t length, uint64_t *value);
bool text_parse_hex(const char *text, size_t length, uint64_t *value);

/** "128 MiB", "12 KiB", "17 bytes": rounded up, so that a need is never understated. */
const char *text_size(char *buffer, size_t size, uint64_t bytes);

/** Text of a guest: printable ASCII as it is, everything else as \xNN. */
void text_put_escaped(FILE *stream, const char *text, size_t length);

/** One line "pvrun: ..." on stderr; control characters in it are escaped, UTF-8 is left alone. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
