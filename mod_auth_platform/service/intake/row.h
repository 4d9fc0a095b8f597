/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INTAKE_ROW_H
#define AUTHP_SERVICE_INTAKE_ROW_H

#include "service/intake/draft.h"

/* The time of accounts for which the file has no time: 2020-01-01. It is the time part of their
 * ids, and their updated_at, so that an import never replaces what was changed here. */
#define AUTHP_ROW_NO_TIME 1577836800000LL

/* Makes the row of an account by the rules of this server, and adds to draft->notes what it does
 * not take over. Returns NULL, or a clause that says why the entry is left out; then *out is not
 * set. */
const char *authp_row_make(const authp_intake_options_t *options, authp_draft_t *draft,
                           authp_user_t **out, apr_pool_t *pool);

/* By what the account signs in: its address, else its username, else its number. */
const char *authp_row_login(const authp_user_t *user);

#endif
