/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_TEXT_H
#define AUTHP_SERVICE_MAIL_TEXT_H

/* The former name of mail_texts.h. */
#include "service/mail/mail_texts.h"

#endif
