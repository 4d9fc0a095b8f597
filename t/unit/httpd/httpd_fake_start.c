/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd_fake_start.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unixd.h>

#define MOST_KEPT 8

fake_start_t fake_start;
unixd_config_rec ap_unixd_config;

static struct {
    const char *key;
    void *data;
} kept[MOST_KEPT];

#define HOOK(name)                                                                                 \
    void ap_hook_##name(ap_HOOK_##name##_t *fn, const char *const *before,                         \
                        const char *const *after, int order)                                       \
    {                                                                                              \
        (void)before, (void)after;                                                                 \
        httpd_fake_note(#name, order);                                                             \
        fake_start.name = fn;                                                                      \
        fake_start.order.name = order;                                                             \
    }

HOOK(pre_config)
HOOK(check_config)
HOOK(post_config)
HOOK(child_stopping)
HOOK(drop_privileges)
HOOK(create_connection)

/* A file may have a hook for the begin of child_init and one for the rest. */
void ap_hook_child_init(ap_HOOK_child_init_t *fn, const char *const *before,
                        const char *const *after, int order)
{
    (void)before, (void)after;
    httpd_fake_note("child_init", order);
    if (order == APR_HOOK_REALLY_FIRST) {
        fake_start.child_begins = fn;
        return;
    }
    fake_start.child_init = fn;
    fake_start.order.child_init = order;
}

int ap_state_query(int query)
{
    ck_assert(query == AP_SQ_MAIN_STATE || query == AP_SQ_RUN_MODE);
    return query == AP_SQ_MAIN_STATE ? fake_start.main_state : fake_start.run_mode;
}

void *ap_retained_data_get(const char *key)
{
    for (int i = 0; i < MOST_KEPT; i++) {
        if (kept[i].key != NULL && strcmp(kept[i].key, key) == 0) {
            return kept[i].data;
        }
    }
    return NULL;
}

void *ap_retained_data_create(const char *key, apr_size_t size)
{
    ck_assert_ptr_null(ap_retained_data_get(key));
    for (int i = 0; i < MOST_KEPT; i++) {
        if (kept[i].key == NULL) {
            kept[i].key = strdup(key); /* the module with the text may be unloaded */
            kept[i].data = calloc(1, size);
            return kept[i].data;
        }
    }
    ck_abort_msg("more than %d keys", MOST_KEPT);
    return NULL;
}

void fake_start_open(void)
{
    memset(&fake_start, 0, sizeof(fake_start));
    memset(&kept, 0, sizeof(kept));
    fake_start.main_state = AP_SQ_MS_CREATE_CONFIG;
    fake_start.run_mode = AP_SQ_RM_NORMAL;
}
