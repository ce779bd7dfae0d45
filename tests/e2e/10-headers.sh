#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: rest
# what: each public header compiles alone: C and C++, gcc and clang, every backend
# limit: 120
# Also behind `make check-headers`.
. "$(dirname "$0")/lib.sh"

# compile COMPILER LANGUAGE HEADER FLAGS…: twice in one file, so that include guards are tested too.
compile() {
    local compiler=$1 language=$2 header=$3 std=-std=gnu11
    shift 3
    [ "$language" = c ] || std=-std=gnu++17
    printf '#include <%s>\n#include <%s>\nextern int not_empty;\n' "$header" "$header" >"$tmp/header"
    "$compiler" -x "$language" "$std" -ffreestanding -Wall -Wextra -Wpedantic -Wno-long-long -Werror -fsyntax-only \
        -I"$srcdir/include" "$@" "$tmp/header"
}

# all_headers COMPILER LANGUAGE
all_headers() {
    local compiler=$1 language=$2 header backend name
    if ! have "$compiler"; then
        tap_skip "$compiler $language headers" "$compiler is not installed"
        return
    fi
    while IFS= read -r header; do
        # These serve host tools and user programs, which have no backend.
        if [[ $header == pvops/abi/* || $header == pvops/user.h ]]; then
            tap_check "$compiler $language $header" compile "$compiler" "$language" "$header"
            continue
        fi
        for backend in "$srcdir"/backend-*/Makemodule.am; do
            backend=$(dirname "$backend")
            name=$(basename "$backend")
            tap_check "$compiler $language $header ${name#backend-}" \
                compile "$compiler" "$language" "$header" -I"$backend/include"
        done
    done < <(cd "$srcdir/include" && find pvops -name '*.h' | sort)
}

all_headers gcc c
all_headers g++ c++
all_headers clang c
all_headers clang++ c++
tap_done
