/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/httpd_check.h"

#include "base/text.h"
#include "cli/httpd_file.h"

#include <apr_strings.h>
#include <stdbool.h>
#include <string.h>

#define USUAL_MOUNT "/api/auth"

/* A section that is open, or the configuration itself. */
typedef struct section_t {
    const char *name;         /* "<location"; "" for the configuration itself */
    const char *type;         /* of its AuthType line; NULL if it has none */
    bool narrows;             /* has a line that asks for more than a valid user */
    bool mounts;              /* has an AuthPlatformMount line */
    apr_array_header_t *bare; /* const char *: where a `Require valid-user` is */
} section_t;

typedef struct checking_t {
    apr_array_header_t *open;   /* section_t, the innermost one last */
    apr_array_header_t *found;  /* const char *: bare ones of places with AuthType Platform */
    apr_array_header_t *mounts; /* const char *: "PATH PROFILE" */
    bool ours;                  /* AuthType Platform is somewhere */
    bool inherits;              /* a virtual host has no AuthPlatformMount line of its own */
    bool hosts;                 /* there are virtual hosts */
    apr_pool_t *pool;
} checking_t;

static section_t *at_depth(const checking_t *checking, int above)
{
    int last = checking->open->nelts - 1 - above;
    return &APR_ARRAY_IDX(checking->open, last > 0 ? last : 0, section_t);
}

static void open_section(const checking_t *checking, const char *name)
{
    APR_ARRAY_PUSH(checking->open, section_t) =
        (section_t){.name = name, .bare = apr_array_make(checking->pool, 1, sizeof(const char *))};
}

static bool is_group(const section_t *section)
{
    return strncmp(section->name, "<require", 8) == 0;
}

/* What a group of Require lines means for the lines around it. */
static void close_group(const section_t *group, section_t *around)
{
    bool all = strcmp(group->name, "<requireall") == 0;
    if (strcmp(group->name, "<requirenone") == 0) {
        return;
    }
    bool narrows = group->narrows && (all || group->bare->nelts == 0);
    around->narrows = around->narrows || narrows;
    if (!narrows) {
        apr_array_cat(around->bare, group->bare);
    }
}

static void close_section(checking_t *checking)
{
    const section_t section = *at_depth(checking, 0);
    if (checking->open->nelts < 2) {
        return;
    }
    section_t *around = at_depth(checking, 1);
    (void)apr_array_pop(checking->open);
    if (is_group(&section)) {
        close_group(&section, around);
    } else if (section.type == NULL) {
        apr_array_cat(around->bare, section.bare);
    } else if (authp_text_same(section.type, "Platform")) {
        apr_array_cat(checking->found, section.bare);
    }
    if (strcmp(section.name, "<virtualhost") == 0) {
        checking->hosts = true;
        checking->inherits = checking->inherits || !section.mounts;
    }
}

/* Arguments of Require that let fewer people in than valid-user. */
static bool is_narrow(const char *what)
{
    static const char *const words[] = {"role", "platform-claim", "user", "group", "expr"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (authp_text_same(what, words[i])) {
            return true;
        }
    }
    return false;
}

static void take_require(const checking_t *checking, const authp_httpd_line_t *line)
{
    section_t *section = at_depth(checking, 0);
    const char *args = line->args;
    const char *what = authp_httpd_file_word(&args, checking->pool);
    if (authp_text_same(what, "valid-user")) {
        APR_ARRAY_PUSH(section->bare, const char *) = line->at;
    }
    section->narrows = section->narrows || is_narrow(what);
}

/* Mounts are per virtual host; sections such as <IfModule> around the line do not count. */
static void take_mount(checking_t *checking, const char *args)
{
    int up = 0;
    const char *path = authp_httpd_file_word(&args, checking->pool);
    const char *profile = authp_httpd_file_word(&args, checking->pool);
    while (up < checking->open->nelts - 1 &&
           strcmp(at_depth(checking, up)->name, "<virtualhost") != 0) {
        up++;
    }
    at_depth(checking, up)->mounts = true;
    if (!authp_text_same(path, "off")) {
        APR_ARRAY_PUSH(checking->mounts, const char *) =
            apr_pstrcat(checking->pool, path, " ", *profile != '\0' ? profile : "platform", NULL);
    }
}

static void take_line(checking_t *checking, const authp_httpd_line_t *line)
{
    const char *args = line->args;
    if (line->name[0] == '<' && line->name[1] == '/') {
        close_section(checking);
    } else if (line->name[0] == '<') {
        open_section(checking, line->name);
    } else if (strcmp(line->name, "require") == 0) {
        take_require(checking, line);
    } else if (strcmp(line->name, "authtype") == 0) {
        section_t *section = at_depth(checking, 0);
        section->type = authp_httpd_file_word(&args, checking->pool);
        checking->ours = checking->ours || authp_text_same(section->type, "Platform");
    } else if (strcmp(line->name, "authplatformmount") == 0) {
        take_mount(checking, args);
    }
}

/* Without a line of its own, a host has the platform's mount at the usual path. */
static void add_usual_mount(checking_t *checking)
{
    if (!at_depth(checking, 0)->mounts && (!checking->hosts || checking->inherits)) {
        APR_ARRAY_PUSH(checking->mounts, const char *) = USUAL_MOUNT " platform";
    }
}

static void report(const checking_t *checking, apr_array_header_t *warnings)
{
    for (int i = 0; i < checking->found->nelts && checking->mounts->nelts > 0; i++) {
        APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
            checking->pool,
            "Require valid-user in %s lets in everybody who makes an account for themselves (at "
            "AuthPlatformMount %s); use Require role, or Require platform-claim prf to tell the "
            "mounts apart",
            APR_ARRAY_IDX(checking->found, i, const char *),
            apr_array_pstrcat(checking->pool, checking->mounts, ','));
    }
}

authp_err_t authp_httpd_check_file(const char *file, apr_array_header_t *warnings, apr_pool_t *pool)
{
    apr_array_header_t *lines = NULL;
    apr_array_header_t *missed = NULL;
    checking_t checking = {.open = apr_array_make(pool, 8, sizeof(section_t)),
                           .found = apr_array_make(pool, 2, sizeof(const char *)),
                           .mounts = apr_array_make(pool, 2, sizeof(const char *)),
                           .pool = pool};
    authp_err_t err = authp_httpd_file_read(file, &lines, &missed, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    open_section(&checking, "");
    for (int i = 0; i < lines->nelts; i++) {
        take_line(&checking, &APR_ARRAY_IDX(lines, i, authp_httpd_line_t));
    }
    while (checking.open->nelts > 1) {
        close_section(&checking);
    }
    const section_t *whole = at_depth(&checking, 0);
    if (whole->type != NULL ? authp_text_same(whole->type, "Platform") : checking.ours) {
        apr_array_cat(checking.found, whole->bare);
    }
    add_usual_mount(&checking);
    report(&checking, warnings);
    for (int i = 0; i < missed->nelts; i++) {
        APR_ARRAY_PUSH(warnings, const char *) = apr_pstrcat(
            pool, APR_ARRAY_IDX(missed, i, const char *), " is included, but cannot be read", NULL);
    }
    return AUTHP_OK;
}
