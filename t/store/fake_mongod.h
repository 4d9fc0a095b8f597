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
    FAKE_MONGOD_NO_TTL, /* code 238 where an index has expireAfterSeconds */
    FAKE_MONGOD_CODE,   /* the code of fake_mongod_code() */
    FAKE_MONGOD_CONCERN /* done here, but with no majority behind it in time */
} fake_mongod_fault_t;
void fake_mongod_fault(const char *command, fake_mongod_fault_t fault);
void fake_mongod_code(const char *command, int code);

/* The one document of every cursor from now on, as JSON; NULL: none. */
void fake_mongod_found(const char *json);

/* How many commands of that name came, and the last one as relaxed JSON (NULL: none). */
int fake_mongod_count(const char *command);
const char *fake_mongod_last(const char *command);
/* The one with that number, from 0 on. */
const char *fake_mongod_nth(const char *command, int number);
void fake_mongod_forget(void);

#endif
