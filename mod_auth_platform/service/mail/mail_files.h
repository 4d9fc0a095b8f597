/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_MAIL_FILES_H
#define AUTHP_SERVICE_MAIL_MAIL_FILES_H

#include "service/mail/mail_kind.h"
#include "service/settings/settings.h"

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stddef.h>

/* For mail_texts.c: the files of MAIL_TEMPLATE_DIR. */
typedef struct authp_mail_file_t {
    const char *name; /* in the folder */
    authp_mail_kind_t kind;
    const char *language;
    bool is_html;
    const char *bytes; /* followed by a NUL, which `len` does not count */
    size_t len;
} authp_mail_file_t;

/* Reads the files KIND.LANGUAGE.txt and KIND.LANGUAGE.html of the folder. Returns an array of
 * authp_mail_file_t, sorted by name. A name that begins with a dot is skipped. Each file that has
 * another name, is no regular file, cannot be read or is too large is a line (const char *) in
 * `errors`, and so is a folder with more than 1000 files. Opening a file does not block. */
apr_array_header_t *authp_mail_files_read(const authp_settings_t *settings,
                                          apr_array_header_t *errors, apr_pool_t *pool);

/* Adds a line to `errors`: the file `name` of the folder (NULL: the folder itself), and `why` it is
 * wrong. */
void authp_mail_files_blame(const authp_settings_t *settings, const char *name, const char *why,
                            apr_array_header_t *errors, apr_pool_t *pool);

#endif
