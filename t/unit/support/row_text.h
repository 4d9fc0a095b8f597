/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_ROW_TEXT_H
#define AUTHP_TEST_ROW_TEXT_H

#include "api/core/profile.h"

/* Compares the tables of a profile with `lines`, the texts that a reader of its document relies on.
 * There is one line for the profile itself, and one for each of its problems, routes, bodies,
 * answers and errors:
 *   NAME "TITLE" MEMBERS
 *   ! ERROR: STATUS CODE, TITLE: DETAIL (seconds of Retry-After)
 *   METHOD PATH [TAG] (WHO) FLAGS {BODY} ?PARAMETER=KIND -> STATUS ANSWER | STATUS CODE, ...
 *   {BODY} FIELD KIND, ...: "!" after a field that is required, "?" after one that may be null
 *   ANSWER = PROPERTY TYPE, ...
 * Fails at the first line that differs, and names both. `pool` is for scratch memory. */
void row_text_same(const authp_profile_t *profile, const char *const *lines, int count,
                   apr_pool_t *pool);

#endif
