/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/way_in.h"
#include "httpd/config.h"

#include <httpd.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define ASSETS "assets/"

/* Name endings of the files that a sign-in page loads. Documents and data do not have these
 * endings. */
static const char *const endings[] = {".css", ".js",  ".mjs",  ".svg",
                                      ".png", ".ico", ".woff", ".woff2"};

static bool is_folder(const char *path)
{
    size_t len = strlen(path);
    return len > 1 && path[len - 1] == '/';
}

static void add(authp_way_in_t *way, const char *path)
{
    APR_ARRAY_PUSH(way->also, const char *) = path;
}

/* Returns NULL, or what is wrong with the path. `first` is true for the page itself. */
static const char *check_word(const char *word, bool first, const char *(*check)(const char *path))
{
    const char *error = check(word);
    if (error != NULL) {
        return error;
    }
    if (strchr(word, ';') != NULL) {
        return "must not contain a semicolon: back ends read what follows as a parameter";
    }
    return !first && word[1] == '\0' ? "must not open the whole site" : NULL;
}

const char *authp_way_in_parse(cmd_parms *cmd, int count, char *const words[],
                               const char *(*check)(const char *path), const authp_way_in_t **out)
{
    if (count == 0) {
        return "needs the path of a page, or off";
    }
    bool off = ap_cstr_casecmp(words[0], "off") == 0;
    bool only = count == 2 && ap_cstr_casecmp(words[1], "only") == 0;
    if (off && count > 1) {
        return "off takes no further words";
    }
    for (int i = off ? 1 : 0; i < (only ? 1 : count); i++) {
        const char *error = check_word(words[i], i == 0, check);
        if (error != NULL) {
            return error;
        }
    }
    authp_way_in_t *way = apr_pcalloc(cmd->pool, sizeof(*way));
    way->page = off ? "" : words[0];
    way->also = apr_array_make(cmd->pool, count, sizeof(const char *));
    if (is_folder(way->page)) {
        add(way, way->page);
    }
    for (int i = 1; !only && i < count; i++) {
        add(way, words[i]);
    }
    if (!off && count == 1 && way->also->nelts == 0) {
        const char *name = strrchr(way->page, '/') + 1;
        way->beside = true;
        add(way,
            apr_pstrcat(cmd->pool, apr_pstrmemdup(cmd->pool, way->page, (size_t)(name - way->page)),
                        ASSETS, NULL));
    }
    *out = way;
    return NULL;
}

/* Returns the section around a directive. Sections that only combine conditions are skipped. NULL
 * at the top level of a .htaccess file. */
static const ap_directive_t *container(const ap_directive_t *directive)
{
    const ap_directive_t *at = directive != NULL ? directive->parent : NULL;
    while (at != NULL &&
           (strncasecmp(at->directive, "<Require", 8) == 0 ||
            strncasecmp(at->directive, "<Limit", 6) == 0 ||
            strncasecmp(at->directive, "<If", 3) == 0) &&
           strcasecmp(at->directive, "<If") != 0) {
        at = at->parent;
    }
    return at;
}

void authp_way_in_note(cmd_parms *cmd, const char *line, authp_guarded_by_t *out)
{
    const ap_directive_t *in = container(cmd->directive);
    const char *path = cmd->path;
    if (strcasecmp(line, "all granted") == 0) {
        return;
    }
    bool pattern = path == NULL || path[0] != '/' || strpbrk(path, "*?[") != NULL ||
                   (in != NULL && in->args != NULL && in->args[0] == '~');
    bool directory = in == NULL || strcasecmp(in->directive, "<Directory") == 0;
    bool location = !directory && strcasecmp(in->directive, "<Location") == 0;
    if (pattern || (!directory && !location)) {
        out->other = true;
        return;
    }
    size_t *len = directory ? &out->directory : &out->location;
    if (strlen(path) > *len) {
        *len = strlen(path);
    }
}

/* True if the path has only letters, digits and a few marks, and no segment that is empty or begins
 * with a dot. httpd, file systems and back ends all read such a path in the same way. They differ
 * for .., ;x, %2e and \. */
static bool is_plain(const char *rest)
{
    for (const char *at = rest; *at != '\0'; at++) {
        bool first = at == rest || at[-1] == '/';
        if (first && (*at == '.' || *at == '/')) {
            return false;
        }
        if (*at != '/' && !apr_isalnum(*at) && strchr("-_.~@+", *at) == NULL) {
            return false;
        }
    }
    return rest[0] != '\0' && rest[strlen(rest) - 1] != '/';
}

static bool has_ending(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (strcmp(dot, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Returns the beginning of the path in the request target, which is a path or a URL. NULL if there
 * is none. */
static const char *sent_path(const request_rec *r)
{
    const char *sent = r->unparsed_uri != NULL ? r->unparsed_uri : "";
    const char *host = sent[0] != '/' ? strstr(sent, "://") : NULL;
    if (host != NULL) {
        sent = host + 3 + strcspn(host + 3, "/?#\\");
    }
    return sent[0] == '/' ? sent : NULL;
}

/* True if the client's own spelling of the path, without the query, is plain. A back end may get
 * this spelling instead of the one of httpd (ProxyPass ... nocanon). */
static bool is_sent_plainly(const request_rec *r)
{
    const char *sent = sent_path(r);
    size_t len = sent != NULL ? strcspn(sent, "?") : 0;
    if (sent == NULL || strcspn(sent, "%;\\") < len) {
        return false;
    }
    for (size_t i = 1; i < len; i++) {
        bool first = sent[i - 1] == '/';
        if (first && (sent[i] == '/' || strncmp(sent + i, "./", 2) == 0 ||
                      strncmp(sent + i, "..", 2) == 0)) {
            return false;
        }
    }
    return true;
}

/* True if a Require was written for the open place or for a part of it. Then the place is more than
 * a part of a site that is guarded as a whole. The path of each section that applies is a prefix of
 * the request's path. So the lengths tell which place is within which. `open_len` is the length of
 * the open place without a slash at its end. `rest` is the request's path after it. */
static bool guarded_itself(const request_rec *r, size_t open_len, const char *rest)
{
    const authp_guarded_by_t *by = &authp_config_dir(r)->guarded_by;
    const char *filename = r->filename != NULL ? r->filename : "";
    size_t file = strlen(filename);
    size_t rest_len = strlen(rest);
    if (by->other || by->location >= open_len) {
        return true;
    }
    if (by->directory <= 1) {
        return false;
    }
    /* If the name of the file does not end like the path, the file is mapped in a special way. */
    return file < rest_len || strcmp(filename + file - rest_len, rest) != 0 ||
           by->directory >= file - rest_len;
}

static bool opens(const request_rec *r, const char *also, bool beside)
{
    size_t len = strlen(also);
    if (!is_folder(also)) {
        return strcmp(r->uri, also) == 0 && !guarded_itself(r, len, "");
    }
    if (strncmp(r->uri, also, len) != 0 || !is_plain(r->uri + len)) {
        return false;
    }
    if (beside && (!has_ending(r->uri) || (r->path_info != NULL && r->path_info[0] != '\0'))) {
        return false;
    }
    return !guarded_itself(r, len - 1, r->uri + len - 1);
}

/* True if the path, as decoded by httpd, is the page or a file that the page loads. */
static bool leads_in(const request_rec *r, const authp_way_in_t *way)
{
    bool found = strcmp(r->uri, way->page) == 0;
    for (int i = 0; !found && r->method_number == M_GET && i < way->also->nelts; i++) {
        found = opens(r, APR_ARRAY_IDX(way->also, i, const char *), way->beside);
    }
    return found;
}

const char *authp_way_in_page(const request_rec *r)
{
    const authp_way_in_t *way = authp_config_dir(r)->sign_in;
    return way != NULL && way->page[0] != '\0' ? way->page : NULL;
}

bool authp_way_in_holds(const request_rec *r)
{
    const authp_way_in_t *way = authp_config_dir(r)->sign_in;
    if (authp_config_mount(r) != NULL) {
        return true;
    }
    /* Few paths lead in. So the spelling is checked last, and most requests skip that check. */
    return way != NULL && way->page[0] != '\0' && leads_in(r, way) && is_sent_plainly(r);
}
