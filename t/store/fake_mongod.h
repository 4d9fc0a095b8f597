/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FAKE_MONGOD_H
#define AUTHP_TEST_FAKE_MONGOD_H

#include <stdbool.h>

/* The primary of a replica set of one, on a port of its own of 127.0.0.1: it keeps every command
 * that a client sends, and answers that it worked. A real server cannot be asked what it was sent.
 */
void fake_mongod_start(void);
void fake_mongod_stop(void);
int fake_mongod_port(void);

/* What a command of this name gets from now on; NULL: every one is answered. */
typedef enum fake_mongod_fault_t {
    FAKE_MONGOD_SILENT, /* no answer */
    FAKE_MONGOD_CUT,    /* its connection ends */
    FAKE_MONGOD_NO_TTL  /* code 238 where an index has expireAfterSeconds */
} fake_mongod_fault_t;
void fake_mongod_fault(const char *command, fake_mongod_fault_t fault);

/* How many commands of that name came, and the last one as relaxed JSON (NULL: none). */
int fake_mongod_count(const char *command);
const char *fake_mongod_last(const char *command);
void fake_mongod_forget(void);

#endif
