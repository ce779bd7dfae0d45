/* SPDX-License-Identifier: MIT */
/*
 * Boot: the state in which pv_kernel_main() is called ("one state on every backend") and what
 * pv_boot_info says about the memory: "Regions do not overlap, are sorted by address and are page-aligned",
 * "pv_boot_info and all it points to lie in memory of region type PV_MEMORY_KERNEL", "all RAM is mapped
 * read-write at PV_DIRECT_BASE", and the image with the rights of its segments.
 */
#include "conform.h"

static uint64_t data = 0x1122334455667788UL;
static uint64_t bss[512];
static const uint64_t rodata = 0x8877665544332211UL;
static unsigned constructed;

static void __attribute__((constructor)) construct(void)
{
    constructed += 1;
}

static const struct pv_memory_region *region_of(pv_pa_t pa)
{
    for (uint32_t i = 0; i < conform_info->region_count; i++) {
        const struct pv_memory_region *r = &conform_info->regions[i];

        if (pa >= r->base && pa - r->base < r->size)
            return r;
    }
    return NULL;
}

static bool is_of_type(pv_pa_t first, uint64_t size, enum pv_memory_type type)
{
    const struct pv_memory_region *r = region_of(first);

    return r && r->type == (uint32_t)type && first + size <= r->base + r->size;
}

static bool is_kernels(const volatile void *va, uint64_t size)
{
    return is_of_type(pv_virt_to_phys(va), size, PV_MEMORY_KERNEL);
}

static void boot_info_has_version(void)
{
    CHECK_EQ(conform_info->abi_version, PV_ABI_VERSION);
    CHECK(conform_info->size >= sizeof *conform_info);
    CHECK_EQ(conform_info->zero, 0);
    CHECK(conform_info->cpu_count >= 1);
    CHECK(conform_info->cmdline != NULL);
}

static void boot_info_lies_in_kernel_memory(void)
{
    const struct pv_boot_info *info = conform_info;

    CHECK(is_kernels(info, info->size));
    CHECK(is_kernels(info->cmdline, __builtin_strlen(info->cmdline) + 1));
    CHECK(is_kernels(info->regions, info->region_count * sizeof *info->regions));
    if (info->module_count != 0)
        CHECK(is_kernels(info->modules, info->module_count * sizeof *info->modules));
    for (uint32_t i = 0; i < info->module_count; i++)
        CHECK(is_kernels(info->modules[i].cmdline, __builtin_strlen(info->modules[i].cmdline) + 1));
    CHECK(is_of_type(info->root, PV_PAGE_SIZE, PV_MEMORY_KERNEL));
}

static void boot_image_lies_in_kernel_memory(void)
{
    char on_stack;

    CHECK(is_kernels(&data, sizeof data));
    CHECK(is_kernels(bss, sizeof bss));
    CHECK(is_kernels(&rodata, sizeof rodata));
    CHECK(is_kernels((const void *)(uintptr_t)pv_kernel_main, 1));
    CHECK(is_kernels(&on_stack, 1));
}

static void boot_regions_are_sorted(void)
{
    pv_pa_t end = 0;

    REQUIRE(conform_info->region_count > 0);
    for (uint32_t i = 0; i < conform_info->region_count; i++) {
        const struct pv_memory_region *r = &conform_info->regions[i];

        CHECK(r->base >= end);
        CHECK(r->size != 0);
        CHECK_EQ(r->base % PV_PAGE_SIZE, 0);
        CHECK_EQ(r->size % PV_PAGE_SIZE, 0);
        CHECK_EQ(r->zero, 0);
        CHECK(r->base + r->size > r->base);
        end = r->base + r->size;
    }
    CHECK_EQ(conform_info->memory_end, end);
}

/* Both ends of every free region take what is written, and it is the same page from end to end. */
static void boot_ram_is_writable_by_direct_map(void)
{
    for (uint32_t i = 0; i < conform_info->region_count; i++) {
        const struct pv_memory_region *r = &conform_info->regions[i];
        volatile uint64_t *first = pv_phys_to_virt(r->base);
        volatile uint64_t *last = pv_phys_to_virt(r->base + r->size - sizeof *last);

        if (r->type != PV_MEMORY_RAM)
            continue;
        *first = ~r->base;
        *last = r->base + 1;
        CHECK_EQ(*first, ~r->base);
        CHECK_EQ(*last, r->base + 1);
        CHECK_EQ(pv_virt_to_phys(first), r->base);
    }
}

static void write_or_check(const struct pv_memory_region *r, bool check)
{
    /* Some pages of each region: enough to find address lines that are not looked at. */
    uint64_t step = (r->size / 64 & PV_PAGE_MASK) + PV_PAGE_SIZE;

    for (uint64_t at = 0; at < r->size; at += step) {
        volatile uint64_t *word = pv_phys_to_virt(r->base + at);

        if (!check)
            *word = r->base + at + 7;
        else
            CHECK_EQ(*word, r->base + at + 7);
    }
}

/* Pages of RAM are not aliases of each other: all are written before any is read. */
static void boot_ram_has_no_aliases(void)
{
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < conform_info->region_count; i++)
            if (conform_info->regions[i].type == PV_MEMORY_RAM)
                write_or_check(&conform_info->regions[i], pass == 1);
}

static void boot_direct_map_shows_image(void)
{
    volatile uint64_t *alias = pv_phys_to_virt(pv_virt_to_phys(&data));

    CHECK_EQ(*alias, data);
    *alias = 1;
    CHECK_EQ(*(volatile uint64_t *)&data, 1);
    *alias = 0x1122334455667788UL;
}

static void boot_modules_are_loaded(void)
{
    uint64_t wanted = conform_option_number("conform.module", 0);
    uint64_t sum = 0;

    for (uint32_t i = 0; i < conform_info->module_count; i++) {
        const struct pv_boot_module *m = &conform_info->modules[i];
        const unsigned char *bytes = pv_phys_to_virt(m->base);

        CHECK_EQ(m->base % PV_PAGE_SIZE, 0);
        CHECK(m->cmdline != NULL);
        if (m->size == 0)
            continue;
        CHECK(is_of_type(m->base, m->size, PV_MEMORY_MODULE));
        for (uint64_t at = 0; at < m->size; at++)
            sum += bytes[at] * (at % 251 + 1);
    }
    /* conform.module= is the weighted sum of the bytes of the initrd, given by who started this run. */
    if (wanted != 0)
        CHECK_EQ(sum, wanted);
}

static void boot_framebuffer_is_sane(void)
{
    const struct pv_boot_framebuffer *fb = &conform_info->framebuffer;

    CHECK_EQ(fb->zero, 0);
    if (fb->base == 0) {
        CHECK_EQ(fb->width, 0);
        CHECK_EQ(fb->height, 0);
        CHECK_EQ(fb->pitch, 0);
        return;
    }
    CHECK(fb->width != 0 && fb->height != 0);
    CHECK(fb->pitch / 4 >= fb->width);
    CHECK(region_of(fb->base) == NULL);
}

static void boot_data_and_bss_are_initialised(void)
{
    CHECK_EQ(*(volatile uint64_t *)&data, 0x1122334455667788UL);
    CHECK_EQ(*(const volatile uint64_t *)&rodata, 0x8877665544332211UL);
    for (unsigned i = 0; i < sizeof bss / sizeof bss[0]; i++)
        CHECK_EQ(((volatile uint64_t *)bss)[i], 0);
}

static void boot_constructors_have_run_once(void)
{
    CHECK_EQ(constructed, 1);
}

static void __attribute__((noinline)) use_stack(volatile unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 7);
    for (size_t i = 0; i < size; i++)
        CHECK(bytes[i] == (unsigned char)(i * 7));
}

/* The harness above has used less than a kilobyte of the 16. */
static void boot_stack_has_16_kib(void)
{
    unsigned char bytes[14 * 1024];

    use_stack(bytes, sizeof bytes);
}

static void boot_state_is_as_promised(void)
{
    CHECK_EQ(conform_at_entry.enabled, false);
    CHECK_EQ(conform_at_entry.root, conform_info->root);
    CHECK_EQ(conform_at_entry.base, 0);
    CHECK_EQ(conform_at_entry.cpu, 0);
    CHECK_EQ(conform_at_entry.direction, 0);
}

static void store(void *address)
{
    *(volatile unsigned char *)address = 0xc3;
}

static void load(void *address)
{
    (void)*(volatile unsigned char *)address;
}

static void execute(void *address)
{
    ((void (*)(void))(uintptr_t)address)();
}

static void expect_fault(void (*fn)(void *), const volatile void *address, uint64_t error)
{
    struct pv_frame frame;

    if (!CHECK(conform_catch(fn, (void *)(uintptr_t)address, &frame)))
        return;
    CHECK_EQ(frame.vector, PV_EXCEPTION_PF);
    CHECK_EQ(frame.error, error);
    CHECK_EQ(conform_entry.address, (pv_va_t)address);
}

static void boot_image_has_rights_of_segments(void)
{
    expect_fault(store, &rodata, PV_PF_P | PV_PF_W);
    expect_fault(store, (const void *)(uintptr_t)pv_kernel_main, PV_PF_P | PV_PF_W);
    expect_fault(execute, &data, PV_PF_P | PV_PF_I);
    expect_fault(execute, bss, PV_PF_P | PV_PF_I);
    expect_fault(execute, &rodata, PV_PF_P | PV_PF_I);
    CHECK_EQ(*(const volatile uint64_t *)&rodata, 0x8877665544332211UL);
}

static void boot_user_window_is_empty(void)
{
    static const pv_va_t places[] = {PV_USER_BASE, 0x100000,      0x400000,
                                     0x40000000,   0x7fffffff000, PV_USER_END - PV_PAGE_SIZE};

    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++)
        expect_fault(load, (const void *)places[i], 0);
    for (pv_va_t va = 0; va < PV_USER_END; va += PV_MMU_SPAN(4))
        CHECK(!(pv_pte_get(conform_walk(conform_info->root, va, 4)) & PV_PTE_P));
}

const struct conform_test conform_boot_tests[] = {
    CONFORM_TEST(boot_info_has_version),
    CONFORM_TEST(boot_state_is_as_promised),
    CONFORM_TEST(boot_info_lies_in_kernel_memory),
    CONFORM_TEST(boot_image_lies_in_kernel_memory),
    CONFORM_TEST(boot_regions_are_sorted),
    CONFORM_TEST(boot_ram_is_writable_by_direct_map),
    CONFORM_TEST(boot_ram_has_no_aliases),
    CONFORM_TEST(boot_direct_map_shows_image),
    CONFORM_TEST(boot_modules_are_loaded),
    CONFORM_TEST(boot_framebuffer_is_sane),
    CONFORM_TEST(boot_data_and_bss_are_initialised),
    CONFORM_TEST(boot_constructors_have_run_once),
    CONFORM_TEST(boot_stack_has_16_kib),
    CONFORM_TEST(boot_image_has_rights_of_segments),
    CONFORM_TEST(boot_user_window_is_empty),
    {0},
};
