# SPDX-License-Identifier: Apache-2.0
# The profile `phone`: what an account is as a seeker and as a provider, what the app writes there, and the removal of a role. OTP_PROVIDER=mock.
use strict;
use warnings FATAL => 'all';
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Phone qw(error_is fields_are claims_of);
use JSON ();
use Test::More;

my $site = AuthPlatform::Phone->new(more => join '', map {"<Location /only-$_>\nAuthType Platform\nAuthName t\nRequire role $_\n</Location>\n"} qw(seeker provider));
my $httpd = $site->httpd;
my $admin = $site->admin('root@example.org');
my $asha  = $site->member('9876543210', 'seeker');
my $bala  = $site->member('9876543211', 'provider', full_name => 'Bala');
my %id    = (asha => claims_of($asha)->{sub}, bala => claims_of($bala)->{sub});
my @type  = (403, 'Access forbidden: Invalid user type', 'insufficient_role');

sub answer_is {
    my ($answer, $json, $name) = @_;
    is($answer->{status}, 200, $name) or diag $answer->{body};
    is_deeply($answer->{json}, $json, '... with this object');
    return;
}

# --- reading ---
my %seeker = (user_id => $id{asha}, mobile => '9876543210', personal_info => {}, seeker_stats => {});
my %provider = (user_id => $id{bala}, mobile => '9876543211', personal_info => {}, provider_stats => {});
answer_is($site->get('/me/seeker', bearer => $asha), \%seeker, 'me/seeker, never filled in');
answer_is($site->get('/me/provider', bearer => $bala), \%provider, 'me/provider, never filled in');
error_is($site->get('/me/provider', bearer => $asha), @type, 'a seeker is no provider');
error_is($site->request(PATCH => '/me/seeker', json => { personal_info => {} }, bearer => $bala), @type, 'a provider is no seeker');
error_is($site->get('/me/seeker'), 401, 'Could not validate credentials', 'token_missing', 'nobody');
error_is($site->get('/me/seeker', bearer => $admin), @type, 'nor is an administrator one');
is($httpd->get('/api/v1/me/admin')->{body} =~ /"detail"/ ? 1 : 0, 0, 'me/admin is a path of the app');

# --- PATCH ---
my $info = { name => 'Asha', city => 'Pune', age => 31, ratio => 0.5, languages => ['mr', 'हिन्दी'], address => { pin => '411001', more => undef }, open => JSON::true };
answer_is($site->request(PATCH => '/me/seeker', json => { personal_info => $info, seeker_stats => { jobs => 9 }, job_id => 'x' }, bearer => $asha), { %seeker, personal_info => $info }, 'PATCH changes personal_info alone');
answer_is($site->get('/me/seeker', bearer => $asha), { %seeker, personal_info => $info }, '... and keeps it');
answer_is($site->request(PATCH => '/me/seeker', json => { personal_info => { name => 'A' } }, bearer => $asha), { %seeker, personal_info => { name => 'A' } }, '... replaces it');
fields_are($site->request(PATCH => '/me/seeker', json => $_, bearer => $asha), ['personal_info'], 'wrong: ' . JSON->new->canonical->encode($_))
    for {}, { personal_info => undef }, { personal_info => 'x' }, { personal_info => ['x'] };
my $room = 8192 - length '{"a":""}';
answer_is($site->request(PATCH => '/me/seeker', json => { personal_info => { a => 'x' x $room } }, bearer => $asha), { %seeker, personal_info => { a => 'x' x $room } }, '8 KiB');
fields_are($site->request(PATCH => '/me/seeker', json => { personal_info => { a => 'x' x ($room + 1) } }, bearer => $asha), ['personal_info'], 'one byte more');
fields_are($site->request(PATCH => '/me/seeker', json => { personal_info => { a => "\x{20ac}" x ($room / 2) } }, bearer => $asha), ['personal_info'], 'the bytes count, not the characters');

# --- what the app writes ---
my $path = "/users/$id{bala}/profiles/provider";
my $stats = { jobs => 3, rating => 4.5 };
answer_is($site->request(PUT => $path, json => { personal_info => { shop => 'Bala & sons' }, stats => $stats, job_id => 'job-17' }, bearer => $admin),
    { %provider, personal_info => { shop => 'Bala & sons' }, provider_stats => $stats, job_id => 'job-17' }, 'PUT users/{id}/profiles/provider');
answer_is($site->request(PUT => $path, json => { stats => { jobs => 4 } }, bearer => $admin), { %provider, personal_info => { shop => 'Bala & sons' }, provider_stats => { jobs => 4 }, job_id => 'job-17' }, '... a part');
answer_is($site->request(PUT => $path, json => {}, bearer => $admin), { %provider, personal_info => { shop => 'Bala & sons' }, provider_stats => { jobs => 4 }, job_id => 'job-17' }, '... nothing');
answer_is($site->get('/me/provider', bearer => $bala), { %provider, personal_info => { shop => 'Bala & sons' }, provider_stats => { jobs => 4 }, job_id => 'job-17' }, '... which its owner sees');
answer_is($site->request(PATCH => '/me/provider', json => { personal_info => {} }, bearer => $bala), { %provider, provider_stats => { jobs => 4 }, job_id => 'job-17' }, '... and cannot change but for personal_info');
error_is($site->request(PUT => $path, json => {}, bearer => $bala), @type, 'not by its owner');
error_is($site->request(PUT => $path, json => {}), 401, 'Could not validate credentials', 'token_missing', 'not by nobody');
is($site->request(PUT => "/users/$_", json => {}, bearer => $admin)->{json}{code}, 'not_found', "no such profile: $_")
    for "$id{bala}/profiles/seeker", "$id{bala}/profiles/nothing", "$id{bala}/profiles/admin", ('e' x 24) . '/profiles/provider';
is($site->request(PUT => '/users/' . claims_of($admin)->{sub} . '/profiles/admin', json => { stats => {} }, bearer => $admin)->{json}{code}, 'not_found', '... not even for who is an administrator');
fields_are($site->request(PUT => $path, json => $_->[0], bearer => $admin), $_->[1], 'wrong: ' . JSON->new->canonical->encode($_->[0]))
    for [{ stats => 1 }, ['stats']], [{ personal_info => [] }, ['personal_info']], [{ job_id => {} }, ['job_id']], [{ stats => {}, job_id => "a\0" }, ['job_id']];
is($httpd->get("/api/v1/users/$id{bala}")->{body} =~ /"detail"/ ? 1 : 0, 0, 'users/{id} is a path of the app');

# --- two roles ---
my $code = $site->send_code('/users/register', { mobile => '9876543210', roles => ['provider'] });
my $both = $site->post('/users/auth', { mobile => '9876543210', otp => $code, roles => ['provider'] })->{json}{access_token};
is_deeply([@{ claims_of($both) }{qw(sub roles user_type)}], [$id{asha}, ['seeker', 'provider'], 'seeker'], 'an account with both roles; the type is the one of auth/register');
answer_is($site->get('/me/provider', bearer => $asha), { %provider, user_id => $id{asha}, mobile => '9876543210' }, 'an older token counts as well');
is($httpd->get("/only-$_", bearer => $asha)->{status}, 404, "... at a page for a $_") for qw(seeker provider);

# --- the removal of a role ---
answer_is($site->post('/delete/seeker', undef, bearer => $asha), { message => 'Seeker role deleted successfully' }, 'delete/seeker');
is($httpd->get('/only-seeker', bearer => $_)->{status}, 403, 'the role is gone everywhere on the next request') for $asha, $both;
is($httpd->get('/only-provider', bearer => $_)->{status}, 404, '... and no other one') for $asha, $both;
error_is($site->get('/me/seeker', bearer => $asha), @type, '... its profile as well');
is($site->get('/auth/me', bearer => $asha)->{json}{data}{user}{user_type}, 'provider', 'the type is another one');
my $twice = $site->post('/delete/seeker', undef, bearer => $asha);
error_is($twice, 404, 'Seeker role not found', 'not_found', 'not held');
answer_is($site->post('/delete/provider', undef, bearer => $bala), { message => 'Provider role deleted successfully' }, 'delete/provider');
is($site->get('/auth/me', bearer => $bala)->{json}{data}{user}{user_type}, undef, 'an account without a role');
error_is($site->post('/delete/provider', undef, bearer => $bala), 404, 'Provider role not found', 'not_found', '... which holds none to remove');
error_is($site->post('/delete/provider'), 401, 'Could not validate credentials', 'token_missing', 'nobody');
$code = $site->send_code('/users/register', { mobile => '9876543211', roles => ['provider'] });
my $again = $site->post('/users/auth', { mobile => '9876543211', otp => $code, roles => ['provider'] })->{json}{access_token};
answer_is($site->get('/me/provider', bearer => $again), \%provider, 'with the role again: nothing of before is left');
$site->stop;
done_testing;
