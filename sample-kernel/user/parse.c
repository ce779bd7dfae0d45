/* SPDX-License-Identifier: MIT */
/* The shell's grammar, one pipeline at a time, because $? must be that of the pipeline before it:
 *
 *     line     = pipeline { (";" | "&" | "&&" | "||") pipeline }
 *     pipeline = [ command { "|" command } ]
 *     command  = { word | "<" word }
 *
 * Words: '...' takes everything as it is, "..." all but $? $! and the backslash; "#" begins a comment.
 * Limit: `a && b &` puts only b into the background. */
#include "sh.h"

static bool complain(const char *what)
{
    dprintf(2, "sh: %s\n", what);
    return false;
}

static void skip_blanks(const char **cursor)
{
    while (**cursor == ' ' || **cursor == '\t')
        ++*cursor;
    if (**cursor == '#')
        *cursor += strlen(*cursor);
}

static bool keep(struct pipeline *p, char c)
{
    if (p->used == sizeof p->text)
        return complain("line too long");
    p->text[p->used++] = c;
    return true;
}

/* $? and $!; any other dollar stands for itself. */
static bool expand(const char **cursor, struct pipeline *p)
{
    char number[16];
    char name = (*cursor)[1];

    if (name != '?' && name != '!') {
        ++*cursor;
        return keep(p, '$');
    }
    *cursor += 2;
    snprintf(number, sizeof number, "%d", name == '?' ? shell.status : shell.background);
    for (const char *s = number; *s; s++)
        if (!keep(p, *s))
            return false;
    return true;
}

/* One character of a word, outside of '...': the backslash, a variable, or itself. */
static bool word_character(const char **cursor, struct pipeline *p)
{
    if (**cursor == '$')
        return expand(cursor, p);
    if (**cursor == '\\' && (*cursor)[1])
        ++*cursor;
    return keep(p, *(*cursor)++);
}

/* The cursor is at a quote. */
static bool quoted(const char **cursor, struct pipeline *p)
{
    char quote = *(*cursor)++;

    while (**cursor != quote) {
        if (!**cursor)
            return complain("a quote is not closed");
        if (quote == '"' ? !word_character(cursor, p) : !keep(p, *(*cursor)++))
            return false;
    }
    ++*cursor;
    return true;
}

static bool ends_word(char c)
{
    return !c || strchr(" \t|&;<", c);
}

static const char *parse_word(const char **cursor, struct pipeline *p)
{
    const char *word = p->text + p->used;

    if (ends_word(**cursor)) {
        complain("a word is missing");
        return NULL;
    }
    while (!ends_word(**cursor)) {
        bool good = **cursor == '\'' || **cursor == '"' ? quoted(cursor, p) : word_character(cursor, p);

        if (!good)
            return NULL;
    }
    return keep(p, '\0') ? word : NULL;
}

static bool parse_command(const char **cursor, struct pipeline *p, struct command *command)
{
    for (skip_blanks(cursor); **cursor && !strchr("|&;", **cursor); skip_blanks(cursor)) {
        bool input = **cursor == '<';
        const char *word;

        *cursor += input;
        skip_blanks(cursor);
        word = parse_word(cursor, p);
        if (!word)
            return false;
        if (!input && command->argc == MAX_WORDS)
            return complain("too many words");
        if (input)
            command->input = word;
        else
            command->argv[command->argc++] = word;
    }
    return true;
}

static enum after parse_after(const char **cursor)
{
    char c = **cursor;
    bool two = c && c != ';' && (*cursor)[1] == c;

    *cursor += c ? 1 + two : 0;
    if (c == '&')
        return two ? AFTER_AND : AFTER_BACKGROUND;
    if (c == '|')
        return AFTER_OR;
    return c ? AFTER_SEMICOLON : AFTER_END;
}

bool parse_pipeline(const char **cursor, struct pipeline *p)
{
    memset(p, 0, sizeof *p);
    for (;;) {
        struct command *command = &p->commands[p->count];

        if (!parse_command(cursor, p, command))
            return false;
        if (**cursor == '|' && (*cursor)[1] != '|') {
            if (!command->argc)
                return complain("a command is missing");
            if (++p->count == MAX_COMMANDS)
                return complain("pipeline too long");
            ++*cursor;
            continue;
        }
        break;
    }
    if (p->commands[p->count].argc)
        p->count++;
    else if (p->count || p->commands[0].input || **cursor == '&' || **cursor == '|')
        return complain("a command is missing");
    p->after = parse_after(cursor);
    return true;
}
