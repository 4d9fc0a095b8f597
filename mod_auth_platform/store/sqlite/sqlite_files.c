/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/sqlite_files.h"
#include "base/file.h"
#include "base/log.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MODE_OTHERS 0077

static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
#define SUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

const char *authp_sqlite_files_refusal(const char *database, apr_pool_t *pool)
{
    for (size_t i = 0; i < SUFFIXES; i++) {
        struct stat info;
        const char *path = apr_pstrcat(pool, database, suffixes[i], NULL);
        const char *why =
            authp_file_look(path, &info) == AUTHP_OK ? authp_file_refusal(&info) : NULL;
        if (why != NULL) {
            return apr_psprintf(pool, "%s %s", path, why);
        }
    }
    return NULL;
}

static authp_err_t refuse(const char *why)
{
    authp_log(AUTHP_LOG_ERROR, "AUTHP0227", "the store's files are refused: %s", why);
    return AUTHP_E_UNAVAILABLE;
}

static authp_err_t look(const char *database, apr_pool_t *pool)
{
    const char *why = authp_sqlite_files_refusal(database, pool);
    return why != NULL ? refuse(why) : AUTHP_OK;
}

static authp_err_t cannot_open(const char *database, int why)
{
    authp_log(AUTHP_LOG_ERROR, "AUTHP0222", "cannot open the database %s: %s", database,
              strerror(why));
    return AUTHP_E_UNAVAILABLE;
}

authp_err_t authp_sqlite_files_open(const char *database, apr_pool_t *pool)
{
    struct stat info;
    authp_err_t err = look(database, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (authp_file_look(database, &info) != AUTHP_E_NOT_FOUND) {
        /* The file is not opened, because closing it would release the locks of other connections
         * of this process. */
        return access(database, R_OK | W_OK) == 0 ? AUTHP_OK : cannot_open(database, errno);
    }
    int fd = open(database, O_RDWR | O_CREAT | O_EXCL | AUTHP_FILE_FLAGS, 0600);
    if (fd < 0) {
        return errno == EEXIST ? AUTHP_OK : cannot_open(database, errno);
    }
    (void)close(fd);
    return AUTHP_OK;
}

static const char *folder_of(const char *file, apr_pool_t *pool)
{
    const char *slash = strrchr(file, '/');
    if (slash == NULL) {
        return ".";
    }
    return slash == file ? "/" : apr_pstrmemdup(pool, file, (apr_size_t)(slash - file));
}

/* Gives a file that root made to httpd's User, by its descriptor. By its name, root could change
 * another file that was put in its place meanwhile. */
static authp_err_t give(int fd, const char *path, uid_t uid, gid_t gid)
{
    struct stat info;
    int rc = fstat(fd, &info);
    if (rc == 0 && uid != (uid_t)-1 && info.st_uid != uid) {
        errno = EPERM;
        rc = info.st_uid == geteuid() ? fchown(fd, uid, gid) : -1;
    }
    if (rc != 0) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0223", "%s cannot belong to httpd's user: %s", path,
                  strerror(errno));
        return AUTHP_E_UNAVAILABLE;
    }
    return AUTHP_OK;
}

static authp_err_t give_folder(const char *folder, uid_t uid, gid_t gid)
{
    struct stat info;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | AUTHP_FILE_FLAGS);
    if (fd < 0 || fstat(fd, &info) != 0) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0228", "the state folder %s cannot be opened: %s", folder,
                  strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return AUTHP_E_UNAVAILABLE;
    }
    authp_err_t err = AUTHP_E_UNAVAILABLE;
    /* A folder that others may enter, such as /var/lib, is used for other things too. Its owner
     * must not be changed. */
    if (info.st_uid != uid && uid != (uid_t)-1 && (info.st_mode & MODE_OTHERS) != 0) {
        authp_log(
            AUTHP_LOG_ERROR, "AUTHP0225",
            "the state folder %s must belong to httpd's user, or be mode 0700 to be given to it",
            folder);
    } else {
        err = give(fd, folder, uid, gid);
    }
    (void)close(fd);
    return err;
}

static authp_err_t give_file(const char *path, uid_t uid, gid_t gid, apr_pool_t *pool)
{
    struct stat info;
    int fd = open(path, O_RDONLY | AUTHP_FILE_FLAGS);
    if (fd < 0 && errno == ENOENT) {
        return AUTHP_OK;
    }
    const char *why = NULL;
    if (fd < 0 || fstat(fd, &info) != 0) {
        why = strerror(errno);
    } else {
        why = authp_file_refusal(&info);
    }
    authp_err_t err =
        why == NULL ? give(fd, path, uid, gid) : refuse(apr_psprintf(pool, "%s %s", path, why));
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}

authp_err_t authp_sqlite_files_prepare(const char *database, uid_t uid, gid_t gid, apr_pool_t *pool)
{
    const char *folder = folder_of(database, pool);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0224", "cannot make the state folder %s: %s", folder,
                  strerror(errno));
        return AUTHP_E_UNAVAILABLE;
    }
    authp_err_t err = give_folder(folder, uid, gid);
    if (err == AUTHP_OK) {
        err = look(database, pool);
    }
    for (size_t i = 0; uid != (uid_t)-1 && err == AUTHP_OK && i < SUFFIXES; i++) {
        err = give_file(apr_pstrcat(pool, database, suffixes[i], NULL), uid, gid, pool);
    }
    return err;
}
