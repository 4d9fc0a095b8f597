/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_PROVIDER_FIXTURE_H
#define AUTHP_TEST_PROVIDER_FIXTURE_H

#include "fixture.h"
#include "jose.h"
#include "service/provider/pending.h"
#include "service/provider/provider_set.h"

/* A realm with two providers, whose servers answer from memory: "google" at https://op.example and
 * "hub", which is GitHub. */
#define OP "https://op.example"
#define OP_CLIENT "our client" /* with a character that forms encode */
#define OP_SECRET "hush+:%&"
#define OP_PHONE "phone.apps"
#define OP_REDIRECT "https://jobs.example.org/api/auth/google/callback"
#define OP_NONCE "nonce-of-this-sign-in"
#define OP_NOW (FAKE_CLOCK_START / 1000)

/* What is answered at an address, and the latest request there. */
typedef struct provider_reply_t {
    const char *url;
    authp_err_t err; /* instead of an answer */
    int status;
    const char *body;
    int64_t max_age;
    int calls;
    authp_fetch_t asked;  /* texts in the fixture's pool; `password` is not set */
    const char *password; /* NULL: none */
} provider_reply_t;

typedef struct provider_fixture_t {
    fixture_t f;
    authp_provider_t google;
    authp_provider_t hub;
    authp_fetcher_t fetcher;
    authp_pending_t pending; /* of google */
    provider_reply_t discovery;
    provider_reply_t keys;
    provider_reply_t token;
    provider_reply_t hub_token;
    provider_reply_t hub_user;
    provider_reply_t hub_emails;
    void (*during)(void); /* NULL, or is called inside each request */
} provider_fixture_t;

void provider_fixture_open(provider_fixture_t *p);
/* The same with p->f as it is, a copy of a fixture that somebody else closes. */
void provider_fixture_join(provider_fixture_t *p);
void provider_fixture_close(provider_fixture_t *p);
/* Replaces the set of providers, which forgets what it has fetched. */
void provider_fixture_set(provider_fixture_t *p, int most);
/* A discovery document of OP, to which `more` is added. */
const char *provider_fixture_document(provider_fixture_t *p, const char *more);
/* The claims of a good id_token as JSON; the member (NULL: none) has the value `json`, or is absent
 * with NULL. */
const char *provider_fixture_claims(provider_fixture_t *p, const char *member, const char *json);
/* Lets the token endpoint answer an id_token. */
void provider_fixture_answer(provider_fixture_t *p, const char *id_token);
/* A token of these claims, signed with the key of that kind. */
const char *provider_fixture_sign(provider_fixture_t *p, jose_kind_t kind, const char *claims);

#endif
