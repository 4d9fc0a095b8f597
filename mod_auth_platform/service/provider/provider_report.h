/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_PROVIDER_REPORT_H
#define AUTHP_SERVICE_PROVIDER_PROVIDER_REPORT_H

#include <apr_tables.h>

/* What an operator can learn about a provider before anybody signs in. The lines have no secret.
 * They may have texts of the provider, with whatever characters it chose. */
typedef struct authp_provider_report_t {
    apr_array_header_t *errors; /* const char *: why nobody can sign in with it */
    apr_array_header_t *notes;  /* const char *: hints, which may be wrong */
    const char *checked;        /* what was asked for, and what it showed */
} authp_provider_report_t;

#endif
