/* SPDX-License-Identifier: Apache-2.0 */
/* Hands one line of a configuration to a directive, as httpd does. */
#include "httpd/directives.h"
#include "httpd_fake.h"

#include <apr_strings.h>
#include <check.h>
#include <string.h>
#include <strings.h>

#define MOST_WORDS 8

static const char *call(cmd_parms *cmd, authp_dir_config_t *dir, const char *value)
{
    char *words[MOST_WORDS];
    int count = 0;
    switch (cmd->cmd->args_how) {
    case TAKE1:
        return cmd->cmd->AP_TAKE1(cmd, dir, value);
    case TAKE12:
        words[0] = ap_getword_conf(cmd->pool, &value);
        words[1] = *value != '\0' ? ap_getword_conf(cmd->pool, &value) : NULL;
        return cmd->cmd->AP_TAKE2(cmd, dir, words[0], words[1]);
    case RAW_ARGS:
        return cmd->cmd->AP_RAW_ARGS(cmd, dir, value);
    case FLAG:
        if (strcasecmp(value, "on") != 0 && strcasecmp(value, "off") != 0) {
            return "must be On or Off";
        }
        return cmd->cmd->AP_FLAG(cmd, dir, strcasecmp(value, "on") == 0);
    case TAKE_ARGV:
        while (*value != '\0' && count < MOST_WORDS) {
            words[count++] = ap_getword_conf(cmd->pool, &value);
        }
        return cmd->cmd->AP_TAKE_ARGV(cmd, dir, count, words);
    default:
        return "of a kind that the fake does not know";
    }
}

const char *httpd_fake_line(httpd_fake_place_t place, const char *name, const char *value,
                            authp_dir_config_t *dir)
{
    static const int allowed[] = {RSRC_CONF, RSRC_CONF, ACCESS_CONF | OR_AUTHCFG, OR_AUTHCFG};
    const command_rec *row = authp_directives_table;
    while (row->name != NULL && strcasecmp(row->name, name) != 0) {
        row++;
    }
    ck_assert_ptr_nonnull(row->name);
    if ((row->req_override & allowed[place]) == 0) {
        return "not allowed here";
    }
    cmd_parms cmd = {.cmd = row,
                     .info = row->cmd_data,
                     .pool = fake.f.pool,
                     .temp_pool = fake.f.pool,
                     .server = place == FAKE_HOST ? &fake.host : &fake.main,
                     .path = place >= FAKE_SECTION ? "/x" : NULL};
    char *copy = apr_pstrdup(fake.f.pool, value);
    return call(&cmd, dir != NULL ? dir : fake.dir, copy);
}

/* --- what was said ---------------------------------------------------------------------------- */

void httpd_fake_say(int level, const char *line)
{
    size_t len = strlen(fake.said);
    (void)apr_snprintf(fake.said + len, sizeof(fake.said) - len, "%d %s\n", level, line);
}

int httpd_fake_told(const char *part)
{
    int count = 0;
    for (const char *at = fake.said; (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

/* --- what was registered ---------------------------------------------------------------------- */

static char noted[1000];

void httpd_fake_note(const char *name, int order)
{
    size_t used = strlen(noted);
    (void)apr_snprintf(noted + used, sizeof(noted) - used, "%s %d\n", name, order);
}

const char *httpd_fake_noted(void)
{
    static char copy[sizeof(noted)];
    memcpy(copy, noted, sizeof(copy));
    noted[0] = '\0';
    return copy;
}
