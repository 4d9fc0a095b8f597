/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_SCHEMA_H
#define AUTHP_API_CORE_SCHEMA_H

#include "api/core/findings.h"
#include "base/err.h"
#include "service/settings/settings.h"

#include <apr_pools.h>
#include <jansson.h>
#include <stdbool.h>

/* Schemas of request bodies, as data. The validator and the OpenAPI document use the same rows. */
typedef enum authp_field_kind_t {
    AUTHP_FIELD_BOOL,
    AUTHP_FIELD_EMAIL,        /* an e-mail address for an account */
    AUTHP_FIELD_USERNAME,     /* a username for an account */
    AUTHP_FIELD_NAME,         /* a name, which may be empty */
    AUTHP_FIELD_FULL_NAME,    /* a name with a character other than a space */
    AUTHP_FIELD_NEW_PASSWORD, /* a password for an account */
    AUTHP_FIELD_PASSWORD,     /* a password that is only compared, so it may be anything */
    AUTHP_FIELD_LOGIN,        /* an e-mail address or username to sign in with */
    AUTHP_FIELD_DEVICE,
    AUTHP_FIELD_TOKEN,
    AUTHP_FIELD_JWT,    /* a token of somebody else */
    AUTHP_FIELD_TARGET, /* where a browser goes afterwards (target.h) */
    AUTHP_FIELD_ASKED,  /* candidate or recruiter */
    AUTHP_FIELD_ID,
    AUTHP_FIELD_HOURS,    /* a whole number, up to a year */
    AUTHP_FIELD_ROLES,    /* a list of configured roles, each once */
    AUTHP_FIELD_MOBILE,   /* a phone number as typed. The handler parses it (service/phone/phone.h):
                             a text that is none has an error of its own */
    AUTHP_FIELD_CODE,     /* a one-time code as typed; a text that is none is a wrong code */
    AUTHP_FIELD_OWN_ROLE, /* one of SELF_SERVICE_ROLES */
    AUTHP_FIELD_OWN_ROLES,   /* a list of SELF_SERVICE_ROLES, each once, at least one */
    AUTHP_FIELD_ADMIN_ROLES, /* the list ["admin"] */
    AUTHP_FIELD_DOCUMENT     /* a JSON object that an account keeps */
} authp_field_kind_t;

typedef struct authp_field_t {
    const char *name; /* NULL ends the list */
    authp_field_kind_t kind;
    bool required;
    bool nullable;
} authp_field_t;

#define AUTHP_SCHEMA_FIELDS 8
#define AUTHP_SCHEMA_OR_BOTH "or both"

typedef struct authp_schema_t {
    const char *name; /* its name in the OpenAPI components */
    authp_field_t fields[AUTHP_SCHEMA_FIELDS];
    /* Exactly one of these two fields must be sent; NULLs = no such rule. With AUTHP_SCHEMA_OR_BOTH
     * as the third one, both may be sent. */
    const char *one_of[3];
} authp_schema_t;

/* Checks a body. AUTHP_E_VALIDATION_FAILED: `findings`, empty before, has every wrong field once.
 * The fields of the schema come first, in its order. With `ignore_unknown` a field that the schema
 * does not have is no finding. */
AUTHP_CHECKED authp_err_t authp_schema_check(const authp_schema_t *schema,
                                             const authp_settings_t *settings, json_t *body,
                                             bool ignore_unknown, authp_findings_t *findings);

/* True for the kinds whose value is a list of roles. */
bool authp_schema_is_list(authp_field_kind_t kind);
/* NULL if the text may name a device. Else a sentence for people. */
const char *authp_schema_check_device(const char *text, size_t len);
#define AUTHP_SCHEMA_DEVICE_MOST 200 /* characters */

/* Bounds of texts, in characters. */
#define AUTHP_SCHEMA_LOGIN_MOST 1000
#define AUTHP_SCHEMA_TOKEN_MOST 8192
#define AUTHP_SCHEMA_JWT_MOST 16000
#define AUTHP_SCHEMA_CODE_MOST 64

#define AUTHP_SCHEMA_ID "^[0-9a-f]{24}$"
#define AUTHP_SCHEMA_NO_NUL "^[^\\u0000]*$"

#endif
