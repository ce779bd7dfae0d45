/* SPDX-License-Identifier: MIT */
/*
 * The line editor of the console: backspace, ^W (word), ^U (line), ^C (drops the line), ^D, Enter. What is
 * typed is echoed; keys that mean nothing here are swallowed. One state machine without any I/O of its own,
 * so that its unit test can type into it on the host. Called by console.c.
 *
 * Limit: a tab counts as a blank, and a character counts as one column.
 */
#include "line.h"

#define CONTROL(letter) ((letter) & 0x1f)
#define ESCAPE 0x1b
#define DELETE 0x7f

enum { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_INSIDE };

static void echo(struct line *line, const char *text)
{
    line->echo(text, str_length(text));
}

/* UTF-8: bytes behind the first of a character. */
static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static void erase_character(struct line *line)
{
    if (line->size == 0)
        return;
    do
        line->size--;
    while (line->size > 0 && is_continuation(line->text[line->size]));
    echo(line, "\b \b");
}

static void erase_word(struct line *line)
{
    while (line->size > 0 && line->text[line->size - 1] == ' ')
        erase_character(line);
    while (line->size > 0 && line->text[line->size - 1] != ' ')
        erase_character(line);
}

/* One place is kept for the newline. */
static void insert(struct line *line, char c)
{
    if (line->size == LINE_SIZE - 1) {
        echo(line, "\a");
        return;
    }
    line->text[line->size++] = c;
    line->echo(&c, 1);
}

static enum line_event end_line(struct line *line)
{
    line->text[line->size++] = '\n';
    echo(line, "\n");
    return LINE_READY;
}

/* Special keys send ESC [ digits letter or ESC O letter; this is the end of one if it is a letter or ~. */
static void skip_escape(struct line *line, char c)
{
    if (line->escape == ESCAPE_BEGUN && (c == '[' || c == 'O'))
        line->escape = ESCAPE_INSIDE;
    else if (line->escape == ESCAPE_BEGUN || c >= 0x40)
        line->escape = ESCAPE_NONE;
}

enum line_event line_input(struct line *line, char c)
{
    if (line->escape != ESCAPE_NONE) {
        skip_escape(line, c);
        return LINE_GOES_ON;
    }
    switch (c) {
    case '\r':
    case '\n':
        return end_line(line);
    case CONTROL('C'):
        echo(line, "^C");
        line->size = 0;
        return end_line(line);
    case CONTROL('D'):
        return line->size > 0 ? LINE_READY : LINE_END;
    case CONTROL('H'):
    case DELETE:
        erase_character(line);
        break;
    case CONTROL('U'):
        while (line->size > 0)
            erase_character(line);
        break;
    case CONTROL('W'):
        erase_word(line);
        break;
    case ESCAPE:
        line->escape = ESCAPE_BEGUN;
        break;
    case '\t':
        insert(line, ' ');
        break;
    default:
        if ((unsigned char)c >= ' ')
            insert(line, c);
    }
    return LINE_GOES_ON;
}

void line_reset(struct line *line)
{
    line->size = 0;
    line->escape = ESCAPE_NONE;
}
