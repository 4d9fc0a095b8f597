/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/navigation.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The q value of one media range. 1 if it has none. */
static double item_quality(const char *item, size_t len)
{
    for (size_t i = 1; i + 2 < len; i++) {
        if ((item[i] == 'q' || item[i] == 'Q') && item[i + 1] == '=' &&
            (item[i - 1] == ';' || item[i - 1] == ' ')) {
            return strtod(item + i + 2, NULL);
        }
    }
    return 1.0;
}

/* The quality that an Accept header gives to exactly this media type, -1 if it is not named. */
static double quality_of(const char *accept, const char *type)
{
    size_t want = strlen(type);
    for (const char *at = accept; at != NULL && *at != '\0';) {
        at += strspn(at, " \t,");
        size_t len = strcspn(at, ",");
        if (strncasecmp(at, type, want) == 0 && strchr(" \t;,", at[want]) != NULL) {
            return item_quality(at, len);
        }
        at += len;
    }
    return -1.0;
}

bool authp_navigation_is(const char *method, const authp_headers_t *headers)
{
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        return false;
    }
    const char *mode = headers->get(headers->ctx, "Sec-Fetch-Mode");
    if (mode != NULL) {
        return strcmp(mode, "navigate") == 0;
    }
    const char *accept = headers->get(headers->ctx, "Accept");
    double html = quality_of(accept, "text/html");
    return html > 0 && html >= quality_of(accept, "application/json") &&
           html >= quality_of(accept, "application/problem+json");
}
