/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_NO_SECRETS_H
#define AUTHP_TEST_NO_SECRETS_H

/* Fails the test if `text` (NULL: nothing) contains a password or key of the fixtures, a password
 * hash, or something that looks like a token or an invite code: many characters of base64url in a
 * row that are no id. */
void no_secrets_in(const char *text);
/* Checks every log line from now on, until another sink is set. No line has an address, either. */
void no_secrets_in_log(void);

#endif
