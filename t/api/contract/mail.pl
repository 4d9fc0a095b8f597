# SPDX-License-Identifier: Apache-2.0
# Answers that only a server with mail gives: "POST /register 202" or "POST /login 403 email_unverified". The shared server sends none.
# t/api/27_mail.t and t/api/28_mail_links.t must see each of them.
use strict;
use warnings FATAL => 'all';

my @before = (
    'POST /register 202',
    'POST /register/recruiter 202',
    (map { "POST $_ 403 email_unverified" } '/login', '/login/candidate', '/login/recruiter'),
    'POST /email/verify/send 202',
    'POST /email/verify/send 404 not_found',
    'POST /password/forgot 202',
    (map { "POST /me/email $_" } '202', '401 insufficient_user_authentication', '403 invalid_credentials'),
);
my @with_link = ((map { "POST /email/verify $_" } '200', '401 token_missing', '401 invalid_credentials', '409 email_taken'), 'POST /password/reset 200');
return (before => \@before, with_link => \@with_link);
