/* SPDX-License-Identifier: MIT */
/* Editing a line that is typed: line.c. */
#ifndef SAMPLE_LINE_H
#define SAMPLE_LINE_H

#include "abi.h"
#include "klib.h"

enum line_event {
    LINE_GOES_ON,
    LINE_READY, /* text[0..size) is what was typed, with its "\n" unless ^D ended it */
    LINE_END,   /* ^D on an empty line: end of file */
};

/* Zero-initialised, and zeroed again by line_reset() before the next line. */
struct line {
    size_t size;
    char text[LINE_SIZE];
    int escape; /* inside a sequence that a special key sends */
    void (*echo)(const char *text, size_t size); /* shows what was typed */
};

/* One byte has come in. */
enum line_event line_input(struct line *line, char c);

/* Forget what was typed. */
void line_reset(struct line *line);

#endif
