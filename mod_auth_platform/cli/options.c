/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/text.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_LEAST 3 /* least length of the beginning of a word that is guessed */

const authp_flag_t authp_options_global[] = {
    {"env-file", "FILE", "read settings from FILE (default: ./.env if there is one)", false},
    {"json", NULL, "answer with one JSON document", false},
    {"help", NULL, "show this help, or the help of a command", false},
    {"version", NULL, "show the version", false},
    {NULL, NULL, NULL, false},
};

typedef struct parser_t {
    const authp_command_t *table;
    const char *const *next; /* ends with NULL, as main()'s argv */
    authp_options_t *out;
    bool alone; /* true if no argument may follow */
    apr_pool_t *pool;
} parser_t;

const char *authp_options_command_name(const authp_command_t *command, apr_pool_t *pool)
{
    if (command->group == NULL) {
        return command->verb;
    }
    return apr_pstrcat(pool, command->group, " ", command->verb, NULL);
}

static int find_flag(const authp_flag_t *flags, const char *name, size_t len)
{
    for (int i = 0; flags[i].name != NULL; i++) {
        if (strlen(flags[i].name) == len && strncmp(flags[i].name, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

static bool is_password(const char *name, size_t len)
{
    return (len == 8 && strncmp(name, "password", len) == 0) ||
           (len == 4 && strncmp(name, "pass", len) == 0);
}

/* Returns NULL, or what is wrong. */
static const char *take_value(parser_t *parser, const authp_flag_t *flag, const char *inlined,
                              const char **value)
{
    if (flag->value == NULL) {
        *value = "";
        return inlined == NULL ? NULL
                               : apr_psprintf(parser->pool, "--%s takes no value", flag->name);
    }
    if (inlined == NULL && *parser->next != NULL) {
        inlined = *parser->next++;
    }
    if (inlined == NULL || *inlined == '\0') {
        return apr_psprintf(parser->pool, "--%s needs a value: --%s %s", flag->name, flag->name,
                            flag->value);
    }
    *value = inlined;
    return NULL;
}

static void set_global(authp_options_t *out, const char *name, const char *value)
{
    if (strcmp(name, "env-file") == 0) {
        out->env_file = value;
    } else if (strcmp(name, "json") == 0) {
        out->json = true;
    } else if (strcmp(name, "help") == 0) {
        out->help = true;
    } else {
        out->version = true;
    }
}

/* Returns the known word that `word` may stand for: a similar one, or one that begins with it. */
static const char *guess(const char *word, const apr_array_header_t *known)
{
    const char *found = authp_text_nearest(word, known);
    size_t len = strlen(word);
    for (int i = 0; found == NULL && len >= PREFIX_LEAST && i < known->nelts; i++) {
        const char *each = APR_ARRAY_IDX(known, i, const char *);
        found = strncmp(each, word, len) == 0 ? each : NULL;
    }
    return found;
}

static void add_names(apr_array_header_t *names, const authp_flag_t *flags)
{
    for (; flags->name != NULL; flags++) {
        APR_ARRAY_PUSH(names, const char *) = flags->name;
    }
}

static const char *unknown_option(const parser_t *parser, const char *name, size_t len)
{
    const authp_command_t *command = parser->out->command;
    apr_array_header_t *names = apr_array_make(parser->pool, 16, sizeof(const char *));
    if (is_password(name, len)) {
        return "a password cannot be an argument, because every user of this machine could read it: "
               "the tool asks for it, or reads it from standard input";
    }
    if (command != NULL) {
        add_names(names, command->flags);
    }
    add_names(names, authp_options_global);
    const char *meant = guess(apr_pstrmemdup(parser->pool, name, len), names);
    return apr_psprintf(parser->pool, "unknown option --%.*s%s%s%s%s", (int)len, name,
                        command == NULL ? " (put the options of a command after it)" : "",
                        meant != NULL ? "; did you mean --" : "", meant != NULL ? meant : "",
                        meant != NULL ? "?" : "");
}

static const char *take_option(parser_t *parser, const char *name)
{
    const authp_command_t *command = parser->out->command;
    size_t len = strcspn(name, "=");
    const char *inlined = name[len] == '=' ? name + len + 1 : NULL;
    const char *value = NULL;
    int at = find_flag(authp_options_global, name, len);
    if (at >= 0) {
        const char *wrong = take_value(parser, &authp_options_global[at], inlined, &value);
        if (wrong == NULL) {
            set_global(parser->out, authp_options_global[at].name, value);
        }
        return wrong;
    }
    at = command != NULL ? find_flag(command->flags, name, len) : -1;
    if (at < 0) {
        return unknown_option(parser, name, len);
    }
    if (parser->out->values[at] != NULL) {
        return apr_psprintf(parser->pool, "--%s is given twice", command->flags[at].name);
    }
    return take_value(parser, &command->flags[at], inlined, &parser->out->values[at]);
}

static bool is_group(const authp_command_t *table, const char *word)
{
    for (; table->verb != NULL; table++) {
        if (table->group != NULL && strcmp(table->group, word) == 0) {
            return true;
        }
    }
    return false;
}

static const authp_command_t *find_command(const authp_command_t *table, const char *group,
                                           const char *verb)
{
    for (; table->verb != NULL; table++) {
        bool same = group == NULL ? table->group == NULL
                                  : table->group != NULL && strcmp(table->group, group) == 0;
        if (same && strcmp(table->verb, verb) == 0) {
            return table;
        }
    }
    return NULL;
}

static const char *verbs_of(const parser_t *parser)
{
    const char *list = "";
    for (const authp_command_t *row = parser->table; row->verb != NULL; row++) {
        if (row->group != NULL && strcmp(row->group, parser->out->group) == 0) {
            list = apr_pstrcat(parser->pool, list, *list == '\0' ? "" : ", ",
                               authp_options_command_name(row, parser->pool), NULL);
        }
    }
    return list;
}

/* Returns the command, or the first word of a command, that may have been meant. NULL if there is
 * none. */
static const char *guess_command(const parser_t *parser, const char *word)
{
    const char *group = parser->out->group;
    const char *elsewhere = NULL;
    apr_array_header_t *names = apr_array_make(parser->pool, 32, sizeof(const char *));
    for (const authp_command_t *row = parser->table; row->verb != NULL; row++) {
        if (group == NULL) {
            APR_ARRAY_PUSH(names, const char *) = row->group != NULL ? row->group : row->verb;
        } else if (row->group != NULL && strcmp(row->group, group) == 0) {
            APR_ARRAY_PUSH(names, const char *) = row->verb;
        }
        if (group == NULL && elsewhere == NULL && strcmp(row->verb, word) == 0) {
            elsewhere = authp_options_command_name(row, parser->pool);
        }
    }
    if (group == NULL) {
        APR_ARRAY_PUSH(names, const char *) = "help";
        APR_ARRAY_PUSH(names, const char *) = "version";
    }
    const char *meant = elsewhere != NULL ? elsewhere : guess(word, names);
    return meant != NULL && group != NULL ? apr_pstrcat(parser->pool, group, " ", meant, NULL)
                                          : meant;
}

static const char *unknown_command(const parser_t *parser, const char *word)
{
    const char *group = parser->out->group;
    const char *meant = guess_command(parser, word);
    const char *what = apr_pstrcat(parser->pool, "unknown command \"", group != NULL ? group : "",
                                   group != NULL ? " " : "", word, "\"", NULL);
    if (meant != NULL) {
        return apr_pstrcat(parser->pool, what, "; did you mean \"", meant, "\"?", NULL);
    }
    return group != NULL ? apr_pstrcat(parser->pool, what, "; there is: ", verbs_of(parser), NULL)
                         : what;
}

static const char *take_word(parser_t *parser, const char *word)
{
    authp_options_t *out = parser->out;
    if (out->command != NULL) {
        return apr_psprintf(parser->pool, "%s takes options only, so this is one argument too many",
                            authp_options_command_name(out->command, parser->pool));
    }
    if (parser->alone) {
        return "version takes no argument";
    }
    if (out->group == NULL && strcmp(word, "help") == 0) {
        out->help = true;
        return NULL;
    }
    if (out->group == NULL && strcmp(word, "version") == 0) {
        out->version = true;
        parser->alone = true;
        return NULL;
    }
    if (out->group == NULL && is_group(parser->table, word)) {
        out->group = word;
        return NULL;
    }
    out->command = find_command(parser->table, out->group, word);
    return out->command != NULL ? NULL : unknown_command(parser, word);
}

static const char *find_missing(const parser_t *parser)
{
    const authp_options_t *out = parser->out;
    if (out->help || out->version) {
        return NULL;
    }
    if (out->command == NULL) {
        return out->group != NULL
                   ? apr_pstrcat(parser->pool,
                                 "an incomplete command; there is: ", verbs_of(parser), NULL)
                   : "no command";
    }
    for (int i = 0; out->command->flags[i].name != NULL; i++) {
        const authp_flag_t *flag = &out->command->flags[i];
        if (flag->required && out->values[i] == NULL) {
            return apr_psprintf(parser->pool, "--%s %s is missing", flag->name, flag->value);
        }
    }
    return NULL;
}

authp_err_t authp_options_parse(const authp_command_t *table, int argc, const char *const *argv,
                                authp_options_t *out, const char **error, apr_pool_t *pool)
{
    parser_t parser = {.table = table, .next = argv + (argc > 0), .out = out, .pool = pool};
    const char *wrong = NULL;
    bool words_only = false;
    *out = (authp_options_t){0};
    while (wrong == NULL && *parser.next != NULL) {
        const char *word = *parser.next++;
        if (words_only || *word != '-' || word[1] == '\0') {
            wrong = take_word(&parser, word);
        } else if (strcmp(word, "--") == 0) {
            words_only = true;
        } else if (strcmp(word, "-h") == 0) {
            out->help = true;
        } else if (word[1] != '-') {
            wrong = "options have two dashes and a whole name";
        } else {
            wrong = take_option(&parser, word + 2);
        }
    }
    if (wrong == NULL) {
        wrong = find_missing(&parser);
    }
    if (wrong == NULL) {
        return AUTHP_OK;
    }
    *error = wrong;
    return AUTHP_E_MALFORMED;
}

const char *authp_options_value(const authp_options_t *options, const char *name)
{
    int at = find_flag(options->command->flags, name, strlen(name));
    if (at < 0) {
        abort(); /* the command asked for an option that its row does not have */
    }
    return options->values[at];
}
