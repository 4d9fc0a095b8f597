/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_PROMPT_H
#define AUTHP_CLI_PROMPT_H

#include "base/err.h"
#include "base/secret.h"

#include <apr_pools.h>
#include <stdbool.h>

/* A password: asked twice on the terminal without echo, or one line of standard input where that is
 * no terminal. On failure *error says why. A signal that would end or stop the tool takes effect
 * once the terminal is as it was. */
AUTHP_CHECKED authp_err_t authp_prompt_password(authp_secret_t **out, const char **error,
                                                apr_pool_t *pool);

/* Asks on the terminal; true if the answer is "yes". `question` is safe to show. */
bool authp_prompt_yes(const char *question);

#endif
