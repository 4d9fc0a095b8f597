/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_admin.h"

#include "base/b64url.h"
#include "base/secret.h"
#include "cli/httpd_check.h"
#include "cli/online.h"
#include "cli/online_keys.h"
#include "cli/online_mail.h"
#include "cli/output.h"
#include "crypto/password/argon2id.h"
#include "crypto/password/hasher_bound.h"
#include "service/mail/mail_texts.h"
#include "service/otp/sender_open.h"
#include "service/otp/sender_warn.h"
#include "service/session/purge.h"
#include "service/session/terms.h"
#include "service/settings/mail_url.h"
#include "service/settings/settings_values.h"

#include <apr_strings.h>
#include <string.h>

#define SECRET_BYTES 48
#define KIB 1024
#define BCRYPT_KIB 40         /* its tables, and those of crypt_r() */
#define PURGE_BATCHES 1000000 /* in effect no limit */

int authp_cmd_admin_secret(authp_context_t *context)
{
    unsigned char bytes[SECRET_BYTES];
    authp_random_fill(authp_random_system(), bytes, sizeof(bytes));
    char *text = authp_b64url_encode(bytes, sizeof(bytes), context->pool);
    authp_secret_wipe(bytes, sizeof(bytes));
    if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        authp_json_set_str(answer, "secret", text);
        authp_output_json(answer, context->pool);
    } else {
        authp_output_line(context->pool, "%s", text);
    }
    return AUTHP_EXIT_OK;
}

static int purge_failed(authp_context_t *context, authp_err_t err)
{
    int64_t offset = 0;
    (void)authp_store_offset(context->realm->store, &offset);
    if (err != AUTHP_E_CLOCKS_DIFFER) {
        return authp_context_failure(context, err, NULL);
    }
    authp_output_error(
        context->pool,
        "nothing was removed: the store's clock is %" APR_INT64_T_FMT
        " seconds %s this host's (20 seconds are allowed), so the age of an entry is "
        "uncertain. Set the clock that is wrong, then purge again.",
        (offset < 0 ? -offset : offset) / 1000, offset < 0 ? "behind" : "ahead of");
    return AUTHP_EXIT_FAILED;
}

int authp_cmd_admin_purge(authp_context_t *context)
{
    int removed = 0;
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err = authp_purge_run(context->realm, PURGE_BATCHES, &removed, context->pool);
    if (err != AUTHP_OK) {
        return purge_failed(context, err);
    }
    if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        authp_json_set_int(answer, "removed", removed);
        authp_output_json(answer, context->pool);
    } else {
        authp_output_line(context->pool, "%d row%s removed", removed, removed == 1 ? "" : "s");
    }
    return AUTHP_EXIT_OK;
}

/* Prints the warnings on standard error and adds them to `answer`. */
static void show_warnings(const authp_context_t *context, json_t *answer,
                          const apr_array_header_t *warnings)
{
    json_t *list = warnings->nelts > 0 ? authp_json_set_array(answer, "warnings") : NULL;
    for (int i = 0; i < warnings->nelts; i++) {
        const char *line = APR_ARRAY_IDX(warnings, i, const char *);
        authp_output_error(context->pool, "warning: %s", line);
        authp_json_append_str(list, line);
    }
}

/* Warns about settings that are allowed but let anybody in or do not count everywhere and, with
 * --httpd, about a configuration of httpd that lets anybody in. */
static void check_open(const authp_context_t *context, json_t *answer, apr_array_header_t *errors)
{
    const authp_settings_t *settings = context->settings;
    apr_array_header_t *warnings = apr_array_make(context->pool, 2, sizeof(const char *));
    const char *file = authp_context_value(context, "httpd");
    if (settings->recruiter_registration == AUTHP_RECRUITERS_OPEN) {
        APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
            context->pool,
            "RECRUITER_REGISTRATION in %s is open: anybody who registers as a recruiter is one at "
            "once, without an invite and without a proof of the address",
            settings->source);
    }
    if (settings->access_token_minutes > AUTHP_TERMS_MOST_MINUTES) {
        APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
            context->pool,
            "ACCESS_TOKEN_EXPIRE_MINUTES in %s is above %d: it counts only at mounts whose profile "
            "allows that; tokens of platform, assessment, jobpath and ai live as if it were unset",
            settings->source, AUTHP_TERMS_MOST_MINUTES);
    }
    if (settings->otp_provider != AUTHP_OTP_BY_NOBODY) {
        authp_sender_warn(settings, warnings, context->pool);
    }
    if (file != NULL && authp_httpd_check_file(file, warnings, context->pool) != AUTHP_OK) {
        APR_ARRAY_PUSH(errors, const char *) =
            apr_pstrcat(context->pool, file, " cannot be read", NULL);
    }
    show_warnings(context, answer, warnings);
}

/* Completes the answer of `check-config` with what is wrong, if anything is. */
static int show_result(const authp_context_t *context, json_t *answer,
                       const apr_array_header_t *errors)
{
    authp_json_set_bool(answer, "ok", errors->nelts == 0);
    json_t *list = errors->nelts > 0 ? authp_json_set_array(answer, "errors") : NULL;
    for (int i = 0; i < errors->nelts; i++) {
        const char *line = APR_ARRAY_IDX(errors, i, const char *);
        authp_output_error(context->pool, "%s", line);
        authp_json_append_str(list, line);
    }
    if (context->options->json) {
        authp_output_json(answer, context->pool);
    }
    return errors->nelts == 0 ? AUTHP_EXIT_OK : AUTHP_EXIT_FAILED;
}

/* Adds to `answer` how passwords are hashed, and how much memory the server needs on this
 * machine while all slots make a hash: hash_memory_mib with hashes of PASSWORD_HASH,
 * hash_memory_max_mib with the largest hashes of other systems. */
static void describe_hashes(const authp_settings_t *settings, json_t *answer)
{
    bool argon2id = settings->password_argon2id;
    int slots = authp_hasher_bound_all_slots(0);
    int one_kib = argon2id ? AUTHP_ARGON2ID_MEMORY_KIB : BCRYPT_KIB;
    authp_json_set_str(answer, "password_hash", argon2id ? "argon2id" : "bcrypt");
    authp_json_set_int(answer, "bcrypt_rounds", settings->bcrypt_rounds);
    authp_json_set_int(answer, "hash_slots", slots);
    authp_json_set_int(answer, "hash_memory_mib", (slots * one_kib + KIB - 1) / KIB);
    authp_json_set_int(answer, "hash_memory_max_mib", slots * (AUTHP_HASH_TEXT_MEMORY_KIB / KIB));
}

/* Adds to `answer` where mails go to and what their links begin with, without the account. */
static void describe_mail(const authp_settings_t *settings, json_t *answer, apr_pool_t *pool)
{
    const authp_mail_url_t *server = settings->mail_server;
    if (server == NULL) {
        authp_json_set_str(answer, "mail_server", NULL);
        authp_json_set_str(
            answer, "mail_unavailable",
            apr_psprintf(pool,
                         "MAIL_URL in %s is not set: the routes that need a mail answer 503 "
                         "mail_unavailable",
                         settings->source));
        return;
    }
    authp_json_set_str(answer, "mail_server",
                       apr_psprintf(pool, "%s:%d", server->host, server->port));
    authp_json_set_str(answer, "mail_from", settings->mail_from);
    authp_json_set_str(answer, "public_url", settings->public_url);
    authp_json_set_str(answer, "email_verification",
                       settings->email_verification_required ? "required" : "optional");
}

/* Describes the settings for `check-config`. Of secrets it only says whether they are set. */
static json_t *describe(const authp_context_t *context)
{
    const authp_settings_t *settings = context->settings;
    json_t *answer = authp_json_object(context->pool);
    authp_json_set_str(answer, "source", settings->source);
    authp_json_set_str(answer, "store", settings->store);
    authp_json_set_str(answer, "database", context->ops->place(&context->config, context->pool));
    authp_json_set_str(answer, "jwt_algorithm", settings->jwt_algorithm);
    authp_json_set_str(answer, "jwt_issuer", settings->jwt_issuer);
    authp_json_set_str(answer, "jwt_audience", settings->jwt_audience);
    authp_json_set_bool(answer, "previous_key", settings->jwt_secret_previous != NULL);
    authp_json_set_int(answer, "access_token_minutes", authp_terms_minutes(settings, NULL));
    authp_json_set_int(answer, "refresh_token_days", settings->refresh_token_days);
    authp_json_set_bool(answer, "refresh_token_rotation", settings->refresh_token_rotation);
    authp_json_set_int(answer, "session_absolute_days", settings->session_absolute_days);
    describe_hashes(settings, answer);
    authp_json_set_str(answer, "password_refused_file", settings->password_refused_file);
    authp_json_set_bool(answer, "secure_cookies", settings->secure_cookies);
    authp_json_set_bool(answer, "limits", settings->limits);
    authp_json_set_str(answer, "recruiter_registration",
                       authp_settings_values_recruiter(settings->recruiter_registration));
    if (settings->otp_provider == AUTHP_OTP_BY_NOBODY) {
        authp_json_set_str(answer, "otp_provider", NULL);
        authp_json_set_str(answer, "otp_unavailable",
                           authp_sender_open_why(settings, context->pool));
    } else {
        authp_json_set_str(answer, "otp_provider",
                           authp_settings_values_codes(settings->otp_provider));
    }
    describe_mail(settings, answer, context->pool);
    json_t *roles = authp_json_set_array(answer, "roles");
    for (int i = 0; i < settings->roles->nelts; i++) {
        authp_json_append_str(roles, APR_ARRAY_IDX(settings->roles, i, const char *));
    }
    return answer;
}

/* With --online the caller contacts the services that the settings name after this call. So this
 * function does not say yet that the settings are fine. */
static void show_described(const authp_context_t *context, json_t *answer)
{
    const char *key = NULL;
    json_t *value = NULL;
    if (context->options->json) {
        return;
    }
    authp_output_line(
        context->pool, "%s",
        authp_context_value(context, "online") != NULL
            ? "The settings are well-formed. The services that they name are contacted now."
            : "The settings are fine (the store was not contacted).");
    json_object_foreach(answer, key, value)
    {
        const char *text = json_is_string(value) ? json_string_value(value)
                           : json_is_null(value) ? "-"
                                                 : authp_json_text(value, NULL, context->pool);
        authp_output_line(context->pool, "  %-24s%s", key, text);
    }
}

int authp_cmd_admin_check_config(authp_context_t *context)
{
    apr_array_header_t *errors = NULL;
    if (authp_context_load(context, &errors) != AUTHP_OK) {
        return show_result(context, authp_json_object(context->pool), errors);
    }
    if (authp_realm_selftest(context->realm, context->pool) != AUTHP_OK) {
        authp_output_error(context->pool, "the self-test of the signing keys failed");
        return AUTHP_EXIT_FAILED;
    }
    authp_mail_texts_t *texts = NULL;
    if (authp_mail_texts_load(context->settings, &texts, errors, context->pool) != AUTHP_OK) {
        return show_result(context, authp_json_object(context->pool), errors);
    }
    json_t *answer = describe(context);
    show_described(context, answer);
    check_open(context, answer, errors);
    if (authp_context_value(context, "online") != NULL) {
        authp_online_check(context, answer, errors);
        authp_online_mail_check(context, answer, errors);
        authp_online_keys_check(context, answer, errors);
        if (errors->nelts == 0 && !context->options->json) {
            authp_output_line(context->pool, "The settings are fine.");
        }
    }
    return show_result(context, answer, errors);
}
