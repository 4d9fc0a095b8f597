/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi_tags.h"
#include "base/json.h"

#include <string.h>

#define BEGINNINGS 5

/* The groups, in the order in which they are shown. The last group has the routes that no other
 * group has. */
static const struct {
    const char *name;
    const char *about;
    const char *beginnings[BEGINNINGS]; /* first segments of paths */
} tags[] = {
    {"Sign up and sign in", "Make accounts and start sessions.", {"/register", "/login"}},
    {"Sessions", "Refresh tokens and end sessions.", {"/refresh", "/logout", "/session"}},
    {"Own account",
     "Your own account and your own sessions.",
     {"/me", "/sessions", "/api/protected/me"}},
    {"Recruiters", "Invites and verification, for admins.", {"/recruiter"}},
    {"Accounts", "Everybody's account, for admins.", {"/users"}},
    {"Server", "The state of the server, and the description of its routes.", {NULL}},
};

#define TAGS (sizeof(tags) / sizeof(tags[0]))

void authp_openapi_tags_list(json_t *out)
{
    for (size_t i = 0; i < TAGS; i++) {
        json_t *tag = authp_json_append_object(out);
        authp_json_set_str(tag, "name", tags[i].name);
        authp_json_set_str(tag, "description", tags[i].about);
    }
}

static int begins_with(const char *path, const char *beginning)
{
    size_t len = strlen(beginning);
    return strncmp(path, beginning, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

const char *authp_openapi_tags_of(const char *path)
{
    for (size_t i = 0; i < TAGS; i++) {
        for (int k = 0; k < BEGINNINGS && tags[i].beginnings[k] != NULL; k++) {
            if (begins_with(path, tags[i].beginnings[k])) {
                return tags[i].name;
            }
        }
    }
    return tags[TAGS - 1].name;
}
