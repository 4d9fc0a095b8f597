/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INTAKE_DRAFT_H
#define AUTHP_SERVICE_INTAKE_DRAFT_H

#include "base/json.h"
#include "service/intake/options.h"
#include "store/model.h"

/* An account as a format has it, before the rules of this server are applied. Texts are UTF-8 and
 * not checked further; NULL and 0 mean absent. */
typedef struct authp_draft_t {
    const char *source_id;
    const char *email;
    const char *username;
    const char *phone; /* as the file has it: E.164, or with national digits alone */
    const char *name;
    const char *hash;          /* in a form of crypto/password/foreign.h */
    const char *hash_why;      /* why there is no hash, although the file has a password */
    apr_array_header_t *roles; /* const char *, the roles that the file names */
    bool email_verified;
    bool disabled;
    authp_ms_t created_at;
    authp_ms_t updated_at;
    authp_ms_t used_at;             /* when the person last signed in */
    apr_array_header_t *identities; /* authp_identity_t: issuer, sub, email, and as `provider` the
                                       name in the file, which may be NULL */
    apr_array_header_t *notes;      /* const char *: clauses about what is not taken over */
    const char *left_out;           /* a clause that says why this entry is no account */
} authp_draft_t;

typedef struct authp_intake_format_t {
    const char *name;
    bool json;
    bool csv;
    const char *list;           /* JSON: the member with the records; NULL: none */
    const char *const *needed;  /* CSV: columns that must be there, to a NULL */
    const char *const *columns; /* CSV: all others that are used, to a NULL; NULL: others are
                                   passed over without a remark */
    /* Checks the parameters of hashes. NULL, or a sentence that says which option is wrong. If
     * there is no such function, the format takes none. */
    const char *(*check)(const authp_intake_options_t *options, apr_pool_t *pool);
    void (*read)(const authp_intake_options_t *options, const json_t *record, authp_draft_t *draft,
                 apr_pool_t *pool);
} authp_intake_format_t;

extern const authp_intake_format_t authp_from_csv;
extern const authp_intake_format_t authp_from_firebase;
extern const authp_intake_format_t authp_from_auth0;
extern const authp_intake_format_t authp_from_supabase;
extern const authp_intake_format_t authp_from_keycloak;

/* Adds a clause about what is not taken over. */
void authp_draft_note(authp_draft_t *draft, const char *clause);
/* Adds a role. Those after the first AUTHP_DRAFT_ROLES_MOST different ones are dropped: at most 32
 * of them can be in ROLES. */
void authp_draft_role(authp_draft_t *draft, const char *role);
#define AUTHP_DRAFT_ROLES_MOST 200
/* Adds the roles of a value: a list of texts, or a text with names that white space, commas,
 * semicolons or bars separate. */
void authp_draft_roles(authp_draft_t *draft, const json_t *value, apr_pool_t *pool);
/* Adds an identity. If `issuer` is NULL, because the issuer of `provider` is not known, a note
 * is added instead. */
void authp_draft_identity(authp_draft_t *draft, const char *provider, const char *issuer,
                          const char *sub, const char *email);
/* The issuer of a provider by its usual name ("google", "google.com", "github" ...). NULL if there
 * is none. */
const char *authp_draft_issuer(const char *provider);

/* true, t, yes and 1, with any case, or a JSON true. *odd (may be NULL) is set to true if the value
 * is neither absent nor a truth value. */
bool authp_draft_truth(const json_t *value, bool *odd);
/* A time as milliseconds since 1970, or 0: a number or its decimal digits (seconds below 10^11,
 * milliseconds from there on), or a text such as "2023-01-02T03:04:05.678Z" or
 * "2023-01-02 03:04:05.678901+00". */
authp_ms_t authp_draft_time(const json_t *value);
/* `a` and `b` with a space between them; either may be NULL or empty. NULL if both are. */
const char *authp_draft_join(const char *a, const char *b, apr_pool_t *pool);
/* The member as a text that is not empty, else NULL. */
const char *authp_draft_text(const json_t *object, const char *name);

#endif
