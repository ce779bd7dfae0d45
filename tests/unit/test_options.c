/* SPDX-License-Identifier: MIT */
/* tools/pvrun/options.c and command.c: what a user may type, and the QEMU command line made of it. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tools/pvrun/command.h"
#include "tools/pvrun/options.h"
#include "unit.h"

static struct options options;
static char error[OPTIONS_ERROR_MAX];

/* The words of a command line, up to a NULL. */
#define PARSE(...) parse((const char *const[]){"pvrun", __VA_ARGS__, NULL})

static bool parse(const char *const *argv)
{
    int argc = 0;

    while (argv[argc] != NULL)
        argc++;
    strcpy(error, "(none)");
    return options_parse(&options, argc, argv, error);
}

#define REFUSED(text, ...)                                                         \
    do {                                                                           \
        ck_assert_msg(!PARSE(__VA_ARGS__), "accepted: " #__VA_ARGS__);             \
        ck_assert_msg(strstr(error, text) != NULL, "%s: not in: %s", text, error); \
        ck_assert_ptr_eq(strchr(error, '\n'), NULL);                               \
    } while (0)

START_TEST(options_defaults)
{
    ck_assert(PARSE("k.elf"));
    ck_assert_str_eq(options.kernel, "k.elf");
    ck_assert_str_eq(options.append, "");
    ck_assert_str_eq(options.machine, "microvm");
    ck_assert_uint_eq(options.memory, 128 << 20);
    ck_assert_uint_eq(options.timeout, 0);
    ck_assert_ptr_eq(options.initrd, NULL);
    ck_assert_ptr_eq(options.cpu, NULL);
    ck_assert_ptr_eq(options.qemu, NULL);
    ck_assert_uint_eq(options.qemu_args, 0);
    ck_assert(!options.icount && !options.no_input && !options.verbose && !options.help && !options.version);
}
END_TEST

START_TEST(options_values_in_both_forms)
{
    ck_assert(PARSE("--memory", "1G", "--append", "a b", "k", "--initrd", "i", "--timeout", "0.5",
                    "--machine", "pc", "--cpu", "max", "--qemu", "q", "--icount", "--verbose", "--no-input"));
    ck_assert_uint_eq(options.memory, 1ull << 30);
    ck_assert_str_eq(options.append, "a b");
    ck_assert_str_eq(options.kernel, "k");
    ck_assert_str_eq(options.initrd, "i");
    ck_assert_uint_eq(options.timeout, 500000000);
    ck_assert_str_eq(options.machine, "pc");
    ck_assert_str_eq(options.cpu, "max");
    ck_assert_str_eq(options.qemu, "q");
    ck_assert(options.icount && options.no_input && options.verbose);
    ck_assert(PARSE("--memory=2M", "--append=a=b --c", "--initrd=x,y", "--timeout=3", "--machine=q35",
                    "--cpu=EPYC,-x", "--qemu=/q q", "k"));
    ck_assert_uint_eq(options.memory, 2 << 20);
    ck_assert_str_eq(options.append, "a=b --c");
    ck_assert_str_eq(options.initrd, "x,y");
    ck_assert_uint_eq(options.timeout, 3000000000);
    ck_assert_str_eq(options.cpu, "EPYC,-x");
}
END_TEST

START_TEST(options_short_forms)
{
    ck_assert(PARSE("-m", "64M", "k"));
    ck_assert_uint_eq(options.memory, 64 << 20);
    ck_assert(PARSE("-m64M", "k"));
    ck_assert_uint_eq(options.memory, 64 << 20);
    ck_assert(PARSE("-m=64M", "k"));
    ck_assert_uint_eq(options.memory, 64 << 20);
    ck_assert(PARSE("-h") && options.help);
    ck_assert(PARSE("-V") && options.version);
    REFUSED("takes no value", "-hx");
}
END_TEST

START_TEST(options_order_is_free_and_the_last_counts)
{
    ck_assert(PARSE("k", "-m", "1M", "--append=1", "--memory=2M", "--append", "2"));
    ck_assert_str_eq(options.kernel, "k");
    ck_assert_uint_eq(options.memory, 2 << 20);
    ck_assert_str_eq(options.append, "2");
    ck_assert(PARSE("--append", "--help", "k")); /* a value may look like an option */
    ck_assert_str_eq(options.append, "--help");
    ck_assert(!options.help);
}
END_TEST

START_TEST(options_two_dashes_end_them)
{
    ck_assert(PARSE("--verbose", "--", "--help"));
    ck_assert_str_eq(options.kernel, "--help");
    ck_assert(!options.help && options.verbose);
    ck_assert(PARSE("--", "--"));
    ck_assert_str_eq(options.kernel, "--");
    ck_assert(PARSE("-"));
    ck_assert_str_eq(options.kernel, "-");
    REFUSED("no kernel", "--");
    REFUSED("two kernels", "--", "a", "b");
}
END_TEST

START_TEST(options_wrong_ones_are_refused)
{
    ck_assert(!parse((const char *const[]){"pvrun", NULL}));
    ck_assert_str_eq(error, "no kernel given");
    REFUSED("unknown option --mem", "--mem", "1", "k");
    REFUSED("unknown option --memoryx=1", "--memoryx=1", "k");
    REFUSED("unknown option -x", "-x", "k");
    REFUSED("unknown option --=1", "--=1", "k");
    REFUSED("needs a value", "k", "--append");
    REFUSED("needs a value", "k", "-m");
    REFUSED("not empty", "--initrd=", "k");
    REFUSED("not empty", "--machine", "", "k");
    REFUSED("takes no value", "--icount=1", "k");
    REFUSED("two kernels given: a and b", "a", "b");
    REFUSED("empty", "");
    REFUSED("not one of", "--machine=isapc", "k");
    REFUSED("not one of", "--machine=,acpi=off", "k");
    REFUSED("not one of", "--machine=microvms", "k");
    REFUSED("not a time", "--timeout=0", "k");
    REFUSED("not a time", "--timeout=1s", "k");
    REFUSED("not a size", "--memory=0", "k");
    REFUSED("not a size", "--memory=-1", "k");
    REFUSED("not a size", "--memory= 1", "k");
    REFUSED("not a size", "--memory=16E", "k");
    REFUSED("not a size", "--memory=99999999999999999999", "k");
    REFUSED("not a size", "--memory=17179869184G", "k");
    ck_assert(PARSE("--memory=17179869183G", "k"));
    ck_assert(PARSE("--append=", "k"));
}
END_TEST

START_TEST(options_help_needs_no_kernel)
{
    ck_assert(PARSE("--help"));
    ck_assert(PARSE("--version", "a"));
    ck_assert(PARSE("--help", "--machine=vax"));
    REFUSED("unknown", "--help", "--what");
}
END_TEST

START_TEST(options_long_words_do_not_overflow)
{
    static char word[100000];

    memset(word, 'a', sizeof word - 1);
    REFUSED("two kernels", word, word);
    word[0] = word[1] = '-';
    REFUSED("unknown option", word);
    word[9] = '=';
    memcpy(word, "--machine", 9);
    REFUSED("not one of", word, "k");
    ck_assert_uint_lt(strlen(error), OPTIONS_ERROR_MAX);
}
END_TEST

START_TEST(options_qemu_args_are_kept_in_order_and_counted)
{
    const char *argv[2 * OPTIONS_QEMU_ARGS_MAX + 4] = {"pvrun", "k"};
    int argc = 2;

    ck_assert(PARSE("--qemu-arg=-smp", "--qemu-arg", "2", "k", "--qemu-arg="));
    ck_assert_uint_eq(options.qemu_args, 3);
    ck_assert_str_eq(options.qemu_arg[0], "-smp");
    ck_assert_str_eq(options.qemu_arg[1], "2");
    ck_assert_str_eq(options.qemu_arg[2], "");
    for (int i = 0; i < OPTIONS_QEMU_ARGS_MAX; i++)
        argv[argc++] = "--qemu-arg=x";
    ck_assert(options_parse(&options, argc, argv, error));
    argv[argc++] = "--qemu-arg=x";
    ck_assert(!options_parse(&options, argc, argv, error));
}
END_TEST

static struct command command;

/* The argument behind the only occurrence of a word. */
static const char *behind(const char *word)
{
    const char *found = NULL;

    for (size_t i = 0; i + 1 < command.argc; i++) {
        if (strcmp(command.argv[i], word) == 0) {
            ck_assert_ptr_eq(found, NULL);
            found = command.argv[i + 1];
        }
    }
    return found;
}

START_TEST(command_has_what_was_asked_for)
{
    ck_assert(
        PARSE("k,1", "-m2M", "--append=a,b", "--initrd=i,j", "--cpu=max", "--qemu-arg=-smp", "--qemu-arg=2"));
    command_build(&command, &options, "qemu", 10, 11, 12);
    ck_assert_str_eq(command.argv[0], "qemu");
    ck_assert_ptr_eq(command.argv[command.argc], NULL);
    ck_assert_str_eq(behind("-kernel"), "k,1");
    ck_assert_str_eq(behind("-append"), "a,b");
    ck_assert_str_eq(behind("-initrd"), "i,j");
    ck_assert_str_eq(behind("-cpu"), "max");
    ck_assert_str_eq(behind("-m"), "size=2097152B");
    ck_assert_str_eq(command.argv[command.argc - 2], "-smp");
    ck_assert_str_eq(command.argv[command.argc - 1], "2");
    ck_assert_ptr_eq(behind("-icount"), NULL);
}
END_TEST

START_TEST(command_machines)
{
    ck_assert(PARSE("k", "--machine=pc,hpet=off", "--icount"));
    command_build(&command, &options, "qemu", 10, 11, 12);
    ck_assert_str_eq(behind("-M"), "pc,hpet=off");
    ck_assert_ptr_eq(behind("-machine"), NULL);
    ck_assert_str_eq(behind("-icount"), "shift=0,sleep=off");
    ck_assert(PARSE("k", "--machine=microvm,acpi=off,rtc=off"));
    command_build(&command, &options, "qemu", 10, 11, 12);
    ck_assert_ptr_ne(strstr(behind("-M"), "pit=on"), NULL);
    ck_assert_str_eq(behind("-machine"), "acpi=off,rtc=off");
}
END_TEST

START_TEST(command_of_most_arguments_fits)
{
    const char *argv[OPTIONS_QEMU_ARGS_MAX + 20] = {
        "pvrun", "k",         "--icount",         "--cpu", "max",         "--initrd",
        "i",     "--machine", "microvm,acpi=off", "-m",    "17179869183G"};
    int argc = 11;

    for (int i = 0; i < OPTIONS_QEMU_ARGS_MAX; i++)
        argv[argc++] = i == OPTIONS_QEMU_ARGS_MAX - 1 ? "--qemu-arg=last" : "--qemu-arg=x";
    ck_assert(options_parse(&options, argc, argv, error));
    command_build(&command, &options, "qemu", 2147483647, 2147483646, 2147483645);
    ck_assert_str_eq(command.argv[command.argc - 1], "last");
    ck_assert_uint_lt(command.argc, COMMAND_ARGS_MAX);
    ck_assert_uint_lt(command.used, sizeof command.text);
}
END_TEST

START_TEST(command_prints_for_a_shell)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    memset(&command, 0, sizeof command);
    command.argv[0] = (char *)"a,b";
    command.argv[1] = (char *)"";
    command.argv[2] = (char *)"it's $x";
    command.argc = 3;
    command_print(stream, &command);
    fclose(stream);
    ck_assert_str_eq(text, "a,b '' 'it'\\''s $x'\n");
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = unit_case("options");

    tcase_add_test(tests, options_defaults);
    tcase_add_test(tests, options_values_in_both_forms);
    tcase_add_test(tests, options_short_forms);
    tcase_add_test(tests, options_order_is_free_and_the_last_counts);
    tcase_add_test(tests, options_two_dashes_end_them);
    tcase_add_test(tests, options_wrong_ones_are_refused);
    tcase_add_test(tests, options_help_needs_no_kernel);
    tcase_add_test(tests, options_long_words_do_not_overflow);
    tcase_add_test(tests, options_qemu_args_are_kept_in_order_and_counted);
    tcase_add_test(tests, command_has_what_was_asked_for);
    tcase_add_test(tests, command_machines);
    tcase_add_test(tests, command_of_most_arguments_fits);
    tcase_add_test(tests, command_prints_for_a_shell);
    return unit_run(tests);
}
