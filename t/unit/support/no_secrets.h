/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_NO_SECRETS_H
#define AUTHP_TEST_NO_SECRETS_H

/* Fails the test if `text` (NULL: nothing) holds a password or key of the fixtures, a hash of a
 * password, or what looks like a token or an invite's code: many letters in a row that stand for
 * random bytes and are no id. */
void no_secrets_in(const char *text);
/* Every line of the log is looked at from now on, until another sink is set. */
void no_secrets_in_log(void);

#endif
