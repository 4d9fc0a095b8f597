/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FAKE_MONGOD_H
#define AUTHP_TEST_FAKE_MONGOD_H

#include <stdbool.h>

/* A fake primary of a replica set with one member, on a port of its own on 127.0.0.1. It keeps
 * every command that a client sends, and answers success. A real server does not tell a test which
 * commands it received. */
void fake_mongod_start(void);
void fake_mongod_stop(void);
int fake_mongod_port(void);

/* What a command of this name gets from now on. With NULL every command is answered again. */
typedef enum fake_mongod_fault_t {
    FAKE_MONGOD_SILENT, /* no answer */
    FAKE_MONGOD_CUT,    /* its connection ends */
    FAKE_MONGOD_NO_TTL, /* code 238 where an index has expireAfterSeconds */
    FAKE_MONGOD_CODE,   /* the code of fake_mongod_code() */
    FAKE_MONGOD_CONCERN /* done here, but no majority has confirmed it in time */
} fake_mongod_fault_t;
void fake_mongod_fault(const char *command, fake_mongod_fault_t fault);
void fake_mongod_code(const char *command, int code);

/* A fault only meets commands whose JSON has this text. NULL: all of that name. */
void fake_mongod_only(const char *part);

/* The one document of every cursor from now on, as JSON; with NULL cursors are empty. */
void fake_mongod_found(const char *json);

/* Fields, as JSON, that a command of this name is answered with from now on, before all others;
 * with NULL none. */
void fake_mongod_reply(const char *command, const char *json);

/* How many connections are open. */
int fake_mongod_connections(void);

/* Return how many commands of that name came, and the latest one as relaxed JSON, or NULL. */
int fake_mongod_count(const char *command);
const char *fake_mongod_last(const char *command);
/* Returns the command with that number, counted from 0. */
const char *fake_mongod_nth(const char *command, int number);
void fake_mongod_forget(void);

#endif
