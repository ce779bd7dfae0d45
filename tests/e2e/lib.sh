# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Helpers of the parts in this folder. A part begins with
#
#   #!/usr/bin/env bash
#   # SPDX-License-Identifier: MIT
#   # group: native          native, posix, kvm or rest
#   # what: one line for `./dev test --list`
#   # limit: 60              seconds of wall-clock time
#   # soak: 50               PV_TEST_N of a soak run; without this line soak runs leave the part out
#   . "$(dirname "$0")/lib.sh"
#
# and ends with tap_done. It may also be run by hand: tests/e2e/NN-name.sh

set -uo pipefail

srcdir=${PV_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
build=${PV_BUILD:-$srcdir/build}
# shellcheck disable=SC2034 # for the parts
pvrun=$build/tools/pvrun/pvrun
# shellcheck disable=SC2034
initrd=$build/sample-kernel/initrd.cpio
: "${PV_TEST_N:=1}"

tmp=$(mktemp -d)
# shellcheck disable=SC2154
trap 'status=$?; rm -rf "$tmp"; exit $status' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

tap_count=0
tap_failed=0

# kernel BACKEND, conform BACKEND: path of an image.
kernel() {
    printf '%s' "$build/sample-kernel/kernel-$1.elf"
}

conform() {
    printf '%s' "$build/tests/conform/conform-$1.elf"
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# --- results ---

tap_ok() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1"
}

# tap_not_ok NAME [FILE…]: the files' last lines tell why ("-" is standard input).
tap_not_ok() {
    tap_count=$((tap_count + 1))
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $1"
    shift
    [ $# -eq 0 ] || tail -q -n 40 "$@" | sed 's/^/# /'
}

tap_skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

# tap_skip_all REASON: the part cannot run here at all.
tap_skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

tap_done() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
    exit
}

# tap_check NAME COMMAND…: ok if the command succeeds; what it printed is shown only otherwise.
tap_check() {
    local name=$1
    shift
    if "$@" >"$tmp/tap_check" 2>&1 </dev/null; then
        tap_ok "$name"
    else
        echo "status $? of: $*" >>"$tmp/tap_check"
        tap_not_ok "$name" "$tmp/tap_check"
        return 1
    fi
}

# tap_same NAME FILE FILE: ok if both are equal, else the difference is shown.
tap_same() {
    tap_check "$1" diff -u "$2" "$3"
}

# tap_include PREFIX FILE: the results of a program that printed TAP of its own, renumbered. A wrong count or a
# missing plan is one more failure; other lines of the file are left out unless they follow a failure as "# ".
tap_include() {
    local prefix=$1 line plan="" count=0 failing=false
    local result='^(not )?ok( +[0-9]+)?( +-)?( +(.*))?$'
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%$'\r'}
        if [[ $line =~ ^1\.\.([0-9]+) ]]; then
            plan=${BASH_REMATCH[1]}
        elif [[ $line =~ $result ]]; then
            count=$((count + 1)) tap_count=$((tap_count + 1)) failing=false
            [ -z "${BASH_REMATCH[1]}" ] || { failing=true && tap_failed=$((tap_failed + 1)); }
            echo "${BASH_REMATCH[1]}ok $tap_count - $prefix${BASH_REMATCH[5]}"
        elif [ "$failing" = true ] && [[ $line == \#* ]]; then
            echo "$line"
        fi
    done <"$2"
    if [ -z "$plan" ] || [ "$plan" -ne "$count" ] || [ "$count" -eq 0 ]; then
        tap_not_ok "${prefix}complete (planned ${plan:-nothing}, ran $count)" "$2"
    fi
}

# --- running things ---

# limited SECONDS COMMAND…: status 124 after that time; the command gets 5 s to clean up.
limited() {
    timeout --kill-after=5 "$@"
}

# times N: N multiplied by the repeat factor of soak runs.
times() {
    echo $(($1 * PV_TEST_N))
}

# --- the second build tree ---

# second_tree: builds build/clang by clang (cc where there is none) with --prefix and installs it to build/clang/inst.
# Used by the test of the clang build and by the one of an installed SDK, whichever runs first does the work.
second_tree=$build/clang
second_prefix=$second_tree/inst

second_cc() {
    if have clang; then echo clang; else echo cc; fi
}

second_configure() {
    [ -e "$second_tree/config.status" ] && return
    mkdir -p "$second_tree"
    (cd "$second_tree" && "$srcdir/configure" --enable-werror --prefix="$second_prefix" CC="$(second_cc)")
}

second_make() {
    make -C "$second_tree" -j"$(nproc)" "$@"
}
