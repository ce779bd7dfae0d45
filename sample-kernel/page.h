/* SPDX-License-Identifier: MIT */
/* The page allocator: page.c. A page is named by its address in the direct map. */
#ifndef SAMPLE_PAGE_H
#define SAMPLE_PAGE_H

#include <pvops/boot.h>

#include "klib.h"

/* Take over all free RAM that the boot information names. */
void page_init(const struct pv_boot_info *info);

/* A page with one owner, or NULL: out of memory. Its content is anything, or zeros. */
void *page_alloc(void);
void *page_alloc_zeroed(void);

/* One more owner, for copy on write. At most PROC_MAX of them. */
void page_share(void *page);

/* One owner less; the last one frees the page. */
void page_free(void *page);

/* Whether the page has more than one owner. */
bool page_is_shared(const void *page);

/* How many pages could be had now. */
uint64_t page_available(void);

#endif
