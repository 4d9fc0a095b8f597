/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_MAPPING_H
#define AUTHP_SERVICE_PROVIDER_MAPPING_H

#include "service/provider/person.h"
#include "service/session/session.h"

/* Finds or makes the account of a person whom a provider has identified. */

/* What the store has for the person: an account by the identity (issuer and sub), else by the
 * e-mail address. */
typedef enum authp_found_t {
    AUTHP_FOUND_NOBODY,
    AUTHP_FOUND_IDENTITY, /* by the identity */
    AUTHP_FOUND_PROVEN,   /* by the address, which somebody has proven for the account before */
    AUTHP_FOUND_UNPROVEN, /* by the address, which nobody has ever proven */
    AUTHP_FOUND_SHARED,   /* as UNPROVEN, and something else opens the account, too */
    AUTHP_FOUND_GUARDED,  /* by the address, and the account is never linked by it */
    AUTHP_FOUND_OTHER,    /* by the address, and the account has another sub of this issuer */
    AUTHP_FOUND_DOUBTED,  /* by the address, for which this provider does not vouch */
    AUTHP_FOUND_DISABLED, /* by the identity, or by an address that the provider may prove, and the
                             account is disabled */
    AUTHP_FOUND_KINDS
} authp_found_t;

/* What happens to the account. */
typedef enum authp_step_t {
    AUTHP_STEP_CREATE, /* a new account with the identity */
    AUTHP_STEP_RENEW,  /* the stored identity gets the new address and picture, and last_login */
    AUTHP_STEP_LINK,   /* the account gets the identity */
    AUTHP_STEP_TAKE,   /* first proof: password and sessions go, the address counts as proven, and
                          the account gets the identity */
    AUTHP_STEP_PART,   /* the account loses the address, which then is free for a new account, and
                          its sessions end */
    AUTHP_STEP_REFUSE
} authp_step_t;

/* What happens then. */
typedef enum authp_then_t {
    AUTHP_THEN_REFUSE, /* with the error of the rule */
    AUTHP_THEN_AGAIN,  /* the mapping begins again */
    AUTHP_THEN_ENTER,  /* signs in by the rules of POST /login */
    AUTHP_THEN_RECRUIT /* signs in a verified recruiter; a live invite makes one; for anybody else
                          the request is noted: AUTHP_E_RECRUITER_PENDING */
} authp_then_t;

typedef struct authp_mapping_rule_t {
    authp_step_t step;
    authp_then_t then;
    authp_err_t err;
} authp_mapping_rule_t;

extern const authp_mapping_rule_t authp_mapping_rules[AUTHP_FOUND_KINDS][AUTHP_ASKED_RECRUITER + 1];

/* What `user` (NULL: no account) is for this person. Does not ask the store. */
authp_found_t authp_mapping_look(const authp_user_t *user, const authp_person_t *person);

/* Finds or makes the person's account, and decides whether the person may sign in with the role
 * that was asked for. AUTHP_OK: *out is the account, for which the caller starts a session.
 * AUTHP_E_RECRUITER_PENDING, AUTHP_E_IDENTITY_CONFLICT, AUTHP_E_ACCOUNT_DISABLED, AUTHP_E_BUSY
 * (others keep changing the account). Writes accounts that it makes, and identities that it links,
 * to the audit. The caller writes the sign-in itself. */
AUTHP_CHECKED authp_err_t authp_mapping_enter(const authp_realm_t *realm,
                                              const authp_person_t *person, authp_asked_t asked,
                                              const authp_client_t *client, authp_user_t **out,
                                              apr_pool_t *pool);

#endif
