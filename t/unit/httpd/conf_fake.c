/* SPDX-License-Identifier: Apache-2.0 */
#include "conf_fake.h"

#include <apr_strings.h>
#include <string.h>

/* Returns the directive of a line, without its place in the tree. */
static ap_directive_t *make(const char *file, int number, const char *line)
{
    ap_directive_t *made = apr_pcalloc(fake.f.pool, sizeof(*made));
    size_t name = strcspn(line, " ");
    made->directive = apr_pstrmemdup(fake.f.pool, line, name);
    made->args = apr_pstrdup(fake.f.pool, line + name + strspn(line + name, " "));
    made->filename = file;
    made->line_num = number;
    return made;
}

void conf_fake_read_more(const char *file, const char *text)
{
    ap_directive_t *parent = NULL;
    ap_directive_t **end = &ap_conftree;
    char *rest = apr_pstrdup(fake.f.pool, text);
    char *state = NULL;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    int number = 0;
    for (char *line = apr_strtok(rest, "\n", &state); line != NULL;
         line = apr_strtok(NULL, "\n", &state)) {
        number++;
        if (strncmp(line, "</", 2) == 0) {
            end = &parent->next;
            parent = parent->parent;
            continue;
        }
        ap_directive_t *made = make(file, number, line);
        made->parent = parent;
        *end = made;
        end = &made->next;
        if (line[0] == '<') {
            parent = made;
            end = &made->first_child;
        }
    }
}

void conf_fake_read(const char *file, const char *text)
{
    ap_conftree = NULL;
    conf_fake_read_more(file, text);
}

const char *conf_fake_lines(const apr_array_header_t *lines)
{
    const char *all = "";
    for (int i = 0; i < lines->nelts; i++) {
        all = apr_pstrcat(fake.f.pool, all, APR_ARRAY_IDX(lines, i, const char *), "\n", NULL);
    }
    return all;
}
