/* SPDX-License-Identifier: MIT */
/*
 * The first instructions: from 32-bit protected mode without paging to C in the kernel half.
 *
 * Two loaders come here. PVH (Xen's docs/misc/pvh.pandoc; used by QEMU -kernel): ebx = start info. Multiboot2
 * (GRUB; specification 2.0, 3.3): eax = magic, ebx = information. Both leave flat segments, A20 on, interrupts
 * off. The image is linked at PV_KERNEL_BASE + its physical address, so until paging is on every symbol needs
 * PV_KERNEL_BASE subtracted. Next: native_boot() in boot.c.
 */
#include <pvops/abi/note.h>

#define KERNEL_BASE 0xffffffff80000000
#define PHYS(symbol) ((symbol) - KERNEL_BASE)

#define CR0_PE 0x1
#define CR0_MP 0x2
#define CR0_ET 0x10
#define CR0_NE 0x20
#define CR0_WP 0x10000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_SCE 0x1
#define EFER_LME 0x100
#define EFER_NXE 0x800
#define CPUID_NX_LM 0x20100000 /* leaf 0x80000001, edx: NX and long mode */

#define PTE_P_W 0x3
#define PTE_P_W_LARGE 0x83

#define MULTIBOOT2_MAGIC 0xe85250d6
#define BOOT_STACK_SIZE 16384

        /* How the loaders find the entry. */
        .section .multiboot2, "a"
        .balign 8
multiboot2_header:
        .long MULTIBOOT2_MAGIC, 0, multiboot2_end - multiboot2_header
        .long -(MULTIBOOT2_MAGIC + 0 + (multiboot2_end - multiboot2_header))
        /* Modules page-aligned (tag 6); a framebuffer if there is one, any size, 32 bits (tag 5, optional). */
        .short 6, 0
        .long 8
        .short 5, 1
        .long 20, 0, 0, 32
        .balign 8
        .short 0, 0
        .long 8
multiboot2_end:

        .section .note.Xen, "a", @note
        .balign 4
        .long 4, 8, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz "Xen"
        .quad PHYS(pv_native_start)

        .section .note.pvops, "a", @note
        .balign 4
        .long 6, PV_NOTE_DESC_SIZE, PV_NOTE_TYPE
        .asciz PV_NOTE_NAME
        .balign 4
        .long PV_ABI_VERSION, PV_NOTE_BACKEND_NATIVE
        .quad 0x100000 /* page tables of the direct map and slack */

        .section .text.boot, "ax"
        .code32
        .globl pv_native_start
pv_native_start:
        cli
        cld
        movl    %eax, PHYS(native_loader_magic)
        movl    %ebx, PHYS(native_loader_info)
        movl    $PHYS(native_boot_stack_top), %esp

        movl    $0x80000000, %eax
        cpuid
        cmpl    $0x80000001, %eax
        jb      no_long_mode
        movl    $0x80000001, %eax
        cpuid
        andl    $CPUID_NX_LM, %edx
        cmpl    $CPUID_NX_LM, %edx
        jne     no_long_mode

        /* The first 4 GiB in 2 MiB pages, at 0, at the direct map and (the first 1 GiB) at the image. */
        movl    $PHYS(early_pd), %edi
        movl    $PTE_P_W_LARGE, %eax
        movl    $2048, %ecx
1:      movl    %eax, (%edi)
        addl    $0x200000, %eax
        addl    $8, %edi
        loop    1b
        movl    $PHYS(early_pd) + PTE_P_W, %eax
        movl    $PHYS(early_pdpt), %edi
        movl    $4, %ecx
1:      movl    %eax, (%edi)
        addl    $4096, %eax
        addl    $8, %edi
        loop    1b
        movl    $PHYS(early_pd) + PTE_P_W, PHYS(early_pdpt_image) + 510 * 8
        movl    $PHYS(early_pdpt) + PTE_P_W, PHYS(early_root)
        movl    $PHYS(early_pdpt) + PTE_P_W, PHYS(early_root) + 256 * 8
        movl    $PHYS(early_pdpt_image) + PTE_P_W, PHYS(early_root) + 511 * 8

        movl    $CR4_PAE, %eax
        movl    %eax, %cr4
        movl    $PHYS(early_root), %eax
        movl    %eax, %cr3
        movl    $MSR_EFER, %ecx
        movl    $EFER_SCE | EFER_LME | EFER_NXE, %eax
        xorl    %edx, %edx
        wrmsr
        movl    $CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG, %eax
        movl    %eax, %cr0
        lgdt    PHYS(early_gdt_pointer)
        ljmp    $0x10, $PHYS(enter_64)

no_long_mode:
        movl    $PHYS(no_long_mode_text), %esi
1:      lodsb
        testb   %al, %al
        jz      2f
        movw    $0x3f8, %dx
        outb    %al, %dx
        jmp     1b
2:      hlt
        jmp     2b

        .code64
enter_64:
        movabsq $enter_high, %rax
        jmp     *%rax
enter_high:
        movl    $0x18, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        xorl    %eax, %eax
        movl    %eax, %fs
        movl    %eax, %gs
        movq    $native_boot_stack_top, %rsp
        xorl    %ebp, %ebp
        call    native_boot
        /* The boot stack is the kernel's from its first byte on. */
        movq    $native_boot_stack_top, %rsp
        xorl    %ebp, %ebp
        call    native_enter_kernel
        ud2

        .section .rodata
no_long_mode_text:
        .asciz "pvops: this CPU has no 64-bit mode with NX\r\n"
        .balign 8
early_gdt:
        .quad 0, 0
        .quad 0x00af9b000000ffff /* 0x10: 64-bit code */
        .quad 0x00cf93000000ffff /* 0x18: data */
early_gdt_pointer:
        .short 31
        .long PHYS(early_gdt), 0

        .data
        .balign 4
        .globl native_loader_magic, native_loader_info
native_loader_magic:
        .long 0
native_loader_info:
        .long 0

        .bss
        .balign 4096
early_root:
        .skip 4096
early_pdpt:
        .skip 4096
early_pdpt_image:
        .skip 4096
early_pd:
        .skip 4 * 4096
        /* boot.c leaves this page unmapped: an overflow of the boot stack is a double fault, not a riddle. */
        .globl native_boot_stack_guard, native_boot_stack_top
native_boot_stack_guard:
        .skip 4096
        .skip BOOT_STACK_SIZE
native_boot_stack_top:

        .section .note.GNU-stack, "", @progbits
