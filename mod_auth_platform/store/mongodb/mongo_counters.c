/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

void authp_mongo_counters_drop(void)
{
    char name[32];
    (void)snprintf(name, sizeof(name), "/mongoc-%ld", (long)getpid());
    (void)shm_unlink(name);
}
