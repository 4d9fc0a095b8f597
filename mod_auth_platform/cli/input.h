/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_INPUT_H
#define AUTHP_CLI_INPUT_H

#include "base/secret.h"
#include "cli/context.h"

/* What options say, checked. What is wrong is told to the operator here. */

/* "--NAME: WHY"; returns the exit status. */
int authp_input_wrong(const authp_context_t *context, const char *name, const char *why);
/* A rule of authp_account_check_* on an argument, which need not be UTF-8. Says only what is wrong,
 * NULL if nothing. */
const char *authp_input_check(const char *text, const char *(*rule)(const char *, size_t));
/* The same: is there such a role? */
const char *authp_input_check_role(const authp_context_t *context, const char *role);
/* Comma separated, each known and there once; "-" for none. */
const char *authp_input_check_roles(const authp_context_t *context, const char *list,
                                    apr_array_header_t **out);
/* --NAME as a number from 1 to `most`; `usual` if it was not given, 0 if it is wrong. */
int authp_input_number(const authp_context_t *context, const char *name, int usual, int most);
/* Reads the option --NAME as a time: a span before now (30m, 24h, 7d), or a date or time in UTC
 * (2026-01-31, 2026-01-31T08:00:00Z). Without the option *out does not change. Returns false for a
 * wrong value, after it has printed an error. */
bool authp_input_since(const authp_context_t *context, const char *name, authp_ms_t *out);
/* Is --NAME, which was given, an id? */
bool authp_input_id(const authp_context_t *context, const char *name);
/* A password, typed or from standard input, that the rules allow. */
AUTHP_CHECKED authp_err_t authp_input_password(const authp_context_t *context,
                                               authp_secret_t **out);

#endif
