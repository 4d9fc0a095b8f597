/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CONFIG_H
#define AUTHP_HTTPD_CONFIG_H

#include "httpd/module.h"

#include "api/api.h"

#include <http_core.h>

struct authp_way_in_t;

/* What the directives say. One list each for a server and for a directory: struct, create and merge
 * come from it, so that a new member cannot be forgotten in one of them. X(type, name, value when
 * not set). */
#define AUTHP_UNSET (-1)
#define AUTHP_SERVER_MEMBERS(X)                                                                    \
    X(const char *, mount_path, NULL) /* "" = off */                                               \
    X(const char *, me_path, NULL)    /* "" = off */                                               \
    X(int, delivery, AUTHP_UNSET)     /* authp_delivery_t */

#define AUTHP_DIR_MEMBERS(X)                                                                       \
    X(int, optional, AUTHP_UNSET)                                                                  \
    X(const struct authp_way_in_t *, sign_in, NULL)                                                \
    X(int, forward_authorization, AUTHP_UNSET)                                                     \
    X(int, remote_user, AUTHP_UNSET)      /* authp_remote_user_t */                                \
    X(int, when_unavailable, AUTHP_UNSET) /* authp_unavailable_t */                                \
    X(int, admin_passes_roles, AUTHP_UNSET)

typedef enum authp_remote_user_t {
    AUTHP_REMOTE_USER_ID,
    AUTHP_REMOTE_USER_EMAIL
} authp_remote_user_t;

#define AUTHP_MEMBER(type, name, unset) type name;
typedef struct authp_server_config_t {
    AUTHP_SERVER_MEMBERS(AUTHP_MEMBER)
    const char *env_file; /* of the main server only, as are these: */
    int64_t max_lag_ms;   /* 0 = default */
    int live_entries;     /* 0 = default */
    int token_cache;      /* KB; AUTHP_UNSET = default */
    authp_mount_t mount;  /* what the members amount to, by authp_config_resolve() */
    bool mounted;
} authp_server_config_t;

/* The places of the Require lines that apply to a request, without those that let everybody in. */
typedef struct authp_guarded_by_t {
    size_t location;  /* length of the longest path of a <Location>, 0 = none */
    size_t directory; /* the same of a <Directory> or of .htaccess */
    bool other;       /* a pattern, <Files> or <If> */
} authp_guarded_by_t;

typedef struct authp_dir_config_t {
    AUTHP_DIR_MEMBERS(AUTHP_MEMBER)
    authp_guarded_by_t guarded_by; /* merged as a union */
} authp_dir_config_t;
#undef AUTHP_MEMBER

/* The slots of the module struct. */
void *authp_config_create_server(apr_pool_t *pool, server_rec *server);
void *authp_config_merge_server(apr_pool_t *pool, void *base, void *add);
void *authp_config_create_dir(apr_pool_t *pool, char *dir);
void *authp_config_merge_dir(apr_pool_t *pool, void *base, void *add);

/* Fills in `mount` of one virtual host, defaults included; NULL, or one line saying what does not
 * go together. */
const char *authp_config_resolve(server_rec *server, apr_pool_t *pool);

/* Makes the documents of every mount (api/document.h), in `pool`, which lives as long as this
 * configuration. Hosts with the same mount share them. After authp_config_resolve(). */
AUTHP_CHECKED authp_err_t authp_config_documents(server_rec *main_server,
                                                 const authp_settings_t *settings,
                                                 apr_pool_t *pool);

/* AuthPlatformTokenCache, in bytes. */
size_t authp_config_token_cache(const server_rec *server);

authp_server_config_t *authp_config_server(const server_rec *server);
const authp_dir_config_t *authp_config_dir(const request_rec *r);
/* NULL where the host has no mount. */
const authp_mount_t *authp_config_mount(const request_rec *r);
/* AuthPlatformSignInPage in force, NULL if none. */
const char *authp_config_sign_in_page(const request_rec *r);
/* Does the mount of this host own the request's path? */
bool authp_config_owns(const request_rec *r);

#endif
