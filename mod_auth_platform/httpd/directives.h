/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_DIRECTIVES_H
#define AUTHP_HTTPD_DIRECTIVES_H

#include "httpd/module.h"

/* All directives: arguments, name, setter, member that it sets, where it is allowed, and its
 * description. Setters write to the member that the row names. A new directive needs a row here, a
 * member in config.h, an entry in conf/auth_platform.conf and a test. */
#define AUTHP_DIRECTIVES(X)                                                                        \
    X(TAKE1, "AuthPlatformEnvFile", set_env_file, AUTHP_SERVER(env_file), RSRC_CONF,               \
      "the .env file with the settings, absolute or below ServerRoot")                             \
    X(TAKE1, "AuthPlatformRevocationMaxLag", set_max_lag, AUTHP_SERVER(max_lag_ms), RSRC_CONF,     \
      "greatest age of what was read of other hosts' revocations, 2s to 1h (5s)")                  \
    X(TAKE1, "AuthPlatformLiveTableSize", set_live_size, AUTHP_SERVER(live_entries), RSRC_CONF,    \
      "how many recent revocations and changes are kept in memory (default 65536)")                \
    X(TAKE1, "AuthPlatformTokenCache", set_cache_size, AUTHP_SERVER(token_cache), RSRC_CONF,       \
      "memory of each child for tokens it has verified: 64K to 1024M (default 4M), or off")        \
    X(TAKE12, "AuthPlatformMount", add_mount, AUTHP_SERVER(mounts), RSRC_CONF,                     \
      "where this host serves the account routes (default /api/auth), and which; or off")          \
    X(TAKE1, "AuthPlatformMe", set_path, AUTHP_SERVER(me_path), RSRC_CONF,                         \
      "where this host serves the sample protected endpoint, or off (default /api/protected/me)")  \
    X(TAKE1, "AuthPlatformTokenDelivery", set_delivery, AUTHP_SERVER(delivery), RSRC_CONF,         \
      "how tokens are handed out: json (default), cookie, or ask")                                 \
    X(FLAG, "AuthPlatformOptional", ap_set_flag_slot, AUTHP_DIR(optional), RSRC_CONF | OR_AUTHCFG, \
      "on: the place is public, and its app is told who is signed in")                             \
    X(TAKE_ARGV, "AuthPlatformSignInPage", set_page, AUTHP_DIR(sign_in), RSRC_CONF | OR_AUTHCFG,   \
      "path of the page that signed-out browsers are sent to, and what it loads; or off")          \
    X(FLAG, "AuthPlatformForwardAuthorization", ap_set_flag_slot,                                  \
      AUTHP_DIR(forward_authorization), RSRC_CONF | OR_AUTHCFG,                                    \
      "on: the app also gets the Authorization header that was accepted")                          \
    X(TAKE1, "AuthPlatformRemoteUser", set_remote_user, AUTHP_DIR(remote_user),                    \
      RSRC_CONF | OR_AUTHCFG, "what REMOTE_USER is: id (default), or email once it is verified")   \
    X(TAKE1, "AuthPlatformWhenUnavailable", set_unavailable, AUTHP_DIR(when_unavailable),          \
      RSRC_CONF | OR_AUTHCFG,                                                                      \
      "if it is not known whether a valid token was revoked: deny (default), allow-valid")         \
    X(FLAG, "AuthPlatformAdminPassesRoles", ap_set_flag_slot, AUTHP_DIR(admin_passes_roles),       \
      RSRC_CONF | OR_AUTHCFG, "on: the role admin passes every Require role")                      \
    X(TAKE1, "AuthPlatformErrorShape", set_error_shape, AUTHP_DIR(error_shape),                    \
      RSRC_CONF | OR_AUTHCFG, "the profile in whose shape and words API clients are refused")

/* A directive of httpd, which this module notes and leaves to httpd. Where a Require stands decides
 * what is open around the sign-in page (way_in.h). */
#define AUTHP_NOTED(X)                                                                             \
    X(RAW_ARGS, "Require", note_require, AUTHP_DIR(guarded_by), OR_AUTHCFG,                        \
      "see mod_authz_core; noted for AuthPlatformSignInPage")

extern const command_rec authp_directives_table[];

#endif
