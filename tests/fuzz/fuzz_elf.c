/* SPDX-License-Identifier: MIT */
/* Fuzzer of host/elf.c and host/symbols.c: the input is an image file. The copy has exactly the input's
 * length, so that the address sanitizer sees every read behind its end. Built and run by
 * tests/e2e/40-fuzz.sh. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "host/elf.h"
#include "host/symbols.h"

static void check_image(const struct elf_image *image)
{
    FUZZ_CHECK(image->segments > 0 && image->segments <= ELF_SEGMENTS_MAX);
    for (unsigned i = 0; i < image->segments; i++) {
        const struct elf_segment *segment = &image->segment[i];
        FUZZ_CHECK(segment->file_size <= segment->memory_size);
        FUZZ_CHECK(segment->offset <= image->size && segment->file_size <= image->size - segment->offset);
        FUZZ_CHECK(segment->physical + segment->memory_size >= segment->physical);
        FUZZ_CHECK(segment->physical + segment->memory_size <= image->top);
    }
}

static void check_symbols(const struct elf_image *image)
{
    struct symbols symbols;
    uint64_t offset;

    symbols_load(&symbols, image);
    for (size_t i = 0; i < symbols.count; i++) {
        uint64_t address = symbols.symbol[i].address;
        FUZZ_CHECK(i == 0 || symbols.symbol[i - 1].address <= address);
        FUZZ_CHECK(strlen(symbols.names + symbols.symbol[i].name) > 0);
        if (symbols_find(&symbols, address, &offset) != NULL)
            FUZZ_CHECK(offset == 0);
        symbols_find(&symbols, address - 1, &offset);
    }
    symbols_find(&symbols, image->entry, &offset);
    symbols_free(&symbols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct elf_image image;
    uint8_t *copy = malloc(size + (size == 0));
    enum elf_error error;

    memcpy(copy, data, size);
    error = elf_parse(&image, copy, size);
    FUZZ_CHECK(elf_error_text(error) != NULL);
    if (error == ELF_OK) {
        check_image(&image);
        check_symbols(&image);
    }
    free(copy);
    return 0;
}
