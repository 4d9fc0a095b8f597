/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the suites of suites.h, or those named as arguments, and prints TAP.
 * CK_FORK=no keeps every test in this process (valgrind, gdb). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include <check.h>

#define AUTHP_SUITE(name) Suite *suite_##name(void);
#include "suites.h"
#undef AUTHP_SUITE

typedef struct suite_row {
    const char *name;
    Suite *(*make)(void);
} suite_row;

static const suite_row rows[] = {
#define AUTHP_SUITE(name) {#name, suite_##name},
#include "suites.h"
#undef AUTHP_SUITE
    {NULL, NULL},
};

static const suite_row *find_row(const char *name)
{
    for (const suite_row *row = rows; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

static void add_all(SRunner *runner)
{
    for (const suite_row *row = rows; row->name != NULL; row++) {
        srunner_add_suite(runner, row->make());
    }
}

static int add_named(SRunner *runner, int count, char **names)
{
    for (int i = 0; i < count; i++) {
        const suite_row *row = find_row(names[i]);
        if (row == NULL) {
            fprintf(stderr, "no unit suite \"%s\"; t/unit/suites.h has:", names[i]);
            for (row = rows; row->name != NULL; row++) {
                fprintf(stderr, " %s", row->name);
            }
            fputc('\n', stderr);
            return -1;
        }
        srunner_add_suite(runner, row->make());
    }
    return 0;
}

/* Hashing under sanitizers or valgrind on a busy machine takes longer than Check's default of four
 * seconds. */
static void set_timeout(void)
{
    if (setenv("CK_DEFAULT_TIMEOUT", "60", 0) != 0) {
        abort();
    }
}

int main(int argc, char **argv)
{
    set_timeout();
    if (apr_initialize() != APR_SUCCESS) {
        fputs("apr_initialize failed\n", stderr);
        return EXIT_FAILURE;
    }
    SRunner *runner = srunner_create(NULL);
    int failed = 1;
    if (argc < 2) {
        add_all(runner);
    }
    if (argc < 2 || add_named(runner, argc - 1, argv + 1) == 0) {
        srunner_set_tap(runner, "-");
        srunner_run_all(runner, CK_SILENT);
        failed = srunner_ntests_failed(runner);
        if (srunner_ntests_run(runner) == 0) {
            fputs("no test ran\n", stderr);
            failed = 1;
        }
    }
    srunner_free(runner);
    apr_terminate();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
