/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_INTAKE_FIXTURE_H
#define AUTHP_TEST_INTAKE_FIXTURE_H

#include "service/intake/intake.h"

/* 2026-01-01, the present of these tests. */
#define INTAKE_NOW 1767225600000LL

/* A text as a file that gives `chunk` bytes at a time. After the text, reading fails if `fails`. */
typedef struct intake_text_t {
    const char *text;
    size_t len;
    int chunk;
    bool fails;
} intake_text_t;

int intake_fixture_read(void *ctx, char *buffer, int len);

/* Settings with ROLES=candidate,recruiter,admin and a provider "corp" of
 * https://id.corp.example/realms/acme. */
authp_settings_t *intake_fixture_settings(apr_pool_t *pool);
authp_intake_options_t intake_fixture_options(const char *format, apr_pool_t *pool);

/* What became of a file. */
typedef struct intake_result_t {
    authp_err_t err;           /* AUTHP_E_NOT_FOUND: read to its end */
    const char *why;           /* the reason of another error */
    apr_array_header_t *users; /* authp_user_t *; NULL for an entry that was left out */
    const char *notes;         /* all notes, each with a newline */
    const char *remarks;       /* all remarks, each with a newline */
} intake_result_t;

/* Reads all of `text`. */
intake_result_t intake_fixture_all(const authp_intake_options_t *options, const char *text,
                                   apr_pool_t *pool);
/* The same with the bytes of `file`. */
intake_result_t intake_fixture_file(const authp_intake_options_t *options, intake_text_t *file,
                                    apr_pool_t *pool);
/* The account of entry `i`, which must be there. */
const authp_user_t *intake_fixture_user(const intake_result_t *result, int i);
/* Reads all of `text` with the parameters of hashes in `options`, and the settings above. */
intake_result_t intake_fixture_as(const authp_intake_options_t *options, const char *format,
                                  const char *text, apr_pool_t *pool);
/* The identities as "provider issuer sub email", joined by ", ". The stores must accept them. */
const char *intake_fixture_identities(const authp_user_t *user, apr_pool_t *pool);

#endif
