/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_HTTPD_FAKE_START_H
#define AUTHP_TEST_HTTPD_FAKE_START_H

#include "httpd_fake.h"

#include <http_config.h>
#include <http_connection.h>
#include <mpm_common.h>

/* The hooks of a start and of a child, as the file registers them that the test tells to, and what
 * httpd says and keeps while it starts. Cleared by fake_start_open(). */
typedef struct fake_start_t {
    ap_HOOK_pre_config_t *pre_config;
    ap_HOOK_check_config_t *check_config;
    ap_HOOK_post_config_t *post_config;
    ap_HOOK_child_stopping_t *child_stopping;
    ap_HOOK_drop_privileges_t *drop_privileges;
    ap_HOOK_child_init_t *child_begins; /* child_init with APR_HOOK_REALLY_FIRST */
    ap_HOOK_child_init_t *child_init;
    ap_HOOK_create_connection_t *create_connection;
    struct {
        int pre_config;
        int check_config;
        int post_config;
        int child_stopping;
        int drop_privileges;
        int child_init;
        int create_connection;
    } order;        /* APR_HOOK_... of each */
    int main_state; /* AP_SQ_MS_... */
    int run_mode;   /* AP_SQ_RM_... */
} fake_start_t;

extern fake_start_t fake_start;

/* The memory that httpd keeps over reloads is empty afterwards. */
void fake_start_open(void);

#endif
