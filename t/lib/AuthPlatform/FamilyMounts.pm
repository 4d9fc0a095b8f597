# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::FamilyMounts;
# The route families that other back ends' front ends use. `login` and `me` are paths that differ from /login and /me. For tests that run on all of them: AuthPlatform::Httpd->new(AuthPlatform::FamilyMounts::host()).
use strict;
use warnings FATAL => 'all';

my @meta = qw(/healthz /readyz /openapi.json /docs);
my @all  = (
    {   name => 'assessment', mount => '/api/v1/auth', wrong => 422, wrong_schema => 'FieldErrors', limited => 6,
        paths => [qw(/candidate/register /candidate/login /recruiter/register /recruiter/login /register /login /me /logout), @meta],
    },
    {   name => 'phone', mount => '/phone/v1', wrong => 422, wrong_schema => 'FieldErrors', limited => 12, rows_only => 1, login => '/auth/login', me => '/auth/me',
        paths => [(map {"/auth/$_"} qw(send-otp register login login-otp forgot-password reset-password logout me)), (map {"/users/$_"} qw(register auth)),
            (map {"/admin/$_"} qw(register verify-registration login verify-login)), (map { ("/me/$_", "/delete/$_") } qw(provider seeker)), '/users/{id}/profiles/{role}', @meta],
    },
    { name => 'jobpath', mount => '/jobs/auth', wrong => 400, wrong_schema => 'Error',       limited => 2, paths => [qw(/signup /login /me /logout),           @meta] },
    { name => 'ai',      mount => '/auth',      wrong => 422, wrong_schema => 'FieldErrors', limited => 4, paths => [qw(/register /login /refresh /logout /me), @meta] },
);

sub all { return @all }

# All roles of all families, in one realm.
sub settings { return "ROLES=candidate,recruiter,user,seeker,provider,admin\nAPP_ENV=development\nOTP_PROVIDER=mock\n" }

# A host with all of them beside the platform's own mount.
sub host { return (settings => settings(), more => "AuthPlatformMount /api/auth\n" . join '', map {"AuthPlatformMount $_->{mount} $_->{name}\n"} @all) }

1;
