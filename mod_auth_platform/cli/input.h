/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_INPUT_H
#define AUTHP_CLI_INPUT_H

#include "base/secret.h"
#include "cli/context.h"

/* Checks the values of options. These functions print an error if a value is wrong, unless their
 * comment says otherwise. */

/* Prints "--NAME: WHY" and returns the exit status. */
int authp_input_wrong(const authp_context_t *context, const char *name, const char *why);
/* Applies a rule of authp_account_rules_check_* to an argument, which may be no UTF-8. Returns
 * NULL, or what is wrong; prints nothing. */
const char *authp_input_check(const char *text, const char *(*rule)(const char *, size_t));
/* *e164: the phone number `text`, which may be E.164 of any country, or what
 * authp_phone_parse() takes. Returns NULL, or what is wrong; prints nothing. */
const char *authp_input_phone(const authp_context_t *context, const char *text, const char **e164);
/* Returns NULL if there is such a role, else what is wrong. Prints nothing. */
const char *authp_input_check_role(const authp_context_t *context, const char *role);
/* Parses a comma-separated list of different roles, or "-" for none. Returns NULL, or what is
 * wrong; prints nothing. */
const char *authp_input_check_roles(const authp_context_t *context, const char *list,
                                    apr_array_header_t **out);
/* The option --NAME as a number from 1 to `most`. `usual` if it was not given, 0 if it is wrong. */
int authp_input_number(const authp_context_t *context, const char *name, int usual, int most);
/* Reads the option --NAME as a time: a span before now (30m, 24h, 7d), or a date or time in UTC
 * (2026-01-31, 2026-01-31T08:00:00Z). Without the option *out does not change. Returns false for a
 * wrong value, after it has printed an error. */
bool authp_input_since(const authp_context_t *context, const char *name, authp_ms_t *out);
/* True if --NAME is an id. It must have been given. */
bool authp_input_id(const authp_context_t *context, const char *name);
/* Reads a password from the terminal or from standard input, and checks it by the rules. */
AUTHP_CHECKED authp_err_t authp_input_password(const authp_context_t *context,
                                               authp_secret_t **out);

#endif
