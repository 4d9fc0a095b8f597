#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# export and import of a host with the profile `phone`: numbers, roles and what an account is in a role come to another store and back value by
# value, and tokens stay valid. One-time codes and requests of administrators stay where they are. From SQLite to the store of this run, and to
# SQLite again.
use strict;
use warnings FATAL => 'all';
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json folder slurp write_file);
use AuthPlatform::Phone qw(claims_of);
use JSON ();
use Test::More;

my $dir   = folder();
my $codec = JSON->new->utf8->canonical;
my $site  = AuthPlatform::Phone->new(settings => "AUTH_STORE=sqlite\n");
my ($key) = slurp("$site->{httpd}{dir}/.env") =~ /^(JWT_SECRET_KEY=.*\n)/m;

sub tool { my ($host, @args) = @_; return run(['--env-file', "$host->{httpd}{dir}/.env", @args]) }

sub export_of {
    my ($host, $name) = @_;
    my $answer = tool($host, 'export', '--out', "$dir/$name", '--json');
    is($answer->{status}, 0, "export to $name") or diag $answer->{err};
    return "$dir/$name";
}

# Imports a file, which must work, and returns the counts of accounts.
sub import_into {
    my ($host, $file) = @_;
    my $answer = tool($host, 'import', '--in', $file, '--json');
    is($answer->{status}, 0, "import of $file") or diag $answer->{err};
    my $counts = json($answer)->{users};
    return join ' ', map { $counts->{$_} ? "$_ $counts->{$_}" : () } sort keys %$counts;
}

# The rows of a file, without the entries about exports and imports.
sub rows {
    my ($file) = @_;
    my (undef, @lines) = map { $codec->decode($_) } split /\n/, slurp($file);
    return [map { $codec->encode($_) } grep { !$_->{audit} || $_->{audit}{event} !~ /\A(?:ex|im)port\z/ } @lines];
}

# Another host with the same key.
sub other_host {
    my ($settings) = @_;
    my $host = AuthPlatform::Phone->new(settings => $settings);
    $host->stop;
    my $env = "$host->{httpd}{dir}/.env";
    write_file($env, slurp($env) =~ s/^JWT_SECRET_KEY=.*\n/$key/mr);
    return $host;
}

# --- people ----------------------------------------------------------------------------------------------------------------------
my $root = $site->admin('root@example.org');
my %token = (asha => $site->member('9876543210', 'seeker', email => 'asha@example.org'), bala => $site->member('9876543211', 'provider'), chitra => $site->member('9876543212', 'seeker'));
my %user = (mobile => '9876543210', roles => ['provider']);
$token{both} = $site->post('/users/auth', { %user, otp => $site->send_code('/users/register', \%user) })->{json}{access_token};
my $info = { name => 'Asha', city => 'पुणे', age => 31, ratio => 0.1, most => 9007199254740991, less => -0.5e-7, none => undef, yes => JSON::true, no => JSON::false, empty => '', list => [1, [], {}, ['two']],
    deep => { pin => '411001', 'a.b' => 1, '$set' => 2, 'with "quotes"' => "line\nbreak \\ \x{1f4de}" } };
sub write_it {
    my ($method, $path, $json, $bearer) = @_;
    my $answer = $site->request($method => $path, json => $json, bearer => $bearer);
    is($answer->{status}, 200, "$method $path") or diag $answer->{body};
    return;
}
write_it(PATCH => '/me/seeker', { personal_info => $info }, $token{asha});
write_it(PUT => '/users/' . claims_of($token{asha})->{sub} . '/profiles/provider', { stats => { jobs => 3, rating => 4.5 }, job_id => 'job-17' }, $root);
write_it(PATCH => '/me/provider', { personal_info => {} }, $token{bala});
is($site->post('/delete/seeker', undef, bearer => $token{chitra})->{status}, 200, 'a role that is given up');
# A code that nobody has used yet, and a request that nobody has verified.
$site->send_code('/auth/send-otp', { phone => '9876543211' });
my %mona = (email => 'mona@example.org', password => $site->password, mobile => '9876543219', name => 'Mona', roles => ['admin']);
is($site->post('/admin/register', \%mona, bearer => $root)->{status}, 200, 'admin/register');

my @asked = (['/me/seeker', 'asha'], ['/me/provider', 'asha'], ['/me/provider', 'bala'], ['/me/seeker', 'bala'], ['/me/seeker', 'chitra'], map { ['/auth/me', $_] } sort keys %token);
sub told { my ($host) = @_; return [map { my $answer = $host->get($_->[0], bearer => $token{ $_->[1] }); [@$_, $answer->{status}, $answer->{json}] } @asked] }
my $before = told($site);
is_deeply($before->[0][3]{personal_info}, $info, 'a document is as it was written');
is(join(' ', map { $_->[2] } @$before), '200 200 200 403 403 200 200 200 200', 'who is what');

# --- to the store of this run, and back ------------------------------------------------------------------------------------------
my $first = export_of($site, 'first.jsonl');
unlike(slurp($first), qr/9876543219|mona|otp_code|pending/, 'neither codes nor requests of administrators are exported');
my $new = other_host('');
is(import_into($new, $first), 'added 4', 'the accounts come');
is(import_into($new, $first), 'unchanged 4', '... once');
is_deeply(rows(export_of($new, 'second.jsonl')), rows($first), 'every row is as it was');
my $third = other_host("AUTH_STORE=sqlite\n");
is(import_into($third, "$dir/second.jsonl"), 'added 4', 'and on to SQLite');
is_deeply(rows(export_of($third, 'third.jsonl')), rows($first), '... as it was');

for my $host ($new, $third) {
    $host->httpd->start;
    $host->httpd->wait_for(sub { $host->get('/readyz')->{status} == 200 }, 'not ready') for 1 .. 4;
    is_deeply(told($host), $before, 'tokens, roles and documents count there');
    is($host->post('/auth/login', { phone => '+91 98765 43211', password => $host->password })->{status}, 200, 'number and password');
    is($host->post('/auth/login-otp', { phone => '9876543211', otp => '1234' })->{json}{code}, 'INVALID_OTP', 'a code that the other host has sent does not count');
    is($host->post('/admin/verify-registration', { mobile => '9876543219', otp => '1234' })->{json}{code}, 'INVALID_OTP', 'nor does such a request');
    my $code = $host->send_code('/auth/send-otp', { phone => '9876543211' });
    is($host->post('/auth/login-otp', { phone => '9876543211', otp => $code })->{status}, 200, '... but a new code does');
}

# --- what is newer on the old host -----------------------------------------------------------------------------------------------
write_it(PATCH => '/me/seeker', { personal_info => { city => 'Mumbai' } }, $token{asha});
is($site->post('/delete/provider', undef, bearer => $token{both})->{status}, 200, 'a role that is given up with its document');
is(import_into($third, export_of($site, 'later.jsonl')), 'replaced 1 unchanged 3', 'a later file replaces the account');
is_deeply($third->get('/me/seeker', bearer => $token{asha})->{json}{personal_info}, { city => 'Mumbai' }, '... with its document');
is($third->get('/me/provider', bearer => $token{asha})->{status}, 403, '... without the role');
unlike(slurp(export_of($third, 'fourth.jsonl')), qr/job-17/, '... and its document');
$_->stop for $site, $new, $third;
done_testing;
