/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_OUTPUT_H
#define AUTHP_CLI_OUTPUT_H

#include "base/err.h"
#include "base/json.h"

#include <apr_pools.h>
#include <stdbool.h>

/* All output of the tool: answers go to standard output, everything else to standard error. Text
 * from the store or from arguments cannot control the terminal, because control and direction
 * characters become '?'. */

/* Prints "authplatform: ..." to standard error. */
void authp_output_error(apr_pool_t *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Sends warnings and errors of the library to standard error, or with false nowhere. */
void authp_output_log(bool on);
/* Returns what an expected failure means to the operator, or NULL if there is no text for it. */
const char *authp_output_explain(authp_err_t err);
/* Prints one JSON document and a newline. */
void authp_output_json(const json_t *value, apr_pool_t *pool);
/* Prints a line for people. */
void authp_output_line(apr_pool_t *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

const char *authp_output_safe(const char *text, apr_pool_t *pool);
/* Flushes standard output. False if something could not be written (a full disk, a closed pipe). */
bool authp_output_finish(void);

#endif
