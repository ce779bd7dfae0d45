/* SPDX-License-Identifier: MIT */
/*
 * The date from the battery-backed clock chip, read once at boot (time.c); from then on the TSC counts.
 *
 * Motorola MC146818A data sheet: registers, update cycle, data modes. The register for the century is not
 * of the chip's; ACPI tells where it is (ACPI 6.4, 5.2.9, CENTURY).
 *
 * Limit: the chip is taken to run on UTC. A machine that was set up to keep local time is off by its zone.
 */
#include "clock.h"
#include "native.h"

#define PORT_INDEX 0x70
#define PORT_DATA 0x71

#define REG_SECOND 0x00
#define REG_MINUTE 0x02
#define REG_HOUR 0x04
#define REG_DAY 0x07
#define REG_MONTH 0x08
#define REG_YEAR 0x09
#define REG_A 0x0a
#define REG_B 0x0b
#define REG_D 0x0d

#define A_UPDATE_IN_PROGRESS 0x80
#define B_24_HOURS 0x02
#define B_BINARY 0x04
#define D_VALID 0x80
#define HOUR_PM 0x80

#define SPIN_MAX 20000 /* reads of register A; an update lasts 2.2 ms */
#define READS_MAX 8
#define YEAR_MIN 1970
#define YEAR_MAX 2261 /* the last whole one that 64 bits of ns hold, signed */

struct date {
    uint8_t second, minute, hour, day, month, year, century;
};

static uint8_t read_register(uint8_t index)
{
    native_outb(PORT_INDEX, index);
    return native_inb(PORT_DATA);
}

static struct date read_once(void)
{
    struct date d = {0};

    /* When the bit is clear, at least 244 us are left before the next update. */
    for (unsigned i = 0; i < SPIN_MAX && (read_register(REG_A) & A_UPDATE_IN_PROGRESS); i++)
        pv_cpu_relax();
    d.second = read_register(REG_SECOND);
    d.minute = read_register(REG_MINUTE);
    d.hour = read_register(REG_HOUR);
    d.day = read_register(REG_DAY);
    d.month = read_register(REG_MONTH);
    d.year = read_register(REG_YEAR);
    if (native_acpi.century != 0)
        d.century = read_register(native_acpi.century);
    return d;
}

static bool same(const struct date *a, const struct date *b)
{
    return a->second == b->second && a->minute == b->minute && a->hour == b->hour && a->day == b->day &&
           a->month == b->month && a->year == b->year && a->century == b->century;
}

/* Two equal readings: something may have come between the test and the reads. */
static bool read_twice(struct date *d)
{
    *d = read_once();
    for (unsigned i = 0; i < READS_MAX; i++) {
        struct date again = read_once();

        if (same(d, &again))
            return true;
        *d = again;
    }
    return false;
}

/* A field as a number; 255 if it is none. */
static unsigned number(uint8_t field, bool binary)
{
    if (binary)
        return field;
    return (field & 15) > 9 || field >> 4 > 9 ? 255 : (field >> 4) * 10u + (field & 15);
}

/* 12 am is 0 o'clock and 12 pm is 12. */
static unsigned hour_of(uint8_t field, uint8_t reg_b)
{
    bool pm = !(reg_b & B_24_HOURS) && (field & HOUR_PM);
    unsigned hour = number(pm ? field & ~HOUR_PM : field, reg_b & B_BINARY);

    if (reg_b & B_24_HOURS)
        return hour;
    return hour < 1 || hour > 12 ? 255 : hour % 12 + (pm ? 12 : 0);
}

static unsigned year_of(const struct date *d, bool binary)
{
    unsigned year = number(d->year, binary), century = number(d->century, binary);

    if (year > 99)
        return 0;
    return year + 100 * (century >= 19 && century <= 22 ? century : 20);
}

static bool leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in(unsigned month, unsigned year)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && leap(year) ? 1u : 0u);
}

static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
    uint64_t days = day - 1;

    for (unsigned y = YEAR_MIN; y < year; y++)
        days += leap(y) ? 366 : 365;
    for (unsigned m = 1; m < month; m++)
        days += days_in(m, year);
    return days;
}

uint64_t native_rtc_read(void)
{
    struct date d;
    uint8_t reg_b = read_register(REG_B);
    bool binary = (reg_b & B_BINARY) != 0;
    unsigned year, month, day, hour, minute, second;

    if (!native_acpi.has_rtc || !(read_register(REG_D) & D_VALID) || !read_twice(&d))
        return 0;
    year = year_of(&d, binary);
    month = number(d.month, binary);
    day = number(d.day, binary);
    hour = hour_of(d.hour, reg_b);
    minute = number(d.minute, binary);
    second = number(d.second, binary);
    /* No chip reads as all ones, a forgotten one as anything. */
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
        day > days_in(month, year) || hour > 23 || minute > 59 || second > 59)
        return 0;
    return ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}
