/* SPDX-License-Identifier: MIT */
/* pv_boot_option(): words NAME or NAME=VALUE of the command line, values may be "in quotes". */
#include "lib.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* Behind NAME if the word at @a word is NAME or NAME=..., else NULL. */
static const char *match(const char *word, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++)
        if (word[i] != name[i])
            return NULL;
    return word[length] == '\0' || word[length] == '=' || is_blank(word[length]) ? word + length : NULL;
}

static const char *skip_word(const char *word)
{
    bool quoted = false;

    for (; *word != '\0' && (quoted || !is_blank(*word)); word++)
        if (*word == '"')
            quoted = !quoted;
    return word;
}

static int copy_value(const char *from, char *value, size_t size)
{
    bool quoted = false;
    size_t length = 0;

    for (; *from != '\0' && (quoted || !is_blank(*from)); from++) {
        if (*from == '"') {
            quoted = !quoted;
            continue;
        }
        if (length + 1 < size)
            value[length] = *from;
        length++;
    }
    if (size > 0)
        value[length < size ? length : size - 1] = '\0';
    return (int)length;
}

int pv_boot_option(const struct pv_boot_info *info, const char *name, char *value, size_t size)
{
    const char *word = info->cmdline;

    while (*word != '\0') {
        const char *behind = match(word, name);

        if (behind != NULL)
            return copy_value(*behind == '=' ? behind + 1 : "", value, size);
        word = skip_word(word);
        while (is_blank(*word))
            word++;
    }
    return -PV_ENOENT;
}
