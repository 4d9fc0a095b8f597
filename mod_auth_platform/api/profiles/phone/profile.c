/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of the phone back end: seekers, providers and administrators, who sign in with codes
 * that are sent to their phones, by bearer token. Its mount lies where the app lies too, so it owns
 * the paths of its rows only. */
#include "api/core/profile.h"
#include "api/core/detail_shape.h"
#include "api/profiles/phone/phone_answers.h"
#include "api/profiles/phone/phone_routes.h"

/* --- words ------------------------------------------------------------------------------------ */
#define NOT_SIGNED_IN(err, code)                                                                   \
    {                                                                                              \
        err, 401, code, "Sign-in needed", "Could not validate credentials", 0                      \
    }
#define TAKEN(err)                                                                                 \
    {                                                                                              \
        err, 400, "user_exists", "Number or address taken",                                        \
            "Phone number or email already registered", 0                                          \
    }

static const authp_problem_t problems[] = {NOT_SIGNED_IN(AUTHP_E_TOKEN_MISSING, "token_missing"),
                                           NOT_SIGNED_IN(AUTHP_E_TOKEN_INVALID, "token_invalid"),
                                           NOT_SIGNED_IN(AUTHP_E_TOKEN_EXPIRED, "token_expired"),
                                           NOT_SIGNED_IN(AUTHP_E_TOKEN_REVOKED, "token_revoked"),
                                           {AUTHP_E_INSUFFICIENT_ROLE, 403, "insufficient_role",
                                            "Not allowed", "Access forbidden: Invalid user type",
                                            0},
                                           {AUTHP_E_INVALID_CREDENTIALS, 401, "invalid_credentials",
                                            "Wrong login or password", "Invalid credentials", 0},
                                           TAKEN(AUTHP_E_EMAIL_TAKEN),
                                           TAKEN(AUTHP_E_USER_EXISTS),
                                           {.err = AUTHP_OK}};

/* --- the profile ------------------------------------------------------------------------------ */
#define MONTH_MINUTES 43200

static const authp_terms_t terms = {.prf = "phone",
                                    .minutes = MONTH_MINUTES,
                                    .most_minutes = MONTH_MINUTES,
                                    .claims = AUTHP_TERMS_USER_ID | AUTHP_TERMS_PHONE};
static const char *const role_names[] = {"seeker", "provider", "admin", NULL};

AUTHP_PROFILE_TEXTS(phone);

const authp_profile_t authp_profile_phone = {
    .name = "phone",
    .title = "Phone accounts",
    .about = "Accounts with phone numbers and one-time codes. An error is "
             "`{\"detail\": text, \"code\": word}`; `code` is stable.",
    .routes = authp_phone_routes,
    .shape = &authp_detail_shape,
    .problems = problems,
    .answers = authp_phone_answers,
    .tags = authp_phone_routes_tags,
    .rows_only = true,
    .ignores_unknown_fields = true,
    .bearer_only = true,
    .terms = &terms,
    .role_names = role_names,
    .about_json = authp_profile_phone_about,
    .examples_json = authp_profile_phone_examples,
};
