/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/owner.h"

#include "base/file.h"

#include <apr_strings.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name_of(uid_t uid, apr_pool_t *pool)
{
    char room[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwuid_r(uid, &entry, room, sizeof(room), &found) == 0 && found != NULL) {
        return apr_pstrdup(pool, found->pw_name);
    }
    return apr_psprintf(pool, "with the id %lu", (unsigned long)uid);
}

/* The groups come first, because without root they cannot be changed any more. */
static bool drop(uid_t uid, gid_t gid)
{
    return setgroups(1, &gid) == 0 && setgid(gid) == 0 && setuid(uid) == 0 && geteuid() == uid &&
           getegid() == gid;
}

authp_err_t authp_owner_become(const char *folder, const char **error, apr_pool_t *pool)
{
    struct stat info;
    authp_err_t err = authp_file_look(folder, &info);
    if (err == AUTHP_E_NOT_FOUND) {
        return AUTHP_OK;
    }
    if (err != AUTHP_OK) {
        *error = apr_psprintf(pool, "cannot look at %s: %s", folder, strerror(errno));
        return AUTHP_E_INTERNAL;
    }
    if (!S_ISDIR(info.st_mode)) {
        *error = apr_psprintf(pool, "%s is not a folder%s", folder,
                              S_ISLNK(info.st_mode) ? " but a symbolic link" : "");
        return AUTHP_E_INTERNAL;
    }
    if (geteuid() != 0) {
        if (access(folder, W_OK | X_OK) == 0) {
            return AUTHP_OK;
        }
        *error = apr_psprintf(pool, "%s belongs to user %s: run this as that user or as root",
                              folder, name_of(info.st_uid, pool));
        return AUTHP_E_INTERNAL;
    }
    /* If others can write a folder of root, they choose the files that root opens in it. */
    if (info.st_uid == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        *error = apr_psprintf(pool,
                              "%s belongs to root and can be written by others: make it private "
                              "with `chmod 700` or give it to httpd's User",
                              folder);
        return AUTHP_E_INTERNAL;
    }
    if (info.st_uid != 0 && !drop(info.st_uid, info.st_gid)) {
        *error = apr_psprintf(pool, "cannot become user %s, the owner of %s: %s",
                              name_of(info.st_uid, pool), folder, strerror(errno));
        return AUTHP_E_INTERNAL;
    }
    return AUTHP_OK;
}
