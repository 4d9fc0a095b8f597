/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_CURL_CALLS_H
#define AUTHP_TEST_CURL_CALLS_H

#include <curl/curl.h>
#include <stdbool.h>

#define CURL_CALLS_NONE (-1)

/* What libcurl is asked for. Its functions are replaced in the test program: they note the call,
 * and then do what libcurl does, or fail if the test wants that. */
typedef struct curl_calls_t {
    char given[2000];        /* the options since curl_calls_forget(), "NAME=value\n"... */
    int ngiven;              /* their number */
    struct curl_blob blob;   /* the certificates */
    int performed;           /* requests that were sent with curl_easy_perform() */
    const char *tls_library; /* what libcurl says that it uses; NULL: the truth */
    int refused;             /* the option at this place is refused; CURL_CALLS_NONE */
    /* The number of calls that end well, after which all fail; CURL_CALLS_NONE: none fails. */
    int global_inits;
    int easy_inits;
    int multi_inits;
    int multi_adds;
    int multi_performs;
    /* Objects that were made and not released, without those that libcurl makes for itself. */
    int global_open;
    int easy_open;
    int multi_open;
    int multi_members; /* handles that are in a multi handle */
    int easy_made;     /* all of them */
    bool disturbed;    /* libcurl worked in a thread that a signal could reach */
} curl_calls_t;

extern curl_calls_t curl_calls;

/* Forgets options and requests, and lets nothing fail. What is open stays counted. */
void curl_calls_forget(void);

#endif
