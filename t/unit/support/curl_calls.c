/* SPDX-License-Identifier: Apache-2.0 */
#include "curl_calls.h"

#include <check.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#undef curl_easy_setopt

#define NUMBER_FIRST 30000 /* ... and of those that are off_t */
#define BLOB_FIRST 40000

curl_calls_t curl_calls = {.refused = CURL_CALLS_NONE,
                           .global_inits = CURL_CALLS_NONE,
                           .easy_inits = CURL_CALLS_NONE,
                           .multi_inits = CURL_CALLS_NONE,
                           .multi_adds = CURL_CALLS_NONE,
                           .multi_performs = CURL_CALLS_NONE};

void curl_calls_forget(void)
{
    curl_calls.given[0] = '\0';
    curl_calls.ngiven = curl_calls.performed = 0;
    curl_calls.disturbed = false;
    curl_calls.tls_library = NULL;
    curl_calls.refused = curl_calls.global_inits = curl_calls.easy_inits = CURL_CALLS_NONE;
    curl_calls.multi_inits = curl_calls.multi_adds = CURL_CALLS_NONE;
    curl_calls.multi_performs = CURL_CALLS_NONE;
}

static void *real_function(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    ck_assert_ptr_nonnull(found);
    return found;
}

/* libcurl's own function, as a pointer `real` of the type `type`. */
#define REAL(type, name)                                                                           \
    union {                                                                                        \
        void *object;                                                                              \
        type *function;                                                                            \
    } real = {.object = real_function(name)}

/* More than 0 while libcurl runs, which makes handles of its own. */
static _Thread_local int inside;

/* True if this call shall fail. */
static bool fails(int *left)
{
    if (*left > 0) {
        (*left)--;
        return false;
    }
    return *left == 0;
}

/* The signals that end httpd, and the one of a closed connection. */
static void look_at_signals(void)
{
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    curl_calls.disturbed = curl_calls.disturbed || sigismember(&blocked, SIGTERM) != 1 ||
                           sigismember(&blocked, SIGPIPE) != 1 ||
                           sigismember(&blocked, SIGUSR1) != 1;
}

/* --- options ---------------------------------------------------------------------------------- */

static bool is_text(CURLoption option)
{
    return option == CURLOPT_URL || option == CURLOPT_PROXY || option == CURLOPT_PROTOCOLS_STR ||
           option == CURLOPT_USERAGENT || option == CURLOPT_POSTFIELDS ||
           option == CURLOPT_USERNAME || option == CURLOPT_PASSWORD ||
           option == CURLOPT_LOGIN_OPTIONS;
}

static void note(CURLoption option, const char *value)
{
    const struct curl_easyoption *known = curl_easy_option_by_id(option);
    ck_assert_ptr_nonnull(known);
    size_t used = strlen(curl_calls.given);
    (void)snprintf(curl_calls.given + used, sizeof(curl_calls.given) - used, "%s=%s\n", known->name,
                   value);
}

static void note_number(CURLoption option, long long value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%lld", value);
    note(option, text);
}

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    typedef CURLcode setopt_fn(CURL * easy, CURLoption option, ...);
    REAL(setopt_fn, "curl_easy_setopt");
    CURLcode rc = CURLE_OK;
    va_list rest;
    va_start(rest, option);
    if (curl_calls.ngiven++ == curl_calls.refused) {
        va_end(rest);
        return CURLE_UNKNOWN_OPTION;
    }
    if ((int)option < CURLOPTTYPE_OBJECTPOINT) {
        long value = va_arg(rest, long);
        note_number(option, value);
        rc = real.function(easy, option, value);
    } else if ((int)option >= NUMBER_FIRST && (int)option < BLOB_FIRST) {
        curl_off_t value = va_arg(rest, curl_off_t);
        note_number(option, value);
        rc = real.function(easy, option, value);
    } else {
        void *value = va_arg(rest, void *);
        if (option == CURLOPT_CAINFO_BLOB) {
            curl_calls.blob = *(const struct curl_blob *)value;
        }
        note(option, is_text(option) ? (const char *)value : value != NULL ? "set" : "NULL");
        rc = real.function(easy, option, value);
    }
    va_end(rest);
    return rc;
}

curl_version_info_data *curl_version_info(CURLversion now)
{
    typedef curl_version_info_data *info_fn(CURLversion now);
    static curl_version_info_data told;
    REAL(info_fn, "curl_version_info");
    told = *real.function(now);
    told.ssl_version = curl_calls.tls_library != NULL ? curl_calls.tls_library : told.ssl_version;
    return &told;
}

/* --- objects ---------------------------------------------------------------------------------- */

CURLcode curl_easy_perform(CURL *easy)
{
    typedef CURLcode perform_fn(CURL * easy);
    REAL(perform_fn, "curl_easy_perform");
    curl_calls.performed++;
    look_at_signals();
    inside++;
    CURLcode rc = real.function(easy);
    inside--;
    return rc;
}

CURLcode curl_global_init(long flags)
{
    typedef CURLcode init_fn(long flags);
    REAL(init_fn, "curl_global_init");
    if (fails(&curl_calls.global_inits)) {
        return CURLE_FAILED_INIT;
    }
    curl_calls.global_open++;
    return real.function(flags);
}

void curl_global_cleanup(void)
{
    typedef void cleanup_fn(void);
    REAL(cleanup_fn, "curl_global_cleanup");
    curl_calls.global_open--;
    real.function();
}

CURL *curl_easy_init(void)
{
    typedef CURL *init_fn(void);
    REAL(init_fn, "curl_easy_init");
    if (inside == 0 && fails(&curl_calls.easy_inits)) {
        return NULL;
    }
    curl_calls.easy_made += inside == 0;
    curl_calls.easy_open += inside == 0;
    return real.function();
}

void curl_easy_cleanup(CURL *easy)
{
    typedef void cleanup_fn(CURL *);
    REAL(cleanup_fn, "curl_easy_cleanup");
    curl_calls.easy_open -= easy != NULL && inside == 0;
    real.function(easy);
}

CURLM *curl_multi_init(void)
{
    typedef CURLM *init_fn(void);
    REAL(init_fn, "curl_multi_init");
    if (fails(&curl_calls.multi_inits)) {
        return NULL;
    }
    curl_calls.multi_open++;
    inside++;
    CURLM *multi = real.function();
    inside--;
    return multi;
}

CURLMcode curl_multi_cleanup(CURLM *multi)
{
    typedef CURLMcode cleanup_fn(CURLM *);
    REAL(cleanup_fn, "curl_multi_cleanup");
    curl_calls.multi_open -= multi != NULL;
    inside++;
    CURLMcode rc = real.function(multi);
    inside--;
    return rc;
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    typedef CURLMcode add_fn(CURLM *, CURL *);
    REAL(add_fn, "curl_multi_add_handle");
    if (fails(&curl_calls.multi_adds)) {
        return CURLM_OUT_OF_MEMORY;
    }
    curl_calls.multi_members++;
    return real.function(multi, easy);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
    typedef CURLMcode remove_fn(CURLM *, CURL *);
    REAL(remove_fn, "curl_multi_remove_handle");
    curl_calls.multi_members -= curl_calls.multi_members > 0; /* may be in none */
    return real.function(multi, easy);
}

CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
    typedef CURLMcode perform_fn(CURLM *, int *);
    REAL(perform_fn, "curl_multi_perform");
    look_at_signals();
    return fails(&curl_calls.multi_performs) ? CURLM_INTERNAL_ERROR : real.function(multi, running);
}

/* --- connections ------------------------------------------------------------------------------ */

CURLcode curl_easy_send(CURL *easy, const void *bytes, size_t len, size_t *sent)
{
    typedef CURLcode send_fn(CURL *, const void *, size_t, size_t *);
    REAL(send_fn, "curl_easy_send");
    look_at_signals();
    return real.function(easy, bytes, len, sent);
}
