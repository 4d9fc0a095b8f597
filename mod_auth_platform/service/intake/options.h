/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INTAKE_OPTIONS_H
#define AUTHP_SERVICE_INTAKE_OPTIONS_H

#include "base/clock.h"
#include "service/settings/settings.h"

/* The parameters of Firebase's hashes have the names of the options of its own auth:import. The
 * texts are as on the command line; NULL = not given. */
typedef struct authp_intake_options_t {
    const char *format;
    const char *hash_algo;
    const char *hash_key;
    const char *salt_separator;
    const char *rounds;
    const char *mem_cost;
    const char *parallelization;
    const char *block_size;
    const char *dk_len; /* the hash itself shows its length */
    const char *hash_input_order;
    authp_ms_t now;
    const authp_settings_t *settings; /* roles and identity providers */
} authp_intake_options_t;

#endif
