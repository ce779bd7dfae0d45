/* SPDX-License-Identifier: MIT */
/* The monitor's assembly: its start, the entry of calls, the way back into the guest, the restartable wait. */
#include <asm/unistd_64.h>

#include <pvops/backend/abi.h>

#define EINTR 4

        .text
        .globl _start
_start: movq    %rsp, %rdi
        leaq    call_stack_top(%rip), %rsp
        xorl    %ebp, %ebp
        call    monitor_main
        ud2

        /*
         * A call of the guest half: eax = number, rdi, rsi, rdx. The guest's stack is not used: it is guest
         * memory, and may end here. (For PV_POSIX_CALL_USER there is no return address on it.)
         */
        .globl monitor_call_entry
monitor_call_entry:
        movq    %rsp, guest_rsp(%rip)
        leaq    call_stack_top(%rip), %rsp
        pushq   %rbp
        pushq   %rbp
        xorl    %ebp, %ebp
        movq    %rdx, %rcx
        movq    %rsi, %rdx
        movq    %rdi, %rsi
        movl    %eax, %edi
        call    monitor_call
        popq    %rbp
        popq    %rbp
        movq    guest_rsp(%rip), %rsp
        ret

        /* void monitor_enter_guest(pv_va_t frame, uint64_t entry) */
        .globl monitor_enter_guest
monitor_enter_guest:
        movq    %rdi, %rsp
        cld
        jmp     *%rsi

        /* void monitor_start_guest(uint64_t entry) */
        .globl monitor_start_guest
monitor_start_guest:
        xorl    %esp, %esp
        xorl    %ebp, %ebp
        jmp     *%rdi

        .globl monitor_restorer
monitor_restorer:
        movl    $__NR_rt_sigreturn, %eax
        syscall

        /*
         * long monitor_wait(long nr, long a, long b, long c, long d, long e): a system call that a signal ends,
         * also one that comes before it has begun. The handler moves rip from [begin, end) to interrupted; at end
         * the call is over and its result counts.
         */
        .globl monitor_wait, monitor_wait_begin, monitor_wait_end, monitor_wait_interrupted
monitor_wait:
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        movq    %r8, %r10
        movq    %r9, %r8
monitor_wait_begin:
        cmpl    $0, monitor_attention(%rip)
        jne     monitor_wait_interrupted
        syscall
monitor_wait_end:
        ret
monitor_wait_interrupted:
        movq    $-EINTR, %rax
        ret

        .bss
        .balign 16
        .skip   65536
call_stack_top:
        .globl monitor_attention
monitor_attention:
        .skip   8
guest_rsp:
        .skip   8

        .section .note.GNU-stack, "", @progbits
