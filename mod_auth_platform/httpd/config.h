/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CONFIG_H
#define AUTHP_HTTPD_CONFIG_H

#include "httpd/module.h"

#include "api/core/http.h"
#include "api/core/mount.h"
#include "service/settings/settings.h"

#include <http_core.h>

struct authp_way_in_t;

/* The values of the directives. There is a list of members for servers, one for the main server
 * alone, and one for directories. The structs, their creation and their merging are made from the
 * lists, so that no member can be forgotten in one of them. X(type, name, value if the directive is
 * absent). Members outside of the lists follow in the structs: they are computed, or merged in a
 * way of their own. */
#define AUTHP_UNSET (-1)
#define AUTHP_SERVER_MEMBERS(X)                                                                    \
    X(apr_array_header_t *, mounts, NULL) /* authp_mount_t; empty = off */                         \
    X(const char *, me_path, NULL)        /* "" = off */                                           \
    X(int, delivery, AUTHP_UNSET)         /* authp_delivery_t */

/* Of the main server only: a virtual host has them unset. */
#define AUTHP_MAIN_MEMBERS(X)                                                                      \
    X(const char *, env_file, NULL)                                                                \
    X(int64_t, max_lag_ms, 0)        /* 0 = default */                                             \
    X(int, live_entries, 0)          /* 0 = default */                                             \
    X(int, token_cache, AUTHP_UNSET) /* KB; unset = default */

#define AUTHP_DIR_MEMBERS(X)                                                                       \
    X(int, optional, AUTHP_UNSET)                                                                  \
    X(const struct authp_way_in_t *, sign_in, NULL)                                                \
    X(int, forward_authorization, AUTHP_UNSET)                                                     \
    X(int, remote_user, AUTHP_UNSET)      /* authp_remote_user_t */                                \
    X(int, when_unavailable, AUTHP_UNSET) /* authp_unavailable_t */                                \
    X(int, admin_passes_roles, AUTHP_UNSET)                                                        \
    X(const struct authp_profile_t *, error_shape, NULL)

typedef enum authp_remote_user_t {
    AUTHP_REMOTE_USER_ID,
    AUTHP_REMOTE_USER_EMAIL
} authp_remote_user_t;

#define AUTHP_MEMBER(type, name, unset) type name;
typedef struct authp_server_config_t {
    AUTHP_SERVER_MEMBERS(AUTHP_MEMBER)
    AUTHP_MAIN_MEMBERS(AUTHP_MEMBER)
    apr_array_header_t *served; /* authp_mount_t: the mounts that result from these members, set by
                                   authp_config_resolve(); empty = none */
    const authp_mount_t *renewing; /* of `served`: where a browser renews its session */
} authp_server_config_t;

/* Where the Require lines are that apply to a request. Lines that let everybody in do not count. */
typedef struct authp_guarded_by_t {
    size_t location;  /* length of the longest path of a <Location>, 0 = none */
    size_t directory; /* the same for a <Directory> or .htaccess */
    bool other;       /* true if one is in a pattern, <Files> or <If> */
} authp_guarded_by_t;

typedef struct authp_dir_config_t {
    AUTHP_DIR_MEMBERS(AUTHP_MEMBER)
    authp_guarded_by_t guarded_by; /* merged as a union */
} authp_dir_config_t;
#undef AUTHP_MEMBER

/* The functions for the module struct. */
void *authp_config_create_server(apr_pool_t *pool, server_rec *server);
void *authp_config_merge_server(apr_pool_t *pool, void *base, void *add);
void *authp_config_create_dir(apr_pool_t *pool, char *dir);
void *authp_config_merge_dir(apr_pool_t *pool, void *base, void *add);

/* Fills in `served` of one virtual host, with defaults, in `pool`, which lives as long as this
 * configuration. Returns NULL, or one line that says which directives contradict each other. */
const char *authp_config_resolve(server_rec *server, apr_pool_t *pool);

/* Makes the documents of every mount (api/docs/document.h) in `pool`, which lives as long as this
 * configuration. Hosts with the same mounts share them. Call it after authp_config_resolve(). */
AUTHP_CHECKED authp_err_t authp_config_documents(server_rec *main_server,
                                                 const authp_settings_t *settings,
                                                 apr_pool_t *pool);

/* How many minutes the live table must remember changes: the longest life of an access token of any
 * mount, but not more than AUTHP_LIVE_MINUTES. */
int authp_config_token_minutes(const server_rec *main_server, const authp_settings_t *settings);

/* The size of AuthPlatformTokenCache in bytes. */
size_t authp_config_token_cache(const server_rec *server);

authp_server_config_t *authp_config_server(const server_rec *server);
const authp_dir_config_t *authp_config_dir(const request_rec *r);
/* True if this host has a mount. */
bool authp_config_serves(const request_rec *r);
/* The mount of this host that owns the request's path. NULL: none does. */
const authp_mount_t *authp_config_mount(const request_rec *r);
#endif
