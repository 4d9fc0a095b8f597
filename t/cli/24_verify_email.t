#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# user verify-email lets in an administrator whose address was never proven, on a server that requires the proof.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Mailed;
use Test::More;

my $site  = AuthPlatform::Mailed->new(settings => "EMAIL_VERIFICATION=required\n");
my $email = AuthPlatform::Mailed::new_email();
is($site->post('/register', { email => $email, password => $site->password })->{status}, 202, 'an account whose address is not proven');
is(($site->tool('', qw(user set-roles --roles admin --email), $email))[0], 0, '... becomes an administrator');
is(AuthPlatform::Mailed::words($site->sign_in($email)), '403 email_unverified', '... who cannot sign in');

my ($status, $out) = $site->tool('', qw(user verify-email --email), $email);
is($status, 0, 'user verify-email');
like($out, qr/\Athe e-mail address of user \w+ is proven now\n/, '... says so');
my $in = $site->sign_in($email);
is($in->{status}, 200, '... and the running server lets the administrator in') or diag $in->{body};
is($site->get('/users', as => $in->{json})->{status}, 200, '... as an administrator');
is($site->post('/email/verify/send', undef, as => $in->{json})->{status}, 204, '... for whom there is nothing left to prove');
is(($site->tool('', qw(user verify-email --email), $email))[0], 0, '... and again');
is($site->get('/me', as => $in->{json})->{status}, 200, '... which ends no session');

is(join("\n", $site->httpd->complaints), '', 'nothing to worry about in the log');
done_testing;
