/* SPDX-License-Identifier: MIT */
/*
 * Entry of the zygote: the host kernel leaves argc, argv and the rest at rsp (ABI: "Process
 * initialization").
 */
    .text
    .global _start
_start:
    xorl %ebp, %ebp
    movq %rsp, %rdi
    andq $-16, %rsp
    call zygote_main
    ud2

    .section .note.GNU-stack, "", @progbits
