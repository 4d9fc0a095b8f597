/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TRANSFER_TRANSFER_RULES_H
#define AUTHP_SERVICE_TRANSFER_TRANSFER_RULES_H

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

/* The account that replaces `stored` at the time `now`: `row`, but with a ver that live tables and
 * tokens notice if something that matters to authorization differs. If the stored account has had
 * such a change of its own and its password or lock differs, older tokens and sessions end. */
authp_user_t authp_transfer_rules_merge(const authp_user_t *stored, const authp_user_t *row,
                                        authp_ms_t now);

#endif
