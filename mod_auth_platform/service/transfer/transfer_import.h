/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TRANSFER_TRANSFER_IMPORT_H
#define AUTHP_SERVICE_TRANSFER_TRANSFER_IMPORT_H

#include "service/realm/realm.h"
#include "service/transfer/transfer_batch.h"
#include "service/transfer/transfer_file.h"

#include <stdio.h>

/* Reads the file of an export into the realm's store, a batch at a time. */
typedef struct authp_transfer_import_t authp_transfer_import_t;

typedef struct authp_transfer_source_t {
    FILE *in;
    bool dry_run;
    bool drop_factors; /* accounts with second factors are imported without them */
} authp_transfer_source_t;

/* Reads the header. AUTHP_E_MALFORMED: *refusal says why the file is refused. AUTHP_E_ABORTED: it
 * cannot be read, see errno. */
AUTHP_CHECKED authp_err_t authp_transfer_import_open(const authp_realm_t *realm,
                                                     const authp_transfer_source_t *source,
                                                     authp_transfer_import_t **out,
                                                     const char **refusal, apr_pool_t *pool);

/* What one step did. It is valid until the next one. */
typedef struct authp_transfer_step_t {
    authp_transfer_kind_t kind;
    void *const *rows;
    const authp_put_result_t *results;
    int count;
    int without_account; /* sessions that were left out: their account could not be put, or was
                            deleted */
    int other_key;       /* sessions that were left out: JWT_SECRET_KEY is another one */
    int factors_dropped; /* accounts */
    int64_t bytes;       /* of the file, so far */
} authp_transfer_step_t;

/* Puts the next rows. AUTHP_E_NOT_FOUND: there are no more. AUTHP_E_MALFORMED: *refusal says which
 * line is wrong and why; the rows before it have been put. AUTHP_E_ABORTED as
 * above. */
AUTHP_CHECKED authp_err_t authp_transfer_import_next(authp_transfer_import_t *import,
                                                     authp_transfer_step_t *step,
                                                     const char **refusal);

const authp_transfer_header_t *authp_transfer_import_header(const authp_transfer_import_t *import);
/* Whether the sessions of the file are valid with this server's keys. */
bool authp_transfer_import_same_key(const authp_transfer_import_t *import);
/* How many rows of that kind were read. */
int64_t authp_transfer_import_read(const authp_transfer_import_t *import,
                                   authp_transfer_kind_t kind);

#endif
