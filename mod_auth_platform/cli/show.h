/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_SHOW_H
#define AUTHP_CLI_SHOW_H

#include "cli/listing.h"

/* Prints an account. With --json it is what GET /users/{id} answers. Otherwise it is the headline,
 * which may be NULL, and "name: value" lines. */
void authp_show_user(const authp_context_t *context, const char *headline,
                     const authp_user_t *user);
/* True for a recruiter who is not verified. */
bool authp_show_is_pending(const authp_user_t *user);
/* Prints an invite that was just made, with its code. The code is not shown again. */
void authp_show_new_invite(const authp_context_t *context, const authp_invite_t *invite,
                           const char *code);

/* Returns "open", "used", "revoked" or "expired". */
const char *authp_show_invite_state(const authp_context_t *context, const authp_invite_t *invite);

/* The rows are authp_user_t *, authp_session_t *, authp_invite_t * and authp_audit_t *. */
extern const authp_listing_t authp_show_users;
extern const authp_listing_t authp_show_sessions;
extern const authp_listing_t authp_show_invites;
extern const authp_listing_t authp_show_audit;

#endif
