/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OTP_MSG91_ANSWER_H
#define AUTHP_SERVICE_OTP_MSG91_ANSWER_H

#include "net/fetch.h"

/* What the answers of MSG91 mean. Its status is 200 whether it accepts or refuses, so the body
 * counts: {"type": "success" or "error", "message": ...}. Only the words of success that are known
 * count as success. `said` gets words for a log line: those of the answer that consist of letters,
 * at most 100 bytes. A word with a digit may be a code, a number or a key, and becomes "*". */

/* The answer to a request to send. AUTHP_OK: MSG91 has accepted it. AUTHP_E_OTP_SEND_FAILED: it has
 * not. */
AUTHP_CHECKED authp_err_t authp_msg91_answer_sent(const authp_fetched_t *answer, const char **said,
                                                  apr_pool_t *pool);

/* The answer to a question about a code. The results are those of `verify` in sender.h. */
AUTHP_CHECKED authp_err_t authp_msg91_answer_verified(const authp_fetched_t *answer,
                                                      const char **said, apr_pool_t *pool);

#endif
