/* SPDX-License-Identifier: Apache-2.0 */
#include "sqlite_fixture.h"
#include "store/providers/providers.h"

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char file[96];

void sqlite_fixture_make(void)
{
    snprintf(folder, sizeof(folder), "/tmp/authp-sqlite-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof(file), "%s/test.db", folder);
}

const char *sqlite_fixture_file(void)
{
    return file;
}

authp_store_t *sqlite_fixture_open(apr_pool_t *pool)
{
    authp_store_config_t config = {.file = file, .timeout_ms = 2000, .max_connections = 8};
    authp_store_t *store = NULL;
    ck_assert_int_eq(authp_store_open(authp_providers_find("sqlite"), &config, &store, pool),
                     AUTHP_OK);
    return store;
}

void sqlite_fixture_remove(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    struct stat info;
    if (stat(file, &info) == 0) {
        /* A writer that was killed leaves the queue's file. No other process would use it, so it is
         * removed. */
        char lock[128];
        glob_t found;
        snprintf(lock, sizeof(lock), "/dev/shm/authp-%lu-%lx-%lx*", (unsigned long)geteuid(),
                 (unsigned long)info.st_dev, (unsigned long)info.st_ino);
        if (glob(lock, 0, NULL, &found) == 0) {
            (void)unlink(found.gl_pathv[0]);
        }
        globfree(&found);
    }
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char name[128];
        snprintf(name, sizeof(name), "%s%s", file, suffixes[i]);
        (void)unlink(name);
    }
    (void)rmdir(folder);
}
