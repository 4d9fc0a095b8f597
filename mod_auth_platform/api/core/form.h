/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_FORM_H
#define AUTHP_API_CORE_FORM_H

#include "base/err.h"

#include <apr_pools.h>
#include <jansson.h>
#include <stddef.h>

/* A body of the type application/x-www-form-urlencoded. */
#define AUTHP_FORM_TYPE "application/x-www-form-urlencoded"
#define AUTHP_FORM_FIELDS 32 /* at most */

/* Parses the form strictly into an object of strings. '+' and %20 are a space, and a field without
 * '=' is empty. A NUL in a value is kept, so that the schema can refuse it and name the field.
 * AUTHP_E_MALFORMED: a broken %XX, bytes that are no UTF-8, a name that occurs twice, is empty or
 * has a NUL, or more than AUTHP_FORM_FIELDS fields. The object is released with the pool. */
AUTHP_CHECKED authp_err_t authp_form_parse(const char *text, size_t len, json_t **out,
                                           apr_pool_t *pool);

#endif
