/* SPDX-License-Identifier: MIT */
/*
 * The posix backend's walk of page tables (backend-posix/walk.h) against a model written from the manual alone
 * (SDM vol. 3, 4.5 to 4.7): any bytes as RAM, any root, address and access. Both must say the same about the
 * translation or the fault, and leave the same in the tables. AddressSanitizer watches that the walk stays in
 * RAM. Input: root, address, access, size, then pairs of a place and a word for RAM.
 */
#include <stdbool.h>
#include <string.h>

#include "backend-posix/walk.h"
#include "fuzz.h"

#define PAGES 6u
#define FAULT_PRESENT 1u
#define FAULT_RESERVED 8u

struct input {
    uint64_t root, va, access, size;
};

struct model {
    uint64_t *ram;
    uint64_t size;
    bool good;
    uint64_t error, pa, flags, entry;
    unsigned level;
};

static void fault(struct model *m, uint64_t access, uint64_t bits)
{
    m->good = false;
    m->error = access | bits;
}

static void translate(struct model *m, uint64_t entry, uint64_t va, uint64_t access, uint64_t writable,
                      uint64_t user, uint64_t no_execute)
{
    unsigned shift = 12 + 9 * (m->level - 1);
    uint64_t low = (1UL << shift) - 1;

    if ((access >> 2 & 1 && !user) || (access >> 1 & 1 && !writable) || (access >> 4 & 1 && no_execute)) {
        fault(m, access, FAULT_PRESENT);
        return;
    }
    m->pa = (entry & 0xffffffffff000UL & ~low) + (va & low);
    if (m->pa >= m->size) {
        fault(m, access, FAULT_PRESENT | FAULT_RESERVED);
        return;
    }
    m->good = true;
    m->error = 0;
    m->flags = writable << 1 | user << 2 | no_execute << 63;
}

/* One level; accessed and dirty are set on the way back, when it is known that the access is good. */
static void walk_level(struct model *m, uint64_t table, uint64_t va, uint64_t access, uint64_t writable,
                       uint64_t user, uint64_t no_execute)
{
    unsigned level = m->level;
    uint64_t at = table / 8 + (va >> (3 + 9 * level) & 511), entry;
    bool large;

    if (table > m->size - 4096) {
        fault(m, access, FAULT_PRESENT | FAULT_RESERVED);
        return;
    }
    entry = m->ram[at];
    large = entry >> 7 & 1;
    if (!(entry & 1)) {
        fault(m, access, 0);
        return;
    }
    if ((level == 4 && large) || (level == 3 && large && (entry & 0x3fffe000UL)) ||
        (level == 2 && large && (entry & 0x1fe000UL))) {
        fault(m, access, FAULT_PRESENT | FAULT_RESERVED);
        return;
    }
    writable &= entry >> 1;
    user &= entry >> 2;
    no_execute |= entry >> 63;
    if (level == 1 || (level < 4 && large)) {
        translate(m, entry, va, access, writable, user, no_execute);
        if (m->good) {
            m->entry = at * 8;
            m->ram[at] |= 0x20 | (access & 2 ? 0x40 : 0);
            m->flags |= m->ram[at] & 0x40;
        }
        return;
    }
    m->level--;
    walk_level(m, entry & 0xffffffffff000UL, va, access, writable, user, no_execute);
    if (m->good)
        m->ram[at] |= 0x20; /* the same entry may have been met before: by then it is set already */
}

static void compare(char *ram, uint64_t *copy, const struct input *in)
{
    struct model m = {.ram = copy, .size = in->size, .level = 4};
    struct posix_walk walk = {.error = ~0UL};
    uint64_t access = in->access & 0x16;
    bool good = posix_walk(ram, in->size, in->root, in->va, access, &walk);

    if (in->va >> 47)
        fault(&m, access, 0);
    else
        walk_level(&m, in->root, in->va, access, 1, 1, 0);
    FUZZ_CHECK(good == m.good);
    FUZZ_CHECK(walk.error == m.error);
    FUZZ_CHECK(memcmp(ram, copy, in->size) == 0);
    if (!good)
        return;
    FUZZ_CHECK(walk.pa == m.pa);
    FUZZ_CHECK(walk.level == m.level);
    FUZZ_CHECK((char *)walk.entry == ram + m.entry);
    FUZZ_CHECK(walk.flags == (m.flags & (PV_PTE_W | PV_PTE_U | PV_PTE_NX | PV_PTE_D)));
}

/* Words of the input as entries: most of them name a page of this RAM, so that walks get somewhere. */
static uint64_t entry_of(uint64_t word)
{
    uint64_t flags = word & (0xfffUL | PV_PTE_NX);

    if (word & 1UL << 62)
        return word;
    if (word & 1UL << 61)
        flags &= ~PV_PTE_LARGE;
    return flags | (word >> 12) % (PAGES + 2) * PV_PAGE_SIZE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in;
    uint64_t *ram, *copy, word;
    uint16_t place;

    if (size < sizeof in)
        return 0;
    memcpy(&in, data, sizeof in);
    in.size = (in.size % PAGES + 1) * PV_PAGE_SIZE;
    in.root = (in.root & 1 ? in.root >> 12 : (in.root >> 12) % (PAGES + 1)) << 12;
    ram = calloc(1, in.size);
    copy = malloc(in.size);
    FUZZ_CHECK(ram != NULL && copy != NULL);
    for (size_t at = sizeof in; at + 10 <= size; at += 10) {
        memcpy(&place, data + at, sizeof place);
        memcpy(&word, data + at + 2, sizeof word);
        ram[place % (in.size / 8)] = entry_of(word);
    }
    memcpy(copy, ram, in.size);
    compare((char *)ram, copy, &in);
    free(ram);
    free(copy);
    return 0;
}
