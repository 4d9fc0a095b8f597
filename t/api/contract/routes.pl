# SPDX-License-Identifier: Apache-2.0
# The routes that password accounts have, and what each of them takes:
#   needs     whose token: user, admin; maybe (it is looked at when there is one); own (the route finds its credential itself)
#   body      a good one; optional: none at all counts as {}
#   waits     for the store or a hash: 503 busy and store_unavailable
#   limited   429 for a client that asks too often
#   delivers  hands out tokens to whoever sends a password: Origin counts in the cookie way
#   provider  needs an identity provider, which the shared server does not have: t/oidc tests it, and 85_contract.t leaves it out
#   id        whose id stands in the path; list: takes limit and cursor
use strict;
use warnings FATAL => 'all';

my %login = (email => 'nobody@example.org', password => 'three calm words');
my $id    = 'f' x 24;
my $token = 'A' x 43;    # of a link that nobody was mailed
return (
    { route => 'POST /register',           waits => 1, limited => 1, delivers => 1, body => {%login} },
    { route => 'POST /register/recruiter', waits => 1, limited => 1, delivers => 1, body => { %login, invite_code => 'x' }, needs => 'maybe' },
    { route => 'POST /login',              waits => 1, limited => 1, delivers => 1, body => {%login} },
    { route => 'POST /login/candidate',    waits => 1, limited => 1, delivers => 1, body => {%login} },
    { route => 'POST /login/recruiter',    waits => 1, limited => 1, delivers => 1, body => {%login} },
    { route => 'POST /refresh',            waits => 1, limited => 1, needs => 'own', body => { refresh_token => 'x' }, optional => 1 },
    { route => 'POST /logout',             waits => 1, limited => 1, needs => 'own', body => { refresh_token => 'x' }, optional => 1 },
    { route => 'GET /session/renew',       waits => 1, limited => 1, needs => 'own', head => 0 },

    { route => 'POST /email/verify/send',  waits => 1, limited => 1, needs => 'user' },
    { route => 'POST /email/verify',       waits => 1, limited => 1, needs => 'maybe', body => { token => $token } },
    { route => 'POST /password/forgot',    waits => 1, limited => 1, body => { email => 'nobody@example.org' } },
    { route => 'POST /password/reset',     waits => 1, limited => 1, body => { token => $token, new_password => 'three calm words' } },
    { route => 'POST /me/email',           waits => 1, limited => 1, needs => 'user', body => { new_email => 'nobody@example.org', password => 'x' } },

    { route => 'GET /me',                   waits => 1, needs => 'user' },
    { route => 'PATCH /me',                 waits => 1, needs => 'user', body => { name => 'N' } },
    { route => 'POST /me/password',         waits => 1, limited => 1, needs => 'user', body => { current_password => 'x', new_password => 'three calm words' } },
    { route => 'DELETE /me',                waits => 1, limited => 1, needs => 'user', body => { password => 'x' }, optional => 1 },
    { route => 'GET /sessions',             waits => 1, needs => 'user', list => 1 },
    { route => 'DELETE /sessions',          waits => 1, needs => 'user' },
    { route => 'DELETE /sessions/{id}',     waits => 1, needs => 'user', id => $id },
    { route => 'GET /api/protected/me',     waits => 1, needs => 'user' },

    { route => 'POST /recruiter/verify',         waits => 1, needs => 'admin', body => { user_id => $id } },
    { route => 'POST /recruiter/invites',        waits => 1, needs => 'admin', body => { email => 'nobody@example.org' } },
    { route => 'GET /recruiter/invites',         waits => 1, needs => 'admin', list => 1 },
    { route => 'DELETE /recruiter/invites/{id}', waits => 1, needs => 'admin', id => $id },
    { route => 'GET /users',                     waits => 1, needs => 'admin', list => 1 },
    { route => 'POST /users',                    waits => 1, needs => 'admin', body => { email => 'nobody@example.org' } },
    { route => 'GET /users/{id}',                waits => 1, needs => 'admin', id => $id },
    { route => 'PATCH /users/{id}',              waits => 1, needs => 'admin', id => $id, body => { name => 'N' } },
    { route => 'DELETE /users/{id}',             waits => 1, needs => 'admin', id => $id },
    { route => 'GET /users/{id}/sessions',       waits => 1, needs => 'admin', id => $id, list => 1 },
    { route => 'DELETE /users/{id}/sessions',    waits => 1, needs => 'admin', id => $id },

    { route => 'GET /providers', provider => 1 },
    (map { ({ route => "GET $_/login",    provider => 1, waits => 1, limited => 1, head => 0 },
            { route => "GET $_/callback", provider => 1, waits => 1, limited => 1, head => 0 },
            { route => "POST $_/token",   provider => 1, waits => 1, limited => 1, delivers => 1, body => { id_token => 'x' } }) } '/google', '/oidc/{provider}'),
    { route => 'POST /login/code',                provider => 1, waits => 1, limited => 1, delivers => 1, body => { login_code => 'x', code_verifier => 'x' } },
    { route => 'GET /me/identities',              provider => 1, waits => 1, needs => 'user' },
    { route => 'POST /me/identities',             provider => 1, waits => 1, needs => 'user', body => { link_code => 'x' } },
    { route => 'POST /me/identities/{provider}',   provider => 1, waits => 1, needs => 'user', body => {}, optional => 1 },
    { route => 'DELETE /me/identities/{provider}', provider => 1, waits => 1, needs => 'user' },
    { route => 'DELETE /users/{id}/identities/{provider}', provider => 1, waits => 1, needs => 'admin', id => $id },

    { route => 'GET /verify-email' },
    { route => 'GET /reset-password' },
    { route => 'GET /healthz' },
    { route => 'GET /readyz', waits => 1 },
    { route => 'GET /openapi.json' },
    { route => 'GET /docs' },
);
