/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TRANSFER_TRANSFER_RULES_H
#define AUTHP_SERVICE_TRANSFER_TRANSFER_RULES_H

#include "crypto/password/scheme.h"
#include "service/transfer/transfer_batch.h"
#include "store/model.h"

/* What happens to a row whose id the store has already. No function here contacts a store. */

/* AUTHP_PUT_UNCHANGED, AUTHP_PUT_KEPT, AUTHP_PUT_REPLACED, or AUTHP_PUT_CONFLICT: the rows have
 * nothing to do with each other. */
authp_put_outcome_t authp_transfer_rules_decide(const authp_columns_t *columns, const void *stored,
                                                const void *row);

/* Why an account must not be replaced or kept in silence: one side has a change of what gives
 * rights that the other one does not know, and is not the one that was changed last. Each such
 * change counts up `ver`. NULL: there is no reason. */
const char *authp_transfer_rules_parted(const authp_user_t *stored, const authp_user_t *row);

/* The account of `row`, which is of another system, as it may replace `stored`: what that system
 * does not know stays as it is here, and so does the password if the file has none. A person who
 * has signed in here has a hash that `scheme` holds; one of another kind does not replace it. */
authp_user_t authp_transfer_rules_adopt(const authp_user_t *stored, const authp_user_t *row,
                                        const authp_scheme_t *scheme);

/* As authp_transfer_rules_parted(), for what authp_transfer_rules_adopt() made. The other system
 * does not count its changes, so each change here is one that it does not know. */
const char *authp_transfer_rules_parted_foreign(const authp_user_t *stored,
                                                const authp_user_t *row);

/* The account that replaces `stored` at the time `now`: `row`, but with a ver that live tables and
 * tokens notice if something that matters to authorization differs. If the stored account has had
 * such a change of its own and its password or lock differs, older tokens and sessions end. They
 * also end if `stored` has a phone number and `row` makes it an administrator
 * (authp_user_outgrows_codes()). */
authp_user_t authp_transfer_rules_merge(const authp_user_t *stored, const authp_user_t *row,
                                        authp_ms_t now);

#endif
