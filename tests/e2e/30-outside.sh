#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# group: native
# what: the installed SDK builds the smallest kernel outside the tree, and pvrun runs it
# limit: 500
. "$(dirname "$0")/lib.sh"

greeting='Hello from a pvops kernel'

# The worked example of the main page, without the comment's stars.
extract_example() {
    sed -n '/@code{\.c}/,/@endcode/p' "$srcdir/include/pvops/pvops.h" | sed '/@code/d; /@endcode/d; s/^ \* \{0,1\}//'
}

# A second kernel in three languages: C calls C++ and assembly, and each calls the SDK's headers.
write_mixed() {
    cat >"$1/main.c" <<'END'
#include <pvops/pvops.h>

int twice(int n);
extern const char greeting[];
uint64_t length(const char *s);

void pv_kernel_main(const struct pv_boot_info *info)
{
    (void)info;
    pv_console_write_all(greeting, length(greeting));
    pv_power_off(twice(21));
}
END
    cat >"$1/length.cc" <<'END'
#include <pvops/pvops.h>

template <typename T> static uint64_t count(const T *p)
{
    uint64_t n = 0;
    while (p[n])
        n++;
    return n;
}

extern "C" uint64_t length(const char *s);
uint64_t length(const char *s)
{
    pv_irq_flags_t flags = pv_irq_save();
    uint64_t n = count(s);
    pv_irq_restore(flags);
    return n;
}
END
    cat >"$1/twice.S" <<'END'
#include <pvops/abi/note.h>
    .globl twice, greeting
    .text
twice:
    leal (%rdi,%rdi), %eax
    ret
    .section .rodata
greeting:
    .asciz "Hello from a pvops kernel\n"
    .long PV_ABI_VERSION
    .section .note.GNU-stack,"",@progbits
END
}

# The commands of the manual, word by word, for $backend. build_example CC DIR
build_example() {
    # shellcheck disable=SC2046
    (cd "$2" && $1 $(pkg-config --cflags "pvops-$backend") -c hello.c &&
        $1 hello.o $(pkg-config --libs "pvops-$backend") -o hello.elf)
}

# build_mixed CC CXX DIR
build_mixed() {
    # shellcheck disable=SC2046
    (cd "$3" && $1 -Wall -Wextra -Werror -O2 $(pkg-config --cflags "pvops-$backend") -c main.c &&
        $1 -Werror $(pkg-config --cflags "pvops-$backend") -c twice.S &&
        $2 -Wall -Wextra -Werror -O2 $(pkg-config --cflags "pvops-$backend") -c length.cc &&
        $1 -Werror main.o twice.o length.o $(pkg-config --libs "pvops-$backend") -o mixed.elf)
}

# run_kernel NAME PVRUN IMAGE STATUS: its line and its status.
run_kernel() {
    local status=0
    limited 20 "$2" --timeout 15 "$3" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
    if [ "$status" -eq "$4" ] && tr -d '\r' <"$tmp/out" | grep -qxF "$greeting"; then
        tap_ok "$1"
    else
        echo "status $status, expected $4" >>"$tmp/err"
        tap_not_ok "$1" "$tmp/out" "$tmp/err"
    fi
}

# use_sdk NAME PVRUN: the examples with each compiler, found by the PKG_CONFIG variables of the environment.
use_sdk() {
    use_backend "$1, native" "$2" native
    use_backend "$1, posix" "$2" posix
}

# use_backend NAME PVRUN BACKEND
use_backend() {
    local cc cxx dir backend=$3
    for cc in gcc clang; do
        cxx=${cc/gcc/g++} cxx=${cxx/clang/clang++}
        if ! have "$cxx"; then
            tap_skip "$1: $cc" "$cxx is not installed"
            continue
        fi
        dir=$tmp/kernel-$backend-$cc
        rm -rf "$dir" && mkdir "$dir"
        extract_example >"$dir/hello.c"
        write_mixed "$dir"
        tap_check "$1: $cc builds the smallest kernel" build_example "$cc" "$dir" &&
            run_kernel "$1: the smallest kernel by $cc runs" "$2" "$dir/hello.elf" 0
        tap_check "$1: $cc builds a kernel of C, C++ and assembly" build_mixed "$cc" "$cxx" "$dir" &&
            run_kernel "$1: the kernel of C, C++ and assembly by $cc runs" "$2" "$dir/mixed.elf" 42
    done
}

# A user program needs the headers and flags only.
build_user() {
    printf '%s\n' '#include <pvops/user.h>' 'void _start(void);' \
        'void _start(void) { for (;;) pv_user_syscall(1, 0, 0, 0, 0, 0, 0); }' >"$tmp/user.c"
    # shellcheck disable=SC2046
    cc -Wall -Werror $(pkg-config --cflags pvops-user) -c "$tmp/user.c" -o "$tmp/user.o" &&
        cc "$tmp/user.o" $(pkg-config --libs pvops-user) -o "$tmp/user"
}

# --- installed into its prefix ---

rm -rf "$second_prefix"
second_configure >"$tmp/out" 2>&1
tap_check 'make install' second_make install || tap_done
export PKG_CONFIG_PATH=$second_prefix/lib/pkgconfig
use_sdk 'prefix' "$second_prefix/bin/pvrun"
tap_check 'prefix: a user program builds' build_user
unset PKG_CONFIG_PATH

# --- staged by DESTDIR, used through a sysroot ---

stage=$tmp/stage
prefix=$(sed -n 's/^prefix = //p' "$build/Makefile")
tap_check 'make install DESTDIR' make -C "$build" install DESTDIR="$stage"
export PKG_CONFIG_LIBDIR=$stage$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$stage
use_sdk 'DESTDIR' "$stage$prefix/bin/pvrun"
unset PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR

# Other people's programs include these headers: nothing of this folder may be in what was installed.
tap_check 'no path of the build in the installed text files' \
    sh -c '! grep -rlIF "$1" "$2"' sh "$srcdir" "$stage"
tap_check 'make uninstall leaves no file' \
    sh -c 'make -C "$1" uninstall DESTDIR="$2" && [ -z "$(find "$2" -type f)" ]' sh "$build" "$stage"
tap_done
