/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_REALM_REALM_H
#define AUTHP_SERVICE_REALM_REALM_H

#include "base/clock.h"
#include "base/err.h"
#include "base/random.h"
#include "crypto/jwt/jwt.h"
#include "crypto/keys.h"
#include "crypto/password/hasher.h"
#include "crypto/password/scheme.h"
#include "crypto/seal.h"
#include "service/settings/roles.h"
#include "service/settings/settings.h"
#include "store/store.h"

#include <apr_pools.h>

struct authp_token_cache_t;

/* Live authorization of one child. authp_live_make() (live.h) makes it. */
typedef struct authp_live_t {
    struct authp_live_table_t *table;
    struct authp_live_store_t *store; /* asks the store where the table does not have the answer */
} authp_live_t;

/* One httpd is one realm: one set of settings, keys and roles, and one store. A service function
 * that needs more than one of them gets the realm as its first argument, so no service has global
 * state. The parent process makes the realm before it forks. Each child sets `store`, `hasher`,
 * `live`, `providers`, `vault` and `token_cache` in its own copy before its threads serve requests
 * that need them, and changes no member after that. */
typedef struct authp_realm_t {
    const authp_settings_t *settings;
    const authp_roles_map_t *roles;
    const authp_keys_t *keys;
    const authp_seal_t *seal; /* seals cookies of pending sign-ins, tickets, link codes */
    authp_jwt_t *jwt;
    struct authp_token_cache_t *token_cache; /* NULL: every token is verified completely */
    authp_store_t *store;                    /* NULL if only tokens are checked */
    authp_hasher_t *hasher;                  /* NULL if only tokens are checked */
    authp_live_t *live;                      /* NULL if no guarded pages are served */
    const struct authp_limits_t *limits;     /* NULL: no limits */
    /* Made by authp_provider_set_make(). NULL: no provider of identities can be contacted. */
    const struct authp_provider_set_t *providers;
    const struct authp_otp_sender_t *otp; /* sends one-time codes; NULL: codes cannot be sent */
    struct authp_vault_t *vault;          /* the data keys of this process; NULL: it needs none */
    struct authp_mail_desk_t *mail_desk;  /* is told of new mails; NULL: the store is asked */
    const char *mail_mount; /* the platform mount in links of mails; NULL: "/api/auth" */
    const struct authp_mail_texts_t *mail_texts; /* NULL: this process sends no mail */
    const authp_clock_t *clock;
    const authp_random_t *random;
} authp_realm_t;

/* Makes a realm in `pool`, with keys and roles from `settings`, the system's clock and the system's
 * random source. Reads the file of refused passwords if the settings name one. All other members
 * are NULL: the caller sets those that it needs, and may replace clock and random. `settings` must
 * live as long as the realm. AUTHP_E_VALIDATION_FAILED or AUTHP_E_INTERNAL, logged: that file
 * cannot be used. AUTHP_E_MALFORMED: a key is too short. */
AUTHP_CHECKED authp_err_t authp_realm_make(const authp_settings_t *settings, authp_realm_t **out,
                                           apr_pool_t *pool);

/* The store's time: this host's clock plus the measured offset (0 before it is measured). All
 * stored times are the store's and are compared with it. So a host whose clock is wrong neither
 * ends nor prolongs sessions of other hosts. Times in tokens are the host's own. */
authp_ms_t authp_realm_now(const authp_realm_t *realm);
/* Sets the offset of the store's clock that a child has measured for all, so that this
 * child knows it before its own first poll. Does nothing if no child has measured it. */
void authp_realm_adopt_clock(const authp_realm_t *realm);

/* How new password hashes are made, by the settings. */
authp_scheme_t authp_realm_scheme(const authp_realm_t *realm);

/* Finds the store provider that the settings choose, and its configuration. On failure *error is
 * one line for `httpd -t`. Contacts nothing; it calls the provider's check(). */
AUTHP_CHECKED authp_err_t authp_realm_store(const authp_settings_t *settings,
                                            const authp_store_ops_t **ops,
                                            authp_store_config_t *config, const char **error,
                                            apr_pool_t *pool);

/* Lets authp_token_verify() remember tokens that it has verified, in at most `bytes` of memory (0:
 * none). Call it in each child before its threads start. */
AUTHP_CHECKED authp_err_t authp_realm_remember(authp_realm_t *realm, size_t bytes,
                                               apr_pool_t *pool);

/* Runs the self-tests of a start (crypto/jwt/jwt.h) with this realm's keys. */
AUTHP_CHECKED authp_err_t authp_realm_selftest(const authp_realm_t *realm, apr_pool_t *pool);

#endif
