/* SPDX-License-Identifier: MIT */
/*
 * Single accesses to memory, from kernel and from user mode, and what became of them. The tests of the mmu
 * and user groups are written in these.
 */
#ifndef CONFORM_ACCESS_H
#define CONFORM_ACCESS_H

#include "conform.h"
#include "walk.h"

/*
 * An access is PV_PF_W, PV_PF_U, PV_PF_I as in an error code, 0 a kernel read. Reads and writes have 8 bytes.
 * A fetch executes the byte at va, which has to be int3 (ACCESS_INT3, also the low byte of an ACCESS_TAG).
 */
#define ACCESS_INT3 0xcc
#define ACCESS_TAG(x) ((uint64_t)(x) << 8 | ACCESS_INT3)

/* The root that user accesses run in, with a code and a stack page; loads it. Needed once per test. */
pv_pa_t access_user_init(void);
/* The same code and stack in one more root, so that it may be loaded instead: shares the tables of slot 0. */
void access_user_share(pv_pa_t root);

/* Do it; true: it went through. *value is written or read. False: access_frame has the trap. */
bool access_try(pv_va_t va, uint64_t access, uint64_t *value);
extern struct pv_frame access_frame;

/* Do it and check: it reads `value`, it goes through, or it is a page fault with this error and address. */
#define ACCESS_READS(va, access, value) access_reads((va), (access), (value), __FILE__, __LINE__)
#define ACCESS_WORKS(va, access) access_works((va), (access), __FILE__, __LINE__)
#define ACCESS_WRITES(va, access, value) access_writes((va), (access), (value), __FILE__, __LINE__)
#define ACCESS_FAULTS(va, access, error) access_faults((va), (access), (error), (va), __FILE__, __LINE__)

bool access_reads(pv_va_t va, uint64_t access, uint64_t value, const char *file, int line);
bool access_works(pv_va_t va, uint64_t access, const char *file, int line);
bool access_writes(pv_va_t va, uint64_t access, uint64_t value, const char *file, int line);
bool access_faults(pv_va_t va, uint64_t access, uint64_t error, pv_va_t address, const char *file, int line);

/* A fault by a reserved bit. QEMU 7.2 (TCG) leaves P clear, against SDM vol. 3, 4.7: accepted here only. */
#define ACCESS_FAULTS_RESERVED(va, access) access_faults_reserved((va), (access), __FILE__, __LINE__)
bool access_faults_reserved(pv_va_t va, uint64_t access, const char *file, int line);

/* Do it and check that what happens is what the reference says for the tables of the loaded root. */
#define ACCESS_AS_TABLES(va, access) access_as_tables((va), (access), __FILE__, __LINE__)
bool access_as_tables(pv_va_t va, uint64_t access, const char *file, int line);
struct walk access_walk(pv_pa_t root, pv_va_t va, uint64_t access);

/* A page of RAM with a tag in its first word. */
pv_pa_t access_page(uint64_t tag);
/* The first word of a page of RAM, and another one, by the direct map. */
volatile uint64_t *access_word(pv_pa_t pa);

/*
 * While a test allows them: page faults for which the tables of the loaded root already allow the access are
 * answered by returning. Gives how many came since the last call; install by conform_expect_trap().
 */
bool access_spurious(struct pv_frame *frame);
unsigned access_spurious_count(void);

#endif
