/* SPDX-License-Identifier: MIT */
/* The programs of the posix backend's two processes, as pvrun carries them: backend-posix/monitor. The build
 * says where they are; posix.c puts them into memfds. */
        .section .rodata
        .balign 16
        .globl posix_monitor_image, posix_monitor_image_end
posix_monitor_image:
        .incbin POSIX_MONITOR_IMAGE
posix_monitor_image_end:
        .balign 16
        .globl posix_zygote_image, posix_zygote_image_end
posix_zygote_image:
        .incbin POSIX_ZYGOTE_IMAGE
posix_zygote_image_end:

        .section .note.GNU-stack, "", @progbits
