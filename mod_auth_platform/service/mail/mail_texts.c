/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/mail_texts.h"

#include "service/mail/language.h"
#include "service/mail/mail_builtin.h"
#include "service/mail/mail_files.h"
#include "service/mail/mail_layout.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* A mail in one language. */
typedef struct entry_t {
    authp_mail_template_t text;
    const char *html;
} entry_t;

/* The texts of one kind. languages[i] is the language of entries[i]. */
typedef struct shelf_t {
    apr_array_header_t *languages; /* const char * */
    apr_array_header_t *entries;   /* entry_t */
} shelf_t;

struct authp_mail_texts_t {
    shelf_t shelves[AUTHP_MAIL_KINDS];
};

static entry_t *find(const shelf_t *shelf, const char *language)
{
    for (int i = 0; i < shelf->languages->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(shelf->languages, i, const char *), language) == 0) {
            return &APR_ARRAY_IDX(shelf->entries, i, entry_t);
        }
    }
    return NULL;
}

/* Adds the text, or replaces the one in this language, with HTML that is made from the text.
 * Returns the entry. */
static entry_t *put(shelf_t *shelf, const char *language, const authp_mail_template_t *text,
                    apr_pool_t *pool)
{
    entry_t *entry = find(shelf, language);
    if (entry == NULL) {
        APR_ARRAY_PUSH(shelf->languages, const char *) = language;
        entry = apr_array_push(shelf->entries);
    }
    *entry = (entry_t){.text = *text, .html = authp_mail_layout_html(text, language, pool)};
    return entry;
}

static authp_err_t put_builtin(authp_mail_texts_t *texts, const authp_mail_builtin_t *builtin,
                               apr_array_header_t *errors, apr_pool_t *pool)
{
    authp_mail_template_t text;
    const char *why = NULL;
    authp_mail_kind_t kind = authp_mail_kind_of(builtin->kind);
    authp_err_t err = AUTHP_E_MALFORMED;
    if (kind != AUTHP_MAIL_KINDS) {
        err =
            authp_mail_template_text(kind, builtin->text, strlen(builtin->text), &text, &why, pool);
    }
    if (err == AUTHP_OK) {
        entry_t *entry = put(&texts->shelves[kind], builtin->language, &text, pool);
        err = authp_mail_template_html(kind, entry->html, strlen(entry->html), &entry->html, &why,
                                       pool);
    }
    if (err != AUTHP_OK) {
        APR_ARRAY_PUSH(errors, const char *) =
            apr_psprintf(pool, "this build's text of %s in %s is wrong: %s", builtin->kind,
                         builtin->language, why != NULL ? why : "no such kind");
        return AUTHP_E_INTERNAL;
    }
    return AUTHP_OK;
}

static authp_err_t load_builtin(authp_mail_texts_t **out, apr_array_header_t *errors,
                                apr_pool_t *pool)
{
    authp_mail_texts_t *texts = apr_pcalloc(pool, sizeof(*texts));
    for (int kind = 0; kind < AUTHP_MAIL_KINDS; kind++) {
        texts->shelves[kind] = (shelf_t){.languages = apr_array_make(pool, 4, sizeof(char *)),
                                         .entries = apr_array_make(pool, 4, sizeof(entry_t))};
    }
    for (size_t i = 0; i < authp_mail_builtin_count; i++) {
        authp_err_t err = put_builtin(texts, &authp_mail_builtin[i], errors, pool);
        if (err != AUTHP_OK) {
            return err;
        }
    }
    *out = texts;
    return AUTHP_OK;
}

/* --- MAIL_TEMPLATE_DIR ------------------------------------------------------------------------ */

/* Uses a file of text. Returns what is wrong with the file, or NULL. */
static const char *use_text(authp_mail_texts_t *texts, const authp_mail_file_t *file,
                            apr_pool_t *pool)
{
    authp_mail_template_t text;
    const char *why = NULL;
    if (authp_mail_template_text(file->kind, file->bytes, file->len, &text, &why, pool) !=
        AUTHP_OK) {
        return why;
    }
    put(&texts->shelves[file->kind], file->language, &text, pool);
    return NULL;
}

/* Uses a file of HTML, whose text must be known. Returns what is wrong with the file, or NULL. */
static const char *use_html(authp_mail_texts_t *texts, const authp_mail_file_t *file,
                            apr_pool_t *pool)
{
    const char *why = NULL;
    const char *html = NULL;
    entry_t *entry = find(&texts->shelves[file->kind], file->language);
    if (entry == NULL) {
        return apr_psprintf(pool, "needs a text, too: %s.%s.txt", authp_mail_kind_name(file->kind),
                            file->language);
    }
    if (authp_mail_template_html(file->kind, file->bytes, file->len, &html, &why, pool) !=
        AUTHP_OK) {
        return why;
    }
    entry->html = html;
    return NULL;
}

/* Uses all files of text and then all files of HTML, because HTML needs the text of its language.
 */
static void use_files(authp_mail_texts_t *texts, const authp_settings_t *settings,
                      apr_array_header_t *errors, apr_pool_t *pool)
{
    apr_array_header_t *files = authp_mail_files_read(settings, errors, pool);
    for (int i = 0; i < 2 * files->nelts; i++) {
        const authp_mail_file_t *file = &APR_ARRAY_IDX(files, i % files->nelts, authp_mail_file_t);
        if (file->is_html != (i >= files->nelts)) {
            continue;
        }
        const char *why = file->is_html ? use_html(texts, file, pool) : use_text(texts, file, pool);
        if (why != NULL) {
            authp_mail_files_blame(settings, file->name, why, errors, pool);
        }
    }
}

authp_err_t authp_mail_texts_load(const authp_settings_t *settings, authp_mail_texts_t **out,
                                  apr_array_header_t *errors, apr_pool_t *pool)
{
    const int before = errors->nelts;
    authp_mail_texts_t *texts = NULL;
    authp_err_t err = load_builtin(&texts, errors, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (settings->mail_template_dir != NULL) {
        use_files(texts, settings, errors, pool);
    }
    if (errors->nelts > before) {
        return AUTHP_E_VALIDATION_FAILED;
    }
    *out = texts;
    return AUTHP_OK;
}

/* --- use -------------------------------------------------------------------------------------- */

static bool has(const char *value)
{
    return value != NULL && value[0] != '\0';
}

authp_err_t authp_mail_texts_write(const authp_mail_texts_t *texts, authp_mail_kind_t kind,
                                   const char *accept_language, const authp_mail_values_t *values,
                                   authp_mail_text_t *out, apr_pool_t *pool)
{
    if (kind >= AUTHP_MAIL_KINDS || (authp_mail_kind_links(kind) && !has(values->link)) ||
        (kind == AUTHP_MAIL_INVITE && !has(values->code))) {
        return AUTHP_E_MALFORMED;
    }
    const shelf_t *shelf = &texts->shelves[kind];
    const entry_t *entry = find(shelf, authp_language_choose(accept_language, shelf->languages));
    if (entry == NULL) {
        return AUTHP_E_INTERNAL; /* does not happen: the language is one of the shelf's */
    }
    *out = (authp_mail_text_t){
        .subject = entry->text.subject,
        .text = authp_mail_template_fill(entry->text.body, values, false, pool),
        .html = authp_mail_template_fill(entry->html, values, true, pool),
    };
    return AUTHP_OK;
}

static void add_file(apr_array_header_t *files, const char *name, const char *content)
{
    authp_mail_texts_file_t *file = apr_array_push(files);
    *file = (authp_mail_texts_file_t){.name = name, .content = content};
}

authp_err_t authp_mail_texts_files(apr_array_header_t **out, apr_pool_t *pool)
{
    authp_mail_texts_t *texts = NULL;
    apr_array_header_t *errors = apr_array_make(pool, 1, sizeof(const char *));
    authp_err_t err = load_builtin(&texts, errors, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    *out = apr_array_make(pool, 64, sizeof(authp_mail_texts_file_t));
    for (size_t i = 0; i < authp_mail_builtin_count; i++) {
        const authp_mail_builtin_t *one = &authp_mail_builtin[i];
        const char *name = apr_pstrcat(pool, one->kind, ".", one->language, NULL);
        add_file(*out, apr_pstrcat(pool, name, ".txt", NULL), one->text);
        add_file(*out, apr_pstrcat(pool, name, ".html", NULL),
                 find(&texts->shelves[authp_mail_kind_of(one->kind)], one->language)->html);
    }
    return AUTHP_OK;
}
