/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of the platform itself: accounts, sessions, invites and administration. */
#include "api/core/profile.h"
#include "api/core/problem_shape.h"
#include "api/profiles/platform/answers.h"
#include "api/profiles/platform/routes.h"

AUTHP_PROFILE_TEXTS(platform);

static const char *const role_names[] = {"candidate", "recruiter", "admin", NULL};

const authp_profile_t authp_profile_platform = {
    .name = "platform",
    .title = "mod_auth_platform",
    .about = "Accounts, sessions and tokens of this host. Errors are RFC 9457 problem documents; "
             "`code` is stable. Mails are in the language that `Accept-Language` asks for.",
    .routes = authp_routes,
    .shape = &authp_problem_shape,
    .answers = authp_answers,
    .tags = authp_routes_tags,
    .role_names = role_names,
    .renewal = "/session/renew",
    .about_json = authp_profile_platform_about,
    .examples_json = authp_profile_platform_examples,
};
