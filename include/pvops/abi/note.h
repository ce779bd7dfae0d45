/* SPDX-License-Identifier: MIT */
/** @file
 * What a kernel image tells the tool that runs it: one ELF note.
 *
 * The note is made by the backend's start-up code and read by pvrun before anything runs. Both sides
 * include this file; it uses the preprocessor only, so that assembler files can include it too.
 *
 *     namesz = 6, descsz = 16, type = PV_NOTE_TYPE, name = "PVOPS\0" + 2 bytes of padding
 *     desc:  u32 abi      PV_ABI_VERSION of the headers the archive was built from
 *            u32 backend  PV_NOTE_BACKEND_x
 *            u64 memory   bytes of RAM the backend itself needs besides the image (lower bound)
 */
#ifndef PVOPS_ABI_NOTE_H
#define PVOPS_ABI_NOTE_H

#define PV_ABI_VERSION 1

#define PV_NOTE_NAME "PVOPS"
#define PV_NOTE_TYPE 1
#define PV_NOTE_DESC_SIZE 16

#define PV_NOTE_BACKEND_NATIVE 1
#define PV_NOTE_BACKEND_POSIX 2
#define PV_NOTE_BACKEND_KVM 3

#endif
