/* SPDX-License-Identifier: MIT */
/* What the kernels of 30-pvrun.sh start with: PVH entry, PVOPS note, and macros to talk to pvrun. They depend
 * on no backend, so that pvrun's own tests fail only when pvrun is wrong. A kernel is a few macros behind
 * this; see the test. 32-bit code with paging off, until long_mode. */

#include <pvops/abi/control.h>
#include <pvops/abi/note.h>

#ifndef ABI
#define ABI PV_ABI_VERSION
#endif
#ifndef BACKEND
#define BACKEND PV_NOTE_BACKEND_NATIVE
#endif
#ifndef MEMORY
#define MEMORY 0x10000
#endif

#ifndef NO_NOTE
    .section .note.PVOPS, "a", @note
    .balign 4
    .long 6, PV_NOTE_DESC_SIZE, PV_NOTE_TYPE
    .ascii "PVOPS\0\0\0"
    .long ABI, BACKEND
    .quad MEMORY
#endif
#ifndef NO_PVH
    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 8, 18                      /* XEN_ELFNOTE_PHYS32_ENTRY */
    .ascii "Xen\0"
    .quad _start
#endif

/* Write a string to a port. On the UART wait for room in front of each byte. */
    .macro put port, text:vararg
    .section .rodata
8:  .ascii \text
9:  .text
    mov $8b, %esi
    mov $9b, %edi
    mov $\port, %ebp
    call put_bytes
    .endm
    .macro say text:vararg
    put 0x3f8, \text
    .endm
    .macro control text:vararg
    put PV_CONTROL_PORT, \text
    .endm

/* Wait until the UART has sent everything, then leave QEMU. */
    .macro leave_machine
    call flush
    mov $PV_CONTROL_EXIT_PORT, %dx
    xor %eax, %eax
    outl %eax, %dx
    .endm
    .macro hang
7:  pause
    jmp 7b
    .endm
    .macro triple_fault
    lidt empty
    ud2
    .endm

/* One byte from the UART to al. */
    .macro receive
6:  mov $0x3fd, %dx
    inb %dx, %al
    test $1, %al
    jz 6b
    mov $0x3f8, %dx
    inb %dx, %al
    .endm
    .macro send_al
    mov %al, %ah
6:  mov $0x3fd, %dx
    inb %dx, %al
    test $0x20, %al
    jz 6b
    mov %ah, %al
    mov $0x3f8, %dx
    outb %al, %dx
    .endm

/* Paging with the first 2 MiB mapped, 64-bit code from here on. */
    .macro long_mode
    mov $page_table4, %eax
    mov %eax, %cr3
    mov $0x20, %eax                     /* CR4.PAE */
    mov %eax, %cr4
    mov $0xc0000080, %ecx               /* EFER.LME */
    mov $0x100, %eax
    xor %edx, %edx
    wrmsr
    mov $0x80000001, %eax               /* CR0.PG and PE */
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $8, $5f
    .code64
5:  mov $stack_top, %esp
    xor %ebp, %ebp
    .endm

    .data
empty:
    .quad 0, 0
gdt:
    .quad 0, 0x00209a0000000000
gdt_pointer:
    .word 15
    .long gdt
    .balign 4096
page_table4:
    .quad page_table3 + 3
    .fill 511, 8, 0
page_table3:
    .quad page_table2 + 3
    .fill 511, 8, 0
page_table2:
    .quad 0x83
    .fill 511, 8, 0

    .bss
    .balign 16
    .skip 4096
stack_top:

    .text
    .code32
put_bytes:                              /* esi up to edi to port ebp */
    cmp %edi, %esi
    je 2f
    cmp $0x3f8, %ebp
    jne 3f
1:  mov $0x3fd, %dx
    inb %dx, %al
    test $0x20, %al
    jz 1b
3:  lodsb
    mov %ebp, %edx
    outb %al, %dx
    jmp put_bytes
2:  ret

flush:
    mov $0x3fd, %dx
1:  inb %dx, %al
    test $0x40, %al                     /* transmitter empty */
    jz 1b
    ret

    .globl _start
_start:
    cli
    cld
    mov $stack_top, %esp
    mov $0x3fa, %dx                     /* FIFOs on, as a console driver does */
    mov $7, %al
    outb %al, %dx
