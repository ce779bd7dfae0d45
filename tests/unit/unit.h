/* SPDX-License-Identifier: MIT */
/* The frame of a unit test program: one suite with one case, run in separate processes as libcheck does. */
#ifndef PVOPS_TESTS_UNIT_H
#define PVOPS_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

static Suite *unit_suite;

static inline TCase *unit_case(const char *name)
{
    TCase *tests = tcase_create(name);

    unit_suite = suite_create(name);
    suite_add_tcase(unit_suite, tests);
    return tests;
}

static inline int unit_run(TCase *tests)
{
    SRunner *runner = srunner_create(unit_suite);
    int failed;

    (void)tests;
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
