/* SPDX-License-Identifier: MIT */
/*
 * What the run was asked for on the command line:
 *
 *     conform.n=N           multiplies loop counts, default 1
 *     conform.only=A,B      runs tests whose name is A or begins with A (so a group works, too)
 *     conform.list          lists the names instead
 *     conform.seed=N        another sequence of pseudo-random numbers
 *     conform.strict        the machine's time is the guest's own (--icount): also checks that nothing is late
 */
#include "conform.h"

const struct pv_boot_info *conform_info;

static uint64_t scale = 1;
static uint64_t seed = 1;
static uint64_t random_state;
static char only[1024];

uint64_t conform_option_number(const char *name, uint64_t otherwise)
{
    char text[24];
    uint64_t value = 0;

    if (pv_boot_option(conform_info, name, text, sizeof text) <= 0)
        return otherwise;
    for (const char *p = text; *p >= '0' && *p <= '9'; p++)
        value = value * 10 + (uint64_t)(*p - '0');
    return value;
}

void conform_options_init(const struct pv_boot_info *info)
{
    conform_info = info;
    scale = conform_option_number("conform.n", 1);
    if (scale == 0)
        scale = 1;
    seed = conform_option_number("conform.seed", 1);
    if (pv_boot_option(info, "conform.only", only, sizeof only) < 0)
        only[0] = 0;
}

bool conform_listing(void)
{
    char text[2];

    return pv_boot_option(conform_info, "conform.list", text, sizeof text) >= 0;
}

bool conform_strict(void)
{
    char text[2];

    return pv_boot_option(conform_info, "conform.strict", text, sizeof text) >= 0;
}

/* Whether name begins with the word at p, which ends at a comma or the end. */
static bool begins(const char *name, const char *p)
{
    while (*p && *p != ',' && *p == *name)
        p++, name++;
    return *p == 0 || *p == ',';
}

bool conform_selected(const char *name)
{
    if (only[0] == 0)
        return true;
    for (const char *p = only; *p;) {
        if (begins(name, p))
            return true;
        while (*p && *p++ != ',')
            ;
    }
    return false;
}

uint64_t conform_n(uint64_t base)
{
    return base * scale;
}

void conform_random_reset(const char *name)
{
    random_state = seed;
    while (*name)
        random_state = random_state * 31 + (unsigned char)*name++;
}

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (SplitMix64). */
uint64_t conform_random(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15UL;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9UL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebUL;
    return z ^ z >> 31;
}
