/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_LOG_H
#define AUTHP_BASE_LOG_H

/* Logging without a server. The program that uses this library sets where lines go: httpd's error
 * log, the terminal, or a test's memory. An id has the form AUTHP0123 and is used once in the tree
 * (a guard checks that). Faults of clients are INFO, security events NOTICE or WARNING, faults of
 * this program ERROR. Never pass a password, token, code, secret or whole e-mail address, at any
 * level. */
typedef enum authp_log_level_t {
    AUTHP_LOG_ERROR,
    AUTHP_LOG_WARNING,
    AUTHP_LOG_NOTICE,
    AUTHP_LOG_INFO,
    AUTHP_LOG_DEBUG
} authp_log_level_t;

/* Receives each line. `message` is complete ("AUTHP0123: ...") and has no newline. */
typedef void authp_log_sink_fn(void *ctx, authp_log_level_t level, const char *message);

/* Sets where lines go. Call it before threads start. With NULL every line is dropped. */
void authp_log_set_sink(authp_log_sink_fn *sink, void *ctx);

/* Writes one line. Control characters in it become '?'. A line longer than 1,000 bytes is cut. */
void authp_log(authp_log_level_t level, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
