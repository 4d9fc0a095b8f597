/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_PLATFORM_PROVIDER_ANSWER_H
#define AUTHP_API_PROFILES_PLATFORM_PROVIDER_ANSWER_H

#include "api/core/call.h"

/* How a sign-in at a provider ends for the browser. `return_to` is where it wants to go: a path, a
 * URL, or NULL. */

/* Answers `err`: at a URL as its parameters `error` and `error_description`; for a path at the
 * sign-in page, with `error` and `return_to`. Without such a place a browser gets a small page
 * (AUTHP_OK), and any other client the error, which the handler returns. */
AUTHP_CHECKED authp_err_t authp_provider_answer_error(authp_call_t *call, const char *return_to,
                                                      authp_err_t err);

/* Answers a code: as the parameter `name` of `return_to`, or as JSON. */
AUTHP_CHECKED authp_err_t authp_provider_answer_code(authp_call_t *call, const char *return_to,
                                                     const char *name, const char *code);

/* A path as a Location header wants it. */
const char *authp_provider_answer_path(const authp_call_t *call, const char *return_to);

/* Writes the sign-in to the audit. `why` (NULL: nothing more) says more of an error. `grant` counts
 * only with AUTHP_OK. */
void authp_provider_answer_audit(const authp_call_t *call, const char *provider, authp_err_t err,
                                 const char *why, const authp_grant_t *grant);

#endif
