/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_PROMPT_H
#define AUTHP_CLI_PROMPT_H

#include "base/err.h"
#include "base/secret.h"

#include <apr_pools.h>
#include <stdbool.h>

/* Reads a password. On a terminal it asks twice, without echo. Otherwise it reads one line of
 * standard input. On failure *error says why. A signal that ends or stops the tool takes effect
 * after the terminal's mode was restored. */
AUTHP_CHECKED authp_err_t authp_prompt_password(authp_secret_t **out, const char **error,
                                                apr_pool_t *pool);

/* Asks on the terminal. True if the answer is "yes". The caller makes `question` safe to print. */
bool authp_prompt_yes(const char *question);
/* True if standard input is a terminal. Otherwise prints that --yes `does`, such as "deletes",
 * without asking. */
bool authp_prompt_can_ask(const char *does, apr_pool_t *pool);

#endif
