/* SPDX-License-Identifier: MIT */
/*
 * The loads and stores of pv_user_copy_*() that may fault. mmu.c has checked the addresses; a page fault in
 * [native_copy_begin, native_copy_end) is the handler's to mend (then the instruction goes on: `rep movsb`
 * keeps its state in registers) or to give up, by going to native_copy_fail.
 */
#define PV_EFAULT 14
#define PV_ENAMETOOLONG 36

        .text
        .globl native_copy_begin, native_copy_end, native_copy_fail
native_copy_begin:

        /* int native_copy(void *dst, const void *src, size_t size) */
        .globl native_copy
native_copy:
        movq    %rdx, %rcx
        rep movsb
        xorl    %eax, %eax
        ret

        /* int native_copy_str(char *dst, const char *src, size_t size): length, or no end in size bytes */
        .globl native_copy_str
native_copy_str:
        xorl    %eax, %eax
1:      cmpq    %rdx, %rax
        jae     2f
        movb    (%rsi,%rax), %cl
        movb    %cl, (%rdi,%rax)
        incq    %rax
        testb   %cl, %cl
        jnz     1b
        decl    %eax
        ret
2:      movl    $-PV_ENAMETOOLONG, %eax
        ret

native_copy_end:
native_copy_fail:
        movl    $-PV_EFAULT, %eax
        ret

        /* The gate page (pvops/user.h), alone on its page: user code may read and execute all of it. */
        .section .rodata.gate, "a"
        .balign 4096
        .globl native_gate_page
native_gate_page:
        syscall
        ret
        .balign 4096, 0xcc

        .section .note.GNU-stack, "", @progbits
