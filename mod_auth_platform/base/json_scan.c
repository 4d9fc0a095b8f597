/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"

#include <stdbool.h>
#include <string.h>

/* A number of this decimal exponent or a greater one may overflow a double. */
#define TOO_BIG_EXPONENT 308

typedef struct scan_t {
    const char *at;
    const char *end;
    char *out;
    size_t depth;
} scan_t;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && is_digit(*at)) {
        at++;
    }
    return at;
}

static void copy(scan_t *scan, const char *upto)
{
    size_t len = (size_t)(upto - scan->at);
    memcpy(scan->out, scan->at, len);
    scan->out += len;
    scan->at = upto;
}

static bool integer_fits(const char *digits, size_t len, bool negative)
{
    static const char largest[] = "9223372036854775807";
    static const char smallest[] = "9223372036854775808";
    const size_t width = sizeof(largest) - 1;
    if (len != width) {
        return len < width;
    }
    return memcmp(digits, negative ? smallest : largest, width) <= 0;
}

/* The value of the exponent. It stops growing far outside the range of a double. */
static long exponent_value(const char *at, const char *end)
{
    bool negative = *at == '-';
    long value = 0;
    if (*at == '-' || *at == '+') {
        at++;
    }
    for (; at < end; at++) {
        if (value < 100000000) {
            value = value * 10 + (*at - '0');
        }
    }
    return negative ? -value : value;
}

typedef struct number_t {
    bool negative;
    const char *whole;
    const char *whole_end;
    const char *fraction; /* NULL if there is none */
    const char *fraction_end;
    const char *exponent; /* its sign or first digit, NULL if there is none */
    const char *end;
} number_t;

/* Splits a number into its parts. False if this is no JSON number. The text is then copied
 * unchanged, and jansson refuses it. */
static bool split(const char *at, const char *end, number_t *number)
{
    memset(number, 0, sizeof(*number));
    number->negative = *at == '-';
    number->whole = at + number->negative;
    number->whole_end = skip_digits(number->whole, end);
    size_t digits = (size_t)(number->whole_end - number->whole);
    if (digits == 0 || (digits > 1 && *number->whole == '0')) {
        return false;
    }
    at = number->whole_end;
    if (at < end && *at == '.') {
        number->fraction = at + 1;
        number->fraction_end = skip_digits(number->fraction, end);
        if (number->fraction_end == number->fraction) {
            return false;
        }
        at = number->fraction_end;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        number->exponent = ++at;
        if (at < end && (*at == '+' || *at == '-')) {
            at++;
        }
        const char *first = at;
        at = skip_digits(at, end);
        if (at == first) {
            return false;
        }
    }
    number->end = at;
    return true;
}

static bool number_fits(const number_t *number)
{
    size_t digits = (size_t)(number->whole_end - number->whole);
    if (number->fraction == NULL && number->exponent == NULL) {
        return integer_fits(number->whole, digits, number->negative);
    }
    long exponent = number->exponent ? exponent_value(number->exponent, number->end) : 0;
    if (*number->whole != '0') {
        return exponent + (long)digits - 1 < TOO_BIG_EXPONENT;
    }
    /* In 0.000123e9 the leading zeros of the fraction reduce the exponent. */
    const char *first = number->fraction;
    while (first != NULL && first < number->fraction_end && *first == '0') {
        first++;
    }
    if (first == NULL || first == number->fraction_end) {
        return true; /* zero, whatever its exponent */
    }
    return exponent - (long)(first - number->fraction) - 1 < TOO_BIG_EXPONENT;
}

static void scan_number(scan_t *scan)
{
    number_t number;
    if (!split(scan->at, scan->end, &number)) {
        copy(scan, scan->at + 1);
        return;
    }
    if (number_fits(&number)) {
        copy(scan, number.end);
        return;
    }
    /* The replacement is never longer than the number: the shortest number that is replaced is
     * 1e308. */
    const char *stand_in = number.negative ? "-1e308" : "1e308";
    size_t len = strlen(stand_in);
    memcpy(scan->out, stand_in, len);
    scan->out += len;
    scan->at = number.end;
}

static const char *string_end(const char *at, const char *end)
{
    while (at < end && *at != '"') {
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    }
    return at < end ? at + 1 : end;
}

static bool is_name(const char *behind, const char *end)
{
    while (behind < end && (*behind == ' ' || (*behind != '\0' && strchr("\t\r\n", *behind)))) {
        behind++;
    }
    return behind < end && *behind == ':';
}

static void scan_string(scan_t *scan)
{
    const char *end = string_end(scan->at + 1, scan->end);
    char *copied = scan->out;
    copy(scan, end);
    if (!is_name(end, scan->end)) {
        return;
    }
    for (char *at = copied; scan->out - at >= 6; at++) {
        if (*at != '\\') {
            continue;
        }
        if (memcmp(at, "\\u0000", 6) == 0) {
            memcpy(at, "\\uFFFD", 6);
        }
        at++;
    }
}

authp_err_t authp_json_scan(const char *text, size_t len, size_t depth, char *out, size_t *copied)
{
    scan_t scan = {.at = text, .end = text + len, .out = out, .depth = 0};
    /* Jansson would take a NUL after a number for the end of the input. */
    if (memchr(text, '\0', len) != NULL) {
        return AUTHP_E_MALFORMED;
    }
    while (scan.at < scan.end) {
        char c = *scan.at;
        if (c == '"') {
            scan_string(&scan);
        } else if (c == '-' || is_digit(c)) {
            scan_number(&scan);
        } else {
            scan.depth += c == '{' || c == '[';
            scan.depth -= (c == '}' || c == ']') && scan.depth > 0;
            if (scan.depth > depth) {
                return AUTHP_E_MALFORMED;
            }
            copy(&scan, scan.at + 1);
        }
    }
    *copied = (size_t)(scan.out - out);
    return AUTHP_OK;
}
