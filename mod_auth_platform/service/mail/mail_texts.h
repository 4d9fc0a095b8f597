/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_MAIL_TEXTS_H
#define AUTHP_SERVICE_MAIL_MAIL_TEXTS_H

#include "base/err.h"
#include "service/mail/mail_kind.h"
#include "service/mail/mail_template.h"
#include "service/settings/settings.h"

#include <apr_pools.h>
#include <apr_tables.h>

/* The texts of all mails: those that the module contains, in English, German and Hindi, and the
 * files of MAIL_TEMPLATE_DIR, which replace single ones or add languages. They do not change after
 * loading. */
typedef struct authp_mail_texts_t authp_mail_texts_t;

/* The text of one mail to one person. */
typedef struct authp_mail_text_t {
    const char *subject;
    const char *text;
    const char *html;
} authp_mail_text_t;

/* Reads all texts. `settings` may be without MAIL_TEMPLATE_DIR. AUTHP_E_VALIDATION_FAILED: each
 * fault of a file is a line (const char *) in `errors`, which names the file and the line in it.
 * AUTHP_E_INTERNAL: a text that the module contains is wrong; `errors` has a line, too. */
AUTHP_CHECKED authp_err_t authp_mail_texts_load(const authp_settings_t *settings,
                                                authp_mail_texts_t **out,
                                                apr_array_header_t *errors, apr_pool_t *pool);

/* Writes a mail of `kind` in the first language that `accept_language` (an Accept-Language header
 * or NULL) asks for and in which this kind has a text (language.h), else in English. A line with a
 * placeholder whose value is NULL or empty is left out. AUTHP_E_MALFORMED: the kind needs a link or
 * a code that `values` does not have. */
AUTHP_CHECKED authp_err_t authp_mail_texts_write(const authp_mail_texts_t *texts,
                                                 authp_mail_kind_t kind,
                                                 const char *accept_language,
                                                 const authp_mail_values_t *values,
                                                 authp_mail_text_t *out, apr_pool_t *pool);

/* A file that MAIL_TEMPLATE_DIR may have. */
typedef struct authp_mail_texts_file_t {
    const char *name; /* "verify_email.en.txt" */
    const char *content;
} authp_mail_texts_file_t;

/* *out: the texts that the module contains, as an array of authp_mail_texts_file_t with a file of
 * text and a file of HTML for each kind and language. AUTHP_E_INTERNAL: a text is wrong. */
AUTHP_CHECKED authp_err_t authp_mail_texts_files(apr_array_header_t **out, apr_pool_t *pool);

#endif
