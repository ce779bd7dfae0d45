/* SPDX-License-Identifier: MIT */
/*
 * The library of the sample kernel's user programs: system calls (sys.c), text (string.c, printf.c), memory
 * (malloc.c) and what the test programs share (check.c). Programs start at main(); crt0.S calls it.
 *
 * Calls that can fail return the negative of an error number of abi.h, as the kernel does; there is no errno.
 */
#ifndef USER_LIB_H
#define USER_LIB_H

#include "../abi.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096UL
#define MS 1000000L /* in ns */

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

int main(int argc, char **argv);

/* --- sys.c: the kernel's calls, in the order of their numbers; abi.h says what each does --- */

long sys(long nr, long a0, long a1, long a2); /* any number, by the gate page */

_Noreturn void exit(int status);
int fork(void);
int exec(const char *path, const char *const argv[]);
int wait(int pid, int *status, int flags);
int getpid(void);
long sbrk(long bytes); /* the old end of the heap */
long read(int fd, void *buffer, size_t size);
long write(int fd, const void *buffer, size_t size);
int open(const char *path);
int close(int fd);
int dup2(int fd, int new_fd);
int pipe(int fd[2]);
int sleep_ns(long ns);
long uptime_ns(void);
void yield(void);
int kill(int pid);
int readdir(const char *path, unsigned index, struct dirent *entry);
int ps(struct psinfo *info, unsigned max);
int set_tls(void *base);
int shutdown(int status);
int setgroup(int group, int foreground);

/* --- string.c --- */

void *memcpy(void *restrict dst, const void *restrict src, size_t size);
void *memmove(void *dst, const void *src, size_t size);
void *memset(void *dst, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
char *strchr(const char *s, int c);
bool parse_long(const char *s, long *value); /* false: not a decimal number */

/* --- printf.c: %d %u %x %c %s %%, width, '-', '0', 'l' --- */

int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int dprintf(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
int vdprintf(int fd, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
int vsnprintf(char *text, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
int snprintf(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* --- malloc.c --- */

void *malloc(size_t size); /* 16-byte aligned, NULL when there is no more */
void free(void *memory);

/* --- util.c --- */

/* All of it, unless there is an error: 0 or the error. */
int write_all(int fd, const void *buffer, size_t size);

/* Reads until the size or the end of the file: bytes read, or the error. */
long read_all(int fd, void *buffer, size_t size);

/* "no such file" and so on, for any result. */
const char *error_text(long result);

/* Complains on descriptor 2 and ends the program with status 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* argv[index] as a number, or fallback if it is not there; ends the program if it is outside [min, max]. */
long number_argument(int argc, char **argv, int index, long fallback, long min, long max);

/* Waits for one child: its status. Ends the program if there is no such child. */
int wait_for(int pid);

/* Runs a function in a child, whose status is the function's result: the child's pid. */
int start_child(int (*function)(void *), void *argument);

/* --- check.c: programs that test something --- */

/* Prints and counts one result. */
void check(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Runs a function in a child and checks the status that it ends with. */
void check_child(int (*function)(void *), void *argument, int expected, const char *what);

/* Prints the sum: 0 if all was good, else 1, for return from main. */
int check_done(const char *name);

/* --- crt0.S --- */

extern unsigned long start_registers; /* all general registers at the entry, ORed, without rsp: must be 0 */

#endif
