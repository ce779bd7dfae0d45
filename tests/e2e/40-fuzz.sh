#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: rest
# what: fuzzers of the parsers of hostile input: ELF, options, control lines, monitor, page tables
# limit: 90
# soak: 60
. "$(dirname "$0")/lib.sh"

fuzz=$srcdir/tests/fuzz
seconds=$(times 5)
flags=(-std=gnu11 -g -O1 -D_GNU_SOURCE= -I"$srcdir" -I"$srcdir/include"
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined)

have clang || tap_skip_all 'clang is not installed'
echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return p == 0 && n != 0; }' >"$tmp/probe.c"
if ! clang "${flags[@]}" "$tmp/probe.c" -o "$tmp/probe" >"$tmp/log" 2>&1; then
    tap_skip_all "clang's fuzzer runtime is not installed (libclang-rt-dev)"
fi

tap_check 'seeds' "$fuzz/seeds.sh" "$tmp/seeds"
for target in elf options control qmp walk; do
    sources=("$srcdir"/host/*.c) include=()
    case $target in
    options) sources+=("$srcdir"/tools/pvrun/{options,command}.c) ;;
    qmp) sources+=("$srcdir"/tools/pvrun/qmp.c) ;;
    walk) sources=() include=(-I"$srcdir/backend-posix/include") ;;
    esac
    tap_check "$target: builds" clang "${flags[@]}" "${include[@]}" "$fuzz/fuzz_$target.c" "${sources[@]}" \
        -o "$tmp/$target" || continue
    mkdir "$tmp/found-$target"
    # What it finds stays in the build tree, to be looked at.
    artifacts=$build/fuzz/$target-
    mkdir -p "$build/fuzz"
    tap_check "$target: random input" limited $((seconds + 30)) "$tmp/$target" -max_total_time="$seconds" \
        -timeout=5 -rss_limit_mb=1000 -malloc_limit_mb=128 -max_len=8192 -verbosity=0 \
        -artifact_prefix="$artifacts" "$tmp/found-$target" "$tmp/seeds/$target"
done
tap_done
