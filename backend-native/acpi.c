/* SPDX-License-Identifier: MIT */
/*
 * What the firmware's ACPI tables say about interrupt controllers, processors, power-off and reset.
 *
 * boot.c calls native_acpi_init() before native_irq_init(). The tables are data from outside: lengths are
 * bounded, checksums verified, and a read beyond a table's end gives 0. A machine without tables, or with
 * broken ones, keeps the defaults of a PC. ACPI 6.4, chapter 5.2.
 *
 * Limit: AML is not interpreted; of the code in DSDT and SSDTs only the constant package \_S5_ is read.
 */
#include "clock.h"
#include "native.h"

#define PC_IOAPIC 0xfec00000

#define HEADER_SIZE 36u
#define TABLE_MAX (1u << 20)
#define MAPPED_MAX (16u << 20) /* of all tables together: page tables for them are not unlimited */
#define TABLES_MAX 256u

#define RSDP_V1_SIZE 20u
#define RSDP_V2_SIZE 36u

/* A table that is mapped and has the right checksum. */
struct table {
    const uint8_t *data;
    uint32_t size;
};

struct native_acpi native_acpi = {
    .has_pic = true,
    .has_rtc = true,
    .cpu_count = 1,
    .ioapic_count = 1,
    .ioapic = {{PC_IOAPIC, 0}},
};

static uint64_t mapped; /* bytes of address space used so far */
static bool s5_found;

static bool checksum_ok(const uint8_t *data, uint32_t size)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + data[i]);
    return sum == 0;
}

/* A little-endian field; 0 where the table, of an older version perhaps, does not reach. */
static uint64_t field(const struct table *t, uint32_t offset, unsigned bytes)
{
    uint64_t value = 0;

    if (offset > t->size || t->size - offset < bytes)
        return 0;
    for (unsigned i = bytes; i-- > 0;)
        value = value << 8 | t->data[offset + i];
    return value;
}

static bool has_name(const uint8_t *at, const char *name)
{
    return __builtin_memcmp(at, name, 4) == 0;
}

/* Whether the CPU can have such an address at all; others would fault when they are used. */
static bool plausible(pv_pa_t pa, uint64_t size)
{
    uint32_t id[4];

    native_cpuid(0x80000000, 0, id);
    if (id[0] >= 0x80000008)
        native_cpuid(0x80000008, 0, id);
    else
        id[0] = 36;
    return pa != 0 && pa + size > pa && (pa + size - 1) >> (id[0] & 0x3f) == 0;
}

static const uint8_t *map(pv_pa_t pa, uint32_t size)
{
    mapped += size + PV_PAGE_SIZE;
    if (!plausible(pa, size) || mapped > MAPPED_MAX)
        return NULL;
    return native_map_firmware(pa, size);
}

static bool load_table(pv_pa_t pa, struct table *t)
{
    struct table header = {map(pa, HEADER_SIZE), HEADER_SIZE};

    if (header.data == NULL)
        return false;
    t->size = (uint32_t)field(&header, 4, 4);
    if (t->size < HEADER_SIZE || t->size > TABLE_MAX)
        return false;
    t->data = map(pa, t->size);
    return t->data != NULL && checksum_ok(t->data, t->size);
}

/*
 * --- MADT (5.2.12): interrupt controllers and processors ---
 * Where the local APIC is, the CPU itself tells (lapic.c).
 */

static void add_ioapic(pv_pa_t base, uint32_t gsi)
{
    struct native_acpi *a = &native_acpi;

    if (a->ioapic_count < NATIVE_IOAPICS_MAX && plausible(base, PV_PAGE_SIZE))
        a->ioapic[a->ioapic_count++] = (struct native_acpi_ioapic){base, gsi};
}

/* MPS INTI flags: polarity in bits 1:0 (3: active low), trigger in bits 3:2 (3: level); others are ISA's. */
static void add_override(uint64_t source, uint32_t gsi, uint64_t flags)
{
    if (source < 16)
        native_acpi.isa[source] =
            (struct native_acpi_override){gsi, .level = (flags >> 2 & 3) == 3, .low = (flags & 3) == 3};
}

static void madt_entry(const struct table *t, uint32_t at, unsigned *cpus)
{
    switch (field(t, at, 1)) {
    case 0: /* processor with local APIC */
        *cpus += field(t, at + 4, 4) & 1;
        break;
    case 1:
        add_ioapic(field(t, at + 4, 4), (uint32_t)field(t, at + 8, 4));
        break;
    case 2:
        add_override(field(t, at + 3, 1), (uint32_t)field(t, at + 4, 4), field(t, at + 8, 2));
        break;
    case 9: /* processor with local x2APIC */
        *cpus += field(t, at + 8, 4) & 1;
        break;
    }
}

static void read_madt(const struct table *t)
{
    unsigned cpus = 0;

    native_acpi.has_pic = (field(t, 40, 4) & 1) != 0;
    native_acpi.ioapic_count = 0;
    native_acpi.isa[NATIVE_PIT_LINE].gsi = NATIVE_PIT_LINE;
    for (uint32_t at = 44, size; at < t->size; at += size) {
        size = (uint32_t)field(t, at + 1, 1);
        if (size < 2 || size > t->size - at)
            break;
        madt_entry(t, at, &cpus);
    }
    if (cpus > 0)
        native_acpi.cpu_count = cpus;
}

/* --- \_S5_: how to ask for power-off (7.4.2) --- */

/* An integer constant in AML (20.2.3) at *at, which moves behind it. */
static bool take_integer(const struct table *t, uint32_t *at, uint16_t *value)
{
    uint8_t op = (uint8_t)field(t, *at, 1);
    unsigned bytes = op == 0x0a ? 1 : op == 0x0b ? 2 : op == 0x0c ? 4 : 0;

    if (*at >= t->size || (bytes == 0 && op > 1))
        return false;
    *value = (uint16_t)(bytes == 0 ? op : field(t, *at + 1, bytes));
    *at += 1 + bytes;
    return true;
}

/*
 * NameOp, perhaps a backslash, the name at @at, PackageOp, length of 1 to 4 bytes, count, elements
 * (20.2.5.4).
 */
static bool parse_s5(const struct table *t, uint32_t at)
{
    bool named = field(t, at - 1, 1) == 0x08 || (field(t, at - 1, 1) == '\\' && field(t, at - 2, 1) == 0x08);
    uint32_t length_bytes = 1 + (uint32_t)(field(t, at + 5, 1) >> 6);
    uint32_t element = at + 5 + length_bytes + 1;
    unsigned count = (unsigned)field(t, element - 1, 1);
    uint16_t a, b;

    if (!named || field(t, at + 4, 1) != 0x12 || count < 1 || !take_integer(t, &element, &a))
        return false;
    if (count < 2 || !take_integer(t, &element, &b))
        b = a;
    native_acpi.sleep_type_a = a & 7;
    native_acpi.sleep_type_b = b & 7;
    return true;
}

static void find_s5(const struct table *t)
{
    for (uint32_t at = HEADER_SIZE; at + 4 <= t->size && !s5_found; at++)
        s5_found = has_name(t->data + at, "_S5_") && parse_s5(t, at);
}

/* --- FADT (5.2.9): power-off and reset registers, clock chip --- */

/* A generic address (5.2.3.2) of a register that is in memory or an I/O port, or 0. */
static pv_pa_t generic_address(const struct table *t, uint32_t offset, bool *is_io)
{
    uint64_t space = field(t, offset, 1), address = field(t, offset + 4, 8);

    *is_io = space == 1;
    if (space == 1)
        return address <= 0xffff ? address : 0;
    return space == 0 && plausible(address, 4) ? address : 0;
}

/* The port of a PM1 control register: the extended field where there is one. */
static uint16_t pm1_port(const struct table *t, uint32_t extended, uint32_t legacy)
{
    bool is_io;
    pv_pa_t address = generic_address(t, extended, &is_io);

    if (address == 0 || !is_io)
        address = field(t, legacy, 4);
    return address <= 0xffff ? (uint16_t)address : 0;
}

static void read_fadt(const struct table *t)
{
    struct native_acpi *a = &native_acpi;
    uint64_t flags = field(t, 112, 4);
    pv_pa_t dsdt_pa = field(t, 140, 8);
    struct table dsdt;

    a->century = field(t, 108, 1) & 0x7f;
    a->has_rtc = (field(t, 109, 2) >> 5 & 1) == 0;
    a->reduced = (flags >> 20 & 1) != 0;
    if (a->reduced) {
        a->sleep_control = generic_address(t, 244, &a->sleep_control_is_io);
    } else {
        a->pm1a_control = pm1_port(t, 172, 64);
        a->pm1b_control = pm1_port(t, 184, 68);
        a->smi_command = (uint16_t)field(t, 48, 4);
        a->acpi_enable = (uint8_t)field(t, 52, 1);
    }
    if (flags >> 10 & 1) {
        a->reset_register = generic_address(t, 116, &a->reset_is_io);
        a->reset_value = (uint8_t)field(t, 128, 1);
    }
    if (load_table(dsdt_pa != 0 ? dsdt_pa : field(t, 40, 4), &dsdt))
        find_s5(&dsdt);
}

/* --- RSDP, XSDT, RSDT (5.2.5 to 5.2.8) --- */

static void read_table(pv_pa_t pa)
{
    static const struct {
        char name[5];
        void (*read)(const struct table *);
    } known[] = {{"APIC", read_madt}, {"FACP", read_fadt}, {"SSDT", find_s5}};
    const uint8_t *header = map(pa, HEADER_SIZE);
    struct table t;

    for (unsigned i = 0; header != NULL && i < sizeof known / sizeof known[0]; i++)
        if (has_name(header, known[i].name) && load_table(pa, &t))
            known[i].read(&t);
}

static bool read_root(pv_pa_t pa, const char *name, unsigned entry_size)
{
    struct table t;

    if (!load_table(pa, &t) || !has_name(t.data, name))
        return false;
    for (uint32_t i = 0; i < TABLES_MAX && HEADER_SIZE + (i + 1) * entry_size <= t.size; i++)
        read_table(field(&t, HEADER_SIZE + i * entry_size, entry_size));
    return true;
}

static bool is_rsdp(const uint8_t *at)
{
    return __builtin_memcmp(at, "RSD PTR ", 8) == 0 && checksum_ok(at, RSDP_V1_SIZE);
}

static pv_pa_t search(pv_pa_t base, uint32_t size)
{
    const uint8_t *area = map(base, size);

    for (uint32_t at = 0; area != NULL && at + RSDP_V2_SIZE <= size; at += 16)
        if (is_rsdp(area + at))
            return base + at;
    return 0;
}

/* The first KiB of the extended BIOS data area, whose segment the BIOS tells at 0x40e, or the BIOS itself. */
static pv_pa_t search_bios(void)
{
    struct table bda = {map(0x400, 256), 256};
    pv_pa_t ebda = bda.data == NULL ? 0 : field(&bda, 0x0e, 2) << 4;
    pv_pa_t rsdp = 0;

    if (ebda >= 0x80000 && ebda <= 0x9fc00)
        rsdp = search(ebda, 1024);
    return rsdp != 0 ? rsdp : search(0xe0000, 0x20000);
}

void native_acpi_init(pv_pa_t rsdp)
{
    struct native_acpi *a = &native_acpi;
    struct table t = {NULL, RSDP_V2_SIZE};

    for (unsigned i = 0; i < 16; i++)
        a->isa[i].gsi = i;
    a->isa[NATIVE_PIT_LINE].gsi = NATIVE_PIT_PIN;
    if (rsdp == 0)
        rsdp = search_bios();
    t.data = rsdp == 0 ? NULL : map(rsdp, RSDP_V2_SIZE);
    if (t.data == NULL || !is_rsdp(t.data))
        return;
    if (field(&t, 15, 1) >= 2 && checksum_ok(t.data, RSDP_V2_SIZE))
        a->found = read_root(field(&t, 24, 8), "XSDT", 8);
    if (!a->found)
        a->found = read_root(field(&t, 16, 4), "RSDT", 4);
    if (!s5_found) {
        a->pm1a_control = a->pm1b_control = 0;
        a->sleep_control = 0;
    }
}
