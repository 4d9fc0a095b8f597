/* SPDX-License-Identifier: Apache-2.0 */
#include "service/otp/msg91_answer.h"

#include "base/json.h"
#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

#define SAID_MOST 100
#define WORD_MOST 24

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* True for a word of letters, with a '.' or ',' behind them, and with '_', '-' or '\'' inside. */
static bool is_word(const char *word, size_t len)
{
    if (len > 1 && (word[len - 1] == '.' || word[len - 1] == ',')) {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        const bool inside = i > 0 && i + 1 < len;
        if (!is_letter(word[i]) && !(inside && strchr("_-'", word[i]) != NULL)) {
            return false;
        }
    }
    return len > 0 && len <= WORD_MOST;
}

static const char *words_of(const char *text, apr_pool_t *pool)
{
    char *out = apr_pcalloc(pool, SAID_MOST + 1);
    size_t used = 0;
    while (*(text += strspn(text, " ")) != '\0') {
        size_t len = strcspn(text, " ");
        const bool shown = is_word(text, len);
        const size_t room = (used > 0 ? 1 : 0) + (shown ? len : 1);
        if (used + room > SAID_MOST) {
            break;
        }
        if (used > 0) {
            out[used++] = ' ';
        }
        memcpy(out + used, shown ? text : "*", shown ? len : 1);
        used += shown ? len : 1;
        text += len;
    }
    return out;
}

/* An answer as an object. NULL: it is none. */
static const json_t *object_of(const authp_fetched_t *answer, apr_pool_t *pool)
{
    json_t *json = NULL;
    if (authp_json_parse(answer->body, answer->len, &json, pool) != AUTHP_OK ||
        !json_is_object(json)) {
        return NULL;
    }
    return json;
}

/* Sets *said and returns the message, which may be NULL. */
static const char *message_of(const authp_fetched_t *answer, const json_t *object,
                              const char **said, apr_pool_t *pool)
{
    const char *message = object != NULL ? authp_json_get_str(object, "message") : NULL;
    *said = message != NULL
                ? apr_psprintf(pool, "status %d, \"%s\"", answer->status, words_of(message, pool))
                : apr_psprintf(pool, "status %d, no message", answer->status);
    return message;
}

static bool is_success(const authp_fetched_t *answer, const json_t *object)
{
    const char *type = object != NULL ? authp_json_get_str(object, "type") : NULL;
    return answer->status == 200 && type != NULL && strcmp(type, "success") == 0;
}

/* True for the id of a message that was sent. */
static bool is_id(const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    return len > 0 && len <= 64 &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == len;
}

/* True for a message of success: these words, or an id, which older versions have there. An id has
 * a digit; a single word, such as "IPBlocked", is none. */
static bool is_sent(const char *message)
{
    return message != NULL && (strcmp(message, "OTP sent successfully") == 0 ||
                               (is_id(message) && strpbrk(message, "0123456789") != NULL));
}

authp_err_t authp_msg91_answer_sent(const authp_fetched_t *answer, const char **said,
                                    apr_pool_t *pool)
{
    const json_t *object = object_of(answer, pool);
    const char *message = message_of(answer, object, said, pool);
    if (!is_success(answer, object)) {
        return AUTHP_E_OTP_SEND_FAILED;
    }
    const bool accepted = is_id(authp_json_get_str(object, "request_id")) || is_sent(message);
    return accepted ? AUTHP_OK : AUTHP_E_OTP_SEND_FAILED;
}

/* Messages about a code, compared without case. */
static const struct {
    const char *message;
    authp_err_t err;
} verdicts[] = {
    {"OTP not match", AUTHP_E_INVALID_OTP},
    {"Invalid OTP", AUTHP_E_INVALID_OTP},
    {"Mobile no. not found", AUTHP_E_INVALID_OTP},
    {"Max limit reached for this otp verification", AUTHP_E_INVALID_OTP},
    {"OTP empty or not numeric", AUTHP_E_INVALID_OTP},
    {"Mobile no. empty or not numeric", AUTHP_E_INVALID_OTP},
    {"OTP expired", AUTHP_E_OTP_EXPIRED},
    {"otp_expired", AUTHP_E_OTP_EXPIRED},
    {"Mobile no. already verified", AUTHP_E_OTP_USED},
    {"already_verified", AUTHP_E_OTP_USED},
    /* These refuse the caller before a code is looked at. */
    {"Invalid authkey", AUTHP_E_UNAVAILABLE},
    {"Auth Key missing", AUTHP_E_UNAVAILABLE},
    {"IPBlocked", AUTHP_E_UNAVAILABLE},
};

authp_err_t authp_msg91_answer_verified(const authp_fetched_t *answer, const char **said,
                                        apr_pool_t *pool)
{
    const json_t *object = object_of(answer, pool);
    const char *message = message_of(answer, object, said, pool);
    if (object == NULL || answer->status >= 500) {
        return AUTHP_E_UNAVAILABLE;
    }
    if (is_success(answer, object) && message != NULL &&
        strcmp(message, "OTP verified success") == 0) {
        return AUTHP_OK;
    }
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        if (authp_text_same(message, verdicts[i].message)) {
            return verdicts[i].err;
        }
    }
    return AUTHP_E_OTP_SEND_FAILED;
}
