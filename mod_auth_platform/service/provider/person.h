/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_PERSON_H
#define AUTHP_SERVICE_PROVIDER_PERSON_H

#include <stdbool.h>

/* Who somebody is, as a provider of identities has just said. Strings live in the pool of the
 * request. */
typedef struct authp_person_t {
    const char *provider; /* its name in the settings */
    const char *issuer;   /* with `sub`: the identity */
    const char *sub;
    const char *email;   /* lower-case; the provider has verified it */
    bool vouched;        /* by the settings this provider may prove that address */
    const char *name;    /* NULL if there is none that an account may have */
    const char *picture; /* NULL if there is none */
} authp_person_t;

/* The role that a sign-in asks for. */
typedef enum authp_asked_t { AUTHP_ASKED_CANDIDATE, AUTHP_ASKED_RECRUITER } authp_asked_t;

#endif
