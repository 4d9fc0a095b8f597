/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_LOG_H
#define AUTHP_BASE_LOG_H

/* Logging without a server: whoever embeds the library says where lines go (httpd's error log, the
 * terminal, a test's memory). Ids are unique over the tree (a guard checks) and of the form
 * AUTHP0123. Client faults are INFO, security events NOTICE or WARNING, faults of ours ERROR. Never
 * pass a password, token, code, secret or whole e-mail address, at any level. */
typedef enum authp_log_level_t {
    AUTHP_LOG_ERROR,
    AUTHP_LOG_WARNING,
    AUTHP_LOG_NOTICE,
    AUTHP_LOG_INFO,
    AUTHP_LOG_DEBUG
} authp_log_level_t;

/* `message` is complete ("AUTHP0123: ..."), without a newline. */
typedef void authp_log_sink_fn(void *ctx, authp_log_level_t level, const char *message);

/* Set before threads start. NULL drops every line. */
void authp_log_set_sink(authp_log_sink_fn *sink, void *ctx);

/* Control bytes in the outcome are replaced by '?', lines are cut at 1,000 bytes. */
void authp_log(authp_log_level_t level, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
