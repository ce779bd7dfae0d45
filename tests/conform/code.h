/* SPDX-License-Identifier: MIT */
/* The labels of code.S. Kernel code is entered where it is; user code by its place in the blob "registers". */
#ifndef CONFORM_CODE_H
#define CONFORM_CODE_H

#include "conform.h"

extern const uint64_t conform_values[15]; /* what *_load put into the registers, in the frame's order */
extern volatile uint64_t conform_rounds;  /* counts the rounds of kernel_loop */

extern const char kernel_load[], kernel_loaded[], kernel_check[], kernel_same[], kernel_loop[],
    kernel_loop_begin[], kernel_loop_end[], kernel_flags[], kernel_flags_read[], kernel_ud2[], kernel_div[],
    kernel_load_rbx[], kernel_load_rbp[], kernel_store_rsi[], kernel_load_rsi[], kernel_jump_rsi[],
    kernel_push[], kernel_step[], kernel_step_1[], kernel_step_2[];

extern const char registers_start[], registers_end[], user_syscall[], user_syscall_behind[], user_int[],
    user_int_behind[], user_fault[], user_fault_at[], user_fault_behind[], user_check[], user_same[],
    user_loop[], user_loop_begin[], user_loop_end[], user_calls[], user_calls_begin[], user_calls_end[],
    user_flags_syscall[], user_flags_syscall_behind[], user_flags_syscall_read[], user_flags_int[],
    user_flags_int_behind[], user_flags_int_read[], user_flags_fault[], user_flags_fault_at[], user_spin[],
    user_load_rdi[], user_load_rdi_done[];

/* The general registers of a frame as *_load leaves them. */
static inline void values_fill(struct pv_frame *frame)
{
    __builtin_memcpy(frame, conform_values, sizeof conform_values);
}

#endif
