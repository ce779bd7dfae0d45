#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: rest
# what: rules on the sources: one source for all backends, licence lines, file lengths
# limit: 60
. "$(dirname "$0")/lib.sh"

cd "$srcdir" || exit 1
# Root in another user's clone is asked to trust it; this part only reads.
repo() {
    git -c safe.directory='*' "$@"
}
repo ls-files >"$tmp/tracked" 2>/dev/null || tap_skip_all 'not a git work tree'

# no_match NAME COMMAND…: ok if the command finds nothing.
no_match() {
    local name=$1
    shift
    "$@" >"$tmp/found"
    if [ -s "$tmp/found" ]; then
        tap_not_ok "$name" "$tmp/found"
    else
        tap_ok "$name"
    fi
}

# Whoever knows its backend is not portable. Include guards are the only allowed conditions with such names.
backend_conditions() {
    repo grep -nE '#.*if.*(NATIVE|POSIX|KVM|BACKEND)' -- include/pvops drivers sample-kernel tests/conform |
        grep -vE '#ifndef PVOPS_[A-Z0-9_]*_H$'
}

sources() {
    grep -E '\.(c|h|S|lds|sh|ac|am|m4)$|^dev$|^tests/run$|^\.ci/run$' "$tmp/tracked"
}

without_licence() {
    sources | while IFS= read -r file; do
        [ ! -e "$file" ] || head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || echo "$file"
    done
}

# Split it by concept, or say in its first lines why it has more than 400 lines.
too_long() {
    sources | while IFS= read -r file; do
        [ -e "$file" ] || continue
        lines=$(wc -l <"$file")
        [ "$lines" -le 400 ] || head -n 20 "$file" | grep -q "400 lines" || echo "$file: $lines lines"
    done
}

not_executable() {
    repo ls-files -s -- dev .ci/run tests/run 'tests/e2e/[0-9]*.sh' | grep -v '^100755'
}

no_match 'no condition on the backend where all backends share the source' backend_conditions
no_match 'every source file has its licence line' without_licence
no_match 'no file is longer than 400 lines' too_long
no_match 'scripts are executable' not_executable
no_match 'no trailing white space' repo grep -nIE '[[:space:]]+$' -- ':!*.md'
no_match 'no tabs in C' repo grep -nIP '\t' -- '*.c' '*.h'
tap_done
