/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifndef O_PATH
#define O_PATH 010000000 /* glibc hides it from programs that ask for POSIX only */
#endif

const char *authp_file_refusal(const struct stat *info)
{
    switch (info->st_mode & S_IFMT) {
    case S_IFREG:
        break;
    case S_IFLNK:
        return "is a symbolic link, not a regular file";
    case S_IFIFO:
        return "is a FIFO, not a regular file";
    case S_IFDIR:
        return "is a folder, not a regular file";
    default:
        return "is not a regular file";
    }
    return info->st_nlink > 1 ? "has more than one name (a hard link)" : NULL;
}

authp_err_t authp_file_look(const char *path, struct stat *info)
{
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? AUTHP_E_NOT_FOUND : AUTHP_E_UNAVAILABLE;
    }
    int rc = fstat(fd, info);
    int why = errno;
    (void)close(fd);
    errno = why;
    return rc == 0 ? AUTHP_OK : AUTHP_E_UNAVAILABLE;
}

bool authp_file_read(int fd, char *bytes, size_t size, size_t *len)
{
    for (*len = 0; *len < size;) {
        ssize_t got = read(fd, bytes + *len, size - *len);
        if (got < 0 && errno != EINTR) {
            return false;
        }
        if (got == 0) {
            break; /* also if the file has become shorter meanwhile */
        }
        *len += got > 0 ? (size_t)got : 0;
    }
    return true;
}
