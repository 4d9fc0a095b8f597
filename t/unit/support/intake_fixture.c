/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_fixture.h"

#include "store/identities.h"

#include <apr_strings.h>
#include <check.h>
#include <string.h>

int intake_fixture_read(void *ctx, char *buffer, int len)
{
    intake_text_t *file = ctx;
    int take = file->chunk < len ? file->chunk : len;
    take = (size_t)take < file->len ? take : (int)file->len;
    if (take == 0 && file->fails) {
        return -1;
    }
    memcpy(buffer, file->text, (size_t)take);
    file->text += take;
    file->len -= (size_t)take;
    return take;
}

authp_settings_t *intake_fixture_settings(apr_pool_t *pool)
{
    static const char *const roles[] = {"candidate", "recruiter", "admin"};
    authp_settings_t *settings = apr_palloc(pool, sizeof(*settings));
    memset(settings, 0, sizeof(*settings));
    settings->roles = apr_array_make(pool, 3, sizeof(const char *));
    for (size_t i = 0; i < 3; i++) {
        APR_ARRAY_PUSH(settings->roles, const char *) = roles[i];
    }
    settings->phone_default_country = "91";
    apr_array_header_t *countries = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(countries, const char *) = "91";
    settings->phone_countries = countries;
    authp_provider_t *corp = apr_palloc(pool, sizeof(*corp));
    memset(corp, 0, sizeof(*corp));
    corp->name = "corp";
    corp->issuer = "https://id.corp.example/realms/acme";
    settings->providers = apr_array_make(pool, 1, sizeof(authp_provider_t *));
    APR_ARRAY_PUSH(settings->providers, authp_provider_t *) = corp;
    return settings;
}

authp_intake_options_t intake_fixture_options(const char *format, apr_pool_t *pool)
{
    return (authp_intake_options_t){
        .format = format, .now = INTAKE_NOW, .settings = intake_fixture_settings(pool)};
}

static const char *joined(const apr_array_header_t *lines, const char *before, apr_pool_t *pool)
{
    for (int i = 0; i < lines->nelts; i++) {
        before = apr_pstrcat(pool, before, APR_ARRAY_IDX(lines, i, const char *), "\n", NULL);
    }
    return before;
}

intake_result_t intake_fixture_file(const authp_intake_options_t *options, intake_text_t *file,
                                    apr_pool_t *pool)
{
    authp_intake_t *intake = NULL;
    intake_result_t result = {.notes = "", .remarks = ""};
    result.users = apr_array_make(pool, 4, sizeof(authp_user_t *));
    result.err = authp_intake_open(options, intake_fixture_read, file, &intake, &result.why, pool);
    while (result.err == AUTHP_OK) {
        authp_intake_item_t item = {0};
        result.err = authp_intake_next(intake, &item, pool);
        if (result.err == AUTHP_OK) {
            APR_ARRAY_PUSH(result.users, authp_user_t *) = item.user;
            result.notes = joined(item.notes, result.notes, pool);
        } else {
            result.why = authp_intake_refusal(intake);
            result.remarks = joined(authp_intake_remarks(intake), "", pool);
        }
    }
    return result;
}

intake_result_t intake_fixture_all(const authp_intake_options_t *options, const char *text,
                                   apr_pool_t *pool)
{
    intake_text_t file = {.text = text, .len = strlen(text), .chunk = 4096};
    return intake_fixture_file(options, &file, pool);
}

const authp_user_t *intake_fixture_user(const intake_result_t *result, int i)
{
    ck_assert_int_lt(i, result->users->nelts);
    const authp_user_t *user = APR_ARRAY_IDX(result->users, i, const authp_user_t *);
    ck_assert_msg(user != NULL, "entry %d was left out: %s", i, result->notes);
    return user;
}

intake_result_t intake_fixture_as(const authp_intake_options_t *options, const char *format,
                                  const char *text, apr_pool_t *pool)
{
    authp_intake_options_t all = *options;
    all.format = format;
    all.now = INTAKE_NOW;
    all.settings = intake_fixture_settings(pool);
    return intake_fixture_all(&all, text, pool);
}

const char *intake_fixture_identities(const authp_user_t *user, apr_pool_t *pool)
{
    const char *all = "";
    for (int i = 0; i < authp_identities_count(user->identities); i++) {
        const authp_identity_t *one_of = authp_identities_at(user->identities, i);
        all =
            apr_psprintf(pool, "%s%s%s %s %s %s", all, i > 0 ? ", " : "", one_of->provider,
                         one_of->issuer, one_of->sub, one_of->email != NULL ? one_of->email : "-");
    }
    ck_assert_int_eq(authp_identities_check(user->identities), AUTHP_OK);
    return all;
}
