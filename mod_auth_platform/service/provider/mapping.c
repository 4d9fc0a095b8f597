/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/mapping.h"

#include "base/log.h"
#include "service/account/account.h"
#include "service/account/account_mail.h"
#include "service/account/first_proof.h"
#include "service/account/user.h"
#include "service/account/user_change.h"
#include "service/invite/invite.h"
#include "service/sign_in/login.h"
#include "store/identities.h"

#include <apr_strings.h>
#include <string.h>

/* A further try follows if another request has changed or made an account meanwhile, and after
 * AUTHP_STEP_PART. */
#define TRIES 5

#define BOTH(step, then_candidate, then_recruiter, err)                                            \
    {                                                                                              \
        [AUTHP_ASKED_CANDIDATE] = {step, then_candidate, err}, [AUTHP_ASKED_RECRUITER] = {         \
            step,                                                                                  \
            then_recruiter,                                                                        \
            err                                                                                    \
        }                                                                                          \
    }
#define ENTERS(step) BOTH(step, AUTHP_THEN_ENTER, AUTHP_THEN_RECRUIT, AUTHP_OK)
#define REFUSED(err) BOTH(AUTHP_STEP_REFUSE, AUTHP_THEN_REFUSE, AUTHP_THEN_REFUSE, err)

const authp_mapping_rule_t authp_mapping_rules[AUTHP_FOUND_KINDS][AUTHP_ASKED_RECRUITER + 1] = {
    [AUTHP_FOUND_NOBODY] = ENTERS(AUTHP_STEP_CREATE),
    [AUTHP_FOUND_IDENTITY] = ENTERS(AUTHP_STEP_RENEW),
    [AUTHP_FOUND_PROVEN] = ENTERS(AUTHP_STEP_LINK),
    [AUTHP_FOUND_UNPROVEN] = ENTERS(AUTHP_STEP_TAKE),
    [AUTHP_FOUND_SHARED] = BOTH(AUTHP_STEP_PART, AUTHP_THEN_AGAIN, AUTHP_THEN_AGAIN, AUTHP_OK),
    [AUTHP_FOUND_GUARDED] = REFUSED(AUTHP_E_IDENTITY_CONFLICT),
    [AUTHP_FOUND_OTHER] = REFUSED(AUTHP_E_IDENTITY_CONFLICT),
    [AUTHP_FOUND_DOUBTED] = REFUSED(AUTHP_E_IDENTITY_CONFLICT),
    [AUTHP_FOUND_DISABLED] = REFUSED(AUTHP_E_ACCOUNT_DISABLED)};

/* The state of one sign-in. */
typedef struct entering_t {
    const authp_realm_t *realm;
    const authp_person_t *person;
    const authp_client_t *client;
    authp_asked_t asked;
    authp_found_t found;
    authp_step_t step;
    authp_user_t *user; /* the account; NULL if there is none yet */
    bool made;          /* this request has made it */
    bool invited;       /* it was made for an invite */
    apr_pool_t *pool;
} entering_t;

static void audit(const entering_t *in, const char *name, const authp_user_t *user)
{
    const authp_event_t event = {.event = name,
                                 .outcome = "ok",
                                 .reason = in->person->provider,
                                 .actor_id = user->id.hex,
                                 .subject_id = user->id.hex};
    authp_audit_write(in->realm, &event, in->client, in->pool);
}

/* What an account with the person's address is. The first case that applies counts. `vouched` comes
 * first, so that somebody without a proof of the address learns nothing else about the account. */
static authp_found_t look_by_address(const authp_user_t *user, const authp_person_t *person)
{
    authp_first_proof_t proof = authp_first_proof_of(user);
    const struct {
        bool applies;
        authp_found_t found;
    } cases[] = {
        {!person->vouched, AUTHP_FOUND_DOUBTED},
        {user->disabled, AUTHP_FOUND_DISABLED},
        {authp_user_holds(user, "admin"), AUTHP_FOUND_GUARDED},
        {authp_identities_issued(user->identities, person->issuer) != NULL, AUTHP_FOUND_OTHER},
        {proof == AUTHP_FIRST_PROOF_NONE, AUTHP_FOUND_PROVEN},
        {proof == AUTHP_FIRST_PROOF_PART, AUTHP_FOUND_SHARED},
        {true, AUTHP_FOUND_UNPROVEN},
    };
    int i = 0;
    while (!cases[i].applies) {
        i++;
    }
    return cases[i].found;
}

authp_found_t authp_mapping_look(const authp_user_t *user, const authp_person_t *person)
{
    if (user == NULL) {
        return AUTHP_FOUND_NOBODY;
    }
    if (authp_identities_find(user->identities, person->issuer, person->sub) != NULL) {
        return user->disabled ? AUTHP_FOUND_DISABLED : AUTHP_FOUND_IDENTITY;
    }
    bool same = user->email != NULL && strcmp(user->email, person->email) == 0;
    return same ? look_by_address(user, person) : AUTHP_FOUND_NOBODY;
}

/* Looks the person up. in->user stays NULL if there is no account. */
static authp_err_t find(entering_t *in)
{
    authp_store_t *store = in->realm->store;
    const authp_person_t *person = in->person;
    in->user = NULL;
    authp_err_t err =
        authp_store_user_by_identity(store, person->issuer, person->sub, &in->user, in->pool);
    if (err == AUTHP_E_NOT_FOUND) {
        err =
            authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, person->email, &in->user, in->pool);
    }
    in->found = authp_mapping_look(in->user, person);
    return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
}

static void put_identity(const entering_t *in, authp_user_t *user, apr_pool_t *pool)
{
    const authp_person_t *person = in->person;
    authp_ms_t now = authp_realm_now(in->realm);
    const authp_identity_t *known =
        authp_identities_find(user->identities, person->issuer, person->sub);
    authp_ms_t linked_at = known != NULL ? known->linked_at : now;
    authp_identity_t *identity = authp_identities_place(&user->identities, person->provider,
                                                        person->issuer, person->sub, pool);
    *identity = (authp_identity_t){.provider = person->provider,
                                   .issuer = person->issuer,
                                   .sub = person->sub,
                                   .email = person->email,
                                   .picture = person->picture,
                                   .linked_at = linked_at,
                                   .last_login = now};
}

/* AUTHP_E_CONFLICT: another account has got the identity meanwhile. */
static authp_err_t check_free(const entering_t *in, apr_pool_t *pool)
{
    authp_user_t *owner = NULL;
    authp_err_t err = authp_store_user_by_identity(in->realm->store, in->person->issuer,
                                                   in->person->sub, &owner, pool);
    return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err == AUTHP_OK ? AUTHP_E_CONFLICT : err;
}

static bool is_first_proof(const entering_t *in)
{
    return in->step == AUTHP_STEP_TAKE || in->step == AUTHP_STEP_PART;
}

/* AUTHP_E_CONFLICT: the step was chosen for an older state of the account. */
static authp_err_t edit_account(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const entering_t *in = ctx;
    if (authp_mapping_look(user, in->person) != in->found) {
        return AUTHP_E_CONFLICT;
    }
    if (is_first_proof(in)) {
        authp_first_proof_apply(authp_first_proof_of(user), user);
    }
    if (in->step == AUTHP_STEP_PART) {
        return AUTHP_OK;
    }
    put_identity(in, user, pool);
    return in->step == AUTHP_STEP_RENEW ? AUTHP_OK : check_free(in, pool);
}

static authp_err_t change(entering_t *in)
{
    static const char *const events[] = {[AUTHP_STEP_LINK] = "identity_link",
                                         [AUTHP_STEP_TAKE] = "first_proof",
                                         [AUTHP_STEP_PART] = "address_lost"};
    authp_user_edit_t edit = {.fn = edit_account, .ctx = in, .ends_sessions = is_first_proof(in)};
    authp_err_t err = authp_user_change(in->realm, in->user->id.hex, &edit, &in->user, in->pool);
    if (err == AUTHP_OK && is_first_proof(in)) {
        authp_first_proof_end_sessions(in->realm, in->user->id.hex, in->pool);
    }
    if (err == AUTHP_OK && in->step != AUTHP_STEP_RENEW) {
        audit(in, events[in->step], in->user);
    }
    if (err == AUTHP_OK && in->step == AUTHP_STEP_LINK) {
        authp_account_mail_notice(in->realm, AUTHP_MAIL_IDENTITY_LINKED, in->user, in->client,
                                  in->pool);
    }
    return err == AUTHP_E_NOT_FOUND ? AUTHP_E_CONFLICT : err;
}

/* True in *out if there is a live invite for the address. */
static authp_err_t is_invited(const entering_t *in, bool *out)
{
    authp_invite_t *invite = NULL;
    authp_err_t err =
        in->person->vouched
            ? authp_store_invite_live_of(in->realm->store, in->person->email, NULL,
                                         authp_realm_now(in->realm), &invite, in->pool)
            : AUTHP_E_NOT_FOUND;
    *out = err == AUTHP_OK;
    return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
}

static authp_err_t create(entering_t *in)
{
    const authp_person_t *person = in->person;
    authp_user_t model = {.identities = NULL};
    bool recruiter = in->asked == AUTHP_ASKED_RECRUITER;
    authp_err_t err = recruiter ? is_invited(in, &in->invited) : AUTHP_OK;
    if (err != AUTHP_OK) {
        return err;
    }
    put_identity(in, &model, in->pool);
    const authp_new_account_t account = {
        .email = person->email,
        .name = person->name,
        .role = in->invited ? "recruiter" : authp_account_default_role(in->realm),
        .email_verified = person->vouched,
        .identities = model.identities,
        .asks_for_recruiter = recruiter && !in->invited};
    err = authp_account_insert(in->realm, &account, AUTHP_HASH_STRANGER, &in->user, in->pool);
    in->made = err == AUTHP_OK;
    if (in->made && !in->invited) {
        audit(in, "register", in->user);
    }
    return err == AUTHP_E_EMAIL_TAKEN ? AUTHP_E_CONFLICT : err;
}

static authp_err_t edit_request(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const entering_t *in = ctx;
    (void)pool;
    if (user->recruiter_requested_at == 0 && !user->is_recruiter_verified) {
        user->recruiter_requested_at = authp_realm_now(in->realm);
    }
    return AUTHP_OK;
}

/* Removes the account that was made for an invite, because another request used the invite first.
 */
static authp_err_t undo(entering_t *in)
{
    authp_err_t err = authp_store_user_discard(in->realm->store, in->user, in->pool);
    authp_log(AUTHP_LOG_NOTICE, "AUTHP0316",
              "user %s: another registration used the invite first, removing this account: %s",
              in->user->id.hex, authp_err_name(err));
    return err == AUTHP_OK ? AUTHP_E_CONFLICT : err;
}

static bool is_recruiter(const authp_user_t *user)
{
    return authp_user_holds(user, "recruiter") && user->is_recruiter_verified;
}

static authp_err_t recruit(entering_t *in)
{
    if (is_recruiter(in->user)) {
        return AUTHP_OK;
    }
    int64_t since = in->step == AUTHP_STEP_TAKE ? in->user->ver - 1 : in->user->ver;
    authp_err_t err = in->person->vouched ? authp_invite_accept(in->realm, in->person->email, since,
                                                                in->client, &in->user, in->pool)
                                          : AUTHP_E_NOT_FOUND;
    if (in->made && in->invited) {
        if (err == AUTHP_E_NOT_FOUND) {
            return undo(in);
        }
        audit(in, "register", in->user);
    }
    if (err != AUTHP_E_NOT_FOUND) {
        return err;
    }
    authp_user_edit_t edit = {.fn = edit_request, .ctx = in};
    err = authp_user_change(in->realm, in->user->id.hex, &edit, &in->user, in->pool);
    return err == AUTHP_OK && is_recruiter(in->user) ? AUTHP_OK
           : err == AUTHP_OK                         ? AUTHP_E_RECRUITER_PENDING
                                                     : err;
}

/* AUTHP_E_CONFLICT: begin again. */
static authp_err_t try_once(entering_t *in)
{
    in->made = false;
    in->invited = false;
    authp_err_t err = find(in);
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_mapping_rule_t *rule = &authp_mapping_rules[in->found][in->asked];
    in->step = rule->step;
    if (rule->then == AUTHP_THEN_REFUSE) {
        return rule->err;
    }
    err = rule->step == AUTHP_STEP_CREATE ? create(in) : change(in);
    if (err != AUTHP_OK) {
        return err;
    }
    return rule->then == AUTHP_THEN_AGAIN ? AUTHP_E_CONFLICT
           : rule->then == AUTHP_THEN_ENTER
               ? authp_login_check_door(in->realm, in->user, AUTHP_DOOR_ANY)
               : recruit(in);
}

authp_err_t authp_mapping_enter(const authp_realm_t *realm, const authp_person_t *person,
                                authp_asked_t asked, const authp_client_t *client,
                                authp_user_t **out, apr_pool_t *pool)
{
    entering_t in = {
        .realm = realm, .person = person, .client = client, .asked = asked, .pool = pool};
    authp_err_t err = AUTHP_E_CONFLICT;
    for (int i = 0; i < TRIES && err == AUTHP_E_CONFLICT; i++) {
        err = try_once(&in);
    }
    if (err == AUTHP_OK) {
        *out = in.user;
    }
    return err == AUTHP_E_CONFLICT ? AUTHP_E_BUSY : err;
}
