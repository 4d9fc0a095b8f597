/* SPDX-License-Identifier: Apache-2.0 */
#include "dbd_tap.h"

#include <apr_allocator.h>
#include <apr_dbd.h>
#include <apr_reslist.h>
#include <check.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define STATEMENTS 64

dbd_tap_list_t dbd_tap_list;
bool dbd_tap_no_driver;
bool dbd_tap_no_list;

static bool noting;
static char noted[65536];
static char taken[sizeof(noted)];
static dbd_tap_fn *watching;

static struct {
    const char *part; /* NULL: no call fails */
    int times;
    int rc;
    const char *message;
    bool made; /* the call is made before it fails */
} failure;

static const char *failed_with; /* the message of the last call, if it was made to fail */

static struct {
    const apr_dbd_prepared_t *prepared;
    char text[4096];
} statements[STATEMENTS];
static unsigned int nstatements;

void dbd_tap_begin(void)
{
    noted[0] = '\0';
    failure.part = NULL;
    failed_with = NULL;
    watching = NULL;
    dbd_tap_no_driver = dbd_tap_no_list = false;
    noting = true;
}

void dbd_tap_end(void)
{
    dbd_tap_no_driver = dbd_tap_no_list = false;
    noting = false;
}

const char *dbd_tap_take(void)
{
    memcpy(taken, noted, sizeof(taken));
    noted[0] = '\0';
    return taken;
}

int dbd_tap_count(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static void set_failure(const char *part, int times, int rc, const char *message)
{
    failure.part = part;
    failure.times = times;
    failure.rc = rc;
    failure.message = message;
}

void dbd_tap_fail(const char *part, int times, int rc, const char *message)
{
    set_failure(part, times, rc, message);
    failure.made = false;
}

void dbd_tap_lose(const char *part, int times, int rc, const char *message)
{
    set_failure(part, times, rc, message);
    failure.made = true;
}

void dbd_tap_watch(dbd_tap_fn *watch)
{
    watching = watch;
}

static void record(const char *kind, const char *text)
{
    failed_with = NULL;
    if (noting) {
        size_t used = strlen(noted);
        (void)snprintf(noted + used, sizeof(noted) - used, "%s%s%s\n", kind,
                       *text != '\0' ? " " : "", text);
    }
}

/* Notes a call. Returns true if it is to fail. */
static bool note(const char *kind, const char *text)
{
    record(kind, text);
    if (noting && watching != NULL) {
        watching(text);
    }
    if (!noting || failure.part == NULL || failure.times == 0 ||
        strstr(text, failure.part) == NULL) {
        return false;
    }
    failure.times--;
    failed_with = failure.message;
    return true;
}

static void *real_function(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    ck_assert_ptr_nonnull(found);
    return found;
}

/* A function of the same type as `name` that calls the library's own one. */
#define REAL(name)                                                                                 \
    union {                                                                                        \
        void *object;                                                                              \
        __typeof__(&(name)) function;                                                              \
    } real = {.object = real_function(#name)}

apr_status_t apr_dbd_get_driver(apr_pool_t *pool, const char *name, const apr_dbd_driver_t **driver)
{
    REAL(apr_dbd_get_driver);
    return dbd_tap_no_driver ? APR_EDSOOPEN : real.function(pool, name, driver);
}

apr_status_t apr_dbd_open_ex(const apr_dbd_driver_t *driver, apr_pool_t *pool, const char *params,
                             apr_dbd_t **handle, const char **error)
{
    REAL(apr_dbd_open_ex);
    if (note("open", params)) {
        *error = failed_with;
        return APR_EGENERAL;
    }
    return real.function(driver, pool, params, handle, error);
}

apr_status_t apr_dbd_close(const apr_dbd_driver_t *driver, apr_dbd_t *handle)
{
    REAL(apr_dbd_close);
    record("close", "");
    return real.function(driver, handle);
}

int apr_dbd_query(const apr_dbd_driver_t *driver, apr_dbd_t *handle, int *rows, const char *text)
{
    REAL(apr_dbd_query);
    bool fails = note("send", text);
    int rc = !fails || failure.made ? real.function(driver, handle, rows, text) : 0;
    return fails ? failure.rc : rc;
}

int apr_dbd_select(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle,
                   apr_dbd_results_t **results, const char *text, int random)
{
    REAL(apr_dbd_select);
    bool fails = note("send", text);
    int rc =
        !fails || failure.made ? real.function(driver, pool, handle, results, text, random) : 0;
    return fails ? failure.rc : rc;
}

int apr_dbd_prepare(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle,
                    const char *text, const char *name, apr_dbd_prepared_t **prepared)
{
    REAL(apr_dbd_prepare);
    if (noting) {
        char line[4200];
        (void)snprintf(line, sizeof(line), "%s: %s", name != NULL ? name : "-", text);
        record("prepare", line);
    }
    int rc = real.function(driver, pool, handle, text, name, prepared);
    if (noting && rc == 0) {
        unsigned int i = nstatements++ % STATEMENTS;
        statements[i].prepared = *prepared;
        (void)snprintf(statements[i].text, sizeof(statements[i].text), "%s", text);
    }
    return rc;
}

/* The text of a statement that was prepared, the latest one first. */
static const char *text_of(const apr_dbd_prepared_t *prepared)
{
    for (unsigned int i = 0; i < STATEMENTS && i < nstatements; i++) {
        unsigned int at = (nstatements - 1 - i) % STATEMENTS;
        if (statements[at].prepared == prepared) {
            return statements[at].text;
        }
    }
    return "?";
}

int apr_dbd_pbselect(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle,
                     apr_dbd_results_t **results, apr_dbd_prepared_t *prepared, int random,
                     const void **values)
{
    REAL(apr_dbd_pbselect);
    bool fails = noting && note("run", text_of(prepared));
    int rc = 0;
    if (!fails || failure.made) {
        rc = real.function(driver, pool, handle, results, prepared, random, values);
    }
    return fails ? failure.rc : rc;
}

const char *apr_dbd_error(const apr_dbd_driver_t *driver, apr_dbd_t *handle, int rc)
{
    REAL(apr_dbd_error);
    return noting && failed_with != NULL ? failed_with : real.function(driver, handle, rc);
}

/* --- lists of connections --------------------------------------------------------------------- */

apr_status_t apr_reslist_create(apr_reslist_t **list, int least, int soft_most, int most,
                                apr_interval_time_t idle, apr_reslist_constructor make,
                                apr_reslist_destructor end, void *params, apr_pool_t *pool)
{
    REAL(apr_reslist_create);
    dbd_tap_list = (dbd_tap_list_t){
        .least = least, .soft_most = soft_most, .most = most, .idle_us = (long long)idle};
    if (dbd_tap_no_list) {
        return APR_ENOMEM;
    }
    return real.function(list, least, soft_most, most, idle, make, end, params, pool);
}

void apr_reslist_timeout_set(apr_reslist_t *list, apr_interval_time_t timeout)
{
    REAL(apr_reslist_timeout_set);
    dbd_tap_list.timeout_us = (long long)timeout;
    real.function(list, timeout);
}

apr_status_t apr_reslist_maintain(apr_reslist_t *list)
{
    REAL(apr_reslist_maintain);
    dbd_tap_list.maintained++;
    return real.function(list);
}

void apr_allocator_max_free_set(apr_allocator_t *allocator, apr_size_t size)
{
    REAL(apr_allocator_max_free_set);
    dbd_tap_list.kept = (long long)size;
    real.function(allocator, size);
}
