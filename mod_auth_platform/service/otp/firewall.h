/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OTP_FIREWALL_H
#define AUTHP_SERVICE_OTP_FIREWALL_H

#include "service/otp/otp_request.h"
#include "service/realm/realm.h"

/* What one-time codes may cost. Counts are in the store, so all children and all hosts count
 * together. Numbers and addresses are there as keyed hashes (a new JWT_SECRET_KEY starts them
 * again); the counts of a day have no key. AUTH_LIMITS=off: everybody passes and nothing is
 * counted.
 *
 * A stranger is a number without an account. Strangers get at most half (rounded up) of a prefix
 * and of the day, so that whoever has codes sent to made-up numbers cannot keep customers out. The
 * codes of administrators count in neither of the two. The day is the UTC day of the store's
 * clock. */

#define AUTHP_FIREWALL_PAUSE_SECONDS 30 /* between two codes of a number */

/* Why a code is not sent. */
typedef struct authp_firewall_refusal_t {
    const char *limit; /* the setting that refuses, such as "OTP_LIMIT_PHONE" */
    int retry_after;   /* seconds, at least 1 */
} authp_firewall_refusal_t;

/* Counts one code under all limits. AUTHP_E_RATE_LIMITED: one of them refuses. *refusal says which
 * one, and nothing is counted. The first refusal of a day by OTP_BUDGET_DAY is logged as an error.
 */
AUTHP_CHECKED authp_err_t authp_firewall_take(const authp_realm_t *realm,
                                              const authp_otp_request_t *request, const char *ip,
                                              authp_firewall_refusal_t *refusal, apr_pool_t *pool);

/* AUTHP_E_RATE_LIMITED: too many wrong codes were tried for the number (OTP_LIMIT_WRONG). *refusal
 * says until when. */
AUTHP_CHECKED authp_err_t authp_firewall_check(const authp_realm_t *realm, const char *phone,
                                               authp_firewall_refusal_t *refusal, apr_pool_t *pool);

/* Counts a wrong code for the number. *locked: it was the last one of OTP_LIMIT_WRONG, so the
 * number is refused from now on, for the time of that setting. */
AUTHP_CHECKED authp_err_t authp_firewall_wrong(const authp_realm_t *realm, const char *phone,
                                               bool *locked, apr_pool_t *pool);

/* The codes of today. */
typedef struct authp_spending_t {
    const char *day;         /* "2026-11-29" */
    int64_t budget;          /* OTP_BUDGET_DAY */
    int64_t spent;           /* of it; strangers included */
    int64_t strangers_most;  /* how much of it strangers may spend */
    int64_t strangers_spent; /* what they have spent */
    int64_t administrators;  /* codes outside of the budget */
} authp_spending_t;

/* Reads the counts of today. */
AUTHP_CHECKED authp_err_t authp_firewall_spending(const authp_realm_t *realm, authp_spending_t *out,
                                                  apr_pool_t *pool);

#endif
