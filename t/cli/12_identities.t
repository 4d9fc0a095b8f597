#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Identities at providers: user show lists them, user unlink removes them.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json);
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(somebody words);
use Test::More;

my $forge = AuthPlatform::Oidc->forge;
my ($google, $corp) = map { $forge->realm($_) } qw(google corp);
my $site = AuthPlatform::SignIn->site(google => $google, corp => [$corp, EMAIL_DOMAINS => 'gmail.test']);
my @env  = ('--env-file', "$site->{httpd}{dir}/.env");

sub tool { my (@args) = @_; return run([@env, @args], stdin => "three calm words\n") }

sub unlinked {
    my ($user, $provider, @more) = @_;
    my $answer = tool('user', 'unlink', '--id', $user->{id}, '--provider', $provider, @more);
    is($answer->{status}, 0, "user unlink of $provider") or diag $answer->{err};
    return $answer;
}

# One person with both providers, no password.
my $name = somebody();
is(words($site->visitor->sign_in($_, login_hint => $name)), '200 tokens', "signs in with $_") for qw(google corp google corp);
my $shown = tool('user', 'show', '--json', '--email', "$name\@gmail.test");
my $user  = json($shown);
is_deeply($user, ($site->accounts("$name\@gmail.test"))[0], 'user show --json is what the API answers');
is_deeply([sort map { "$_->{provider} $_->{email}" } @{ $user->{identities} }], ["corp $name\@gmail.test", "google $name\@gmail.test"], '... with both identities');
ok(!exists json(tool('user', 'list', '--json', '--email', $name))->{items}[0]{identities}, 'a list has none');
my $text = tool('user', 'show', '--id', $user->{id});
my $time = qr/\d{4}-\d\d-\d\dT[\d:.]+Z/;
for my $provider ($google, $corp) {
    my ($identity) = grep { $_->{provider} eq $provider->{name} } @{ $user->{identities} };
    my ($linked, $used) = @$identity{qw(linked_at last_login)};
    like($_, qr/\A$time\z/, 'a time') for $linked, $used;
    cmp_ok($linked, 'lt', $used, "$provider->{name} was used again after it was linked");
    like($text->{out}, qr/^identity: +$provider->{name}, $name\@gmail\.test, of \Q$provider->{issuer}\E, linked \Q$linked\E, last sign-in \Q$used\E$/m, '... and user show says both');
}
like($text->{out}, qr/^password: +none$/m, '... and that there is no password');
is($text->{err}, '', '... with nothing to note');

# One of two: the other one still opens the account.
my $first = unlinked($user, 'corp');
like($first->{out}, qr/\Aunlinked corp from user $user->{id}\n/, '... says so');
like($first->{out}, qr/^identity: +google, /m, '... and what is left');
unlike($first->{out}, qr/^identity: +corp, /m, '... without what is gone');
is($first->{err}, '', '... with nothing to note');

# An identity that the account does not have.
my $again = tool('user', 'unlink', '--id', $user->{id}, '--provider', 'corp');
is($again->{status}, 1, 'once more: status 1');
is($again->{err}, "authplatform: this account has no identity of this provider, but of: google\n", '... says what there is');
is($again->{out}, '', '... and no answer');

# The last one: the tool may remove it, and says what that means.
my $last = unlinked($user, 'google', '--json');
is_deeply(json($last), { %$user, identities => [] }, '... gives the account as it is now');
is($last->{err}, "authplatform: note: nobody can sign in to this account any more, until it gets a password: user reset-password --id $user->{id}\n", '... notes that nobody can sign in');
like(tool('user', 'show', '--id', $user->{id})->{out}, qr/^identities: +none$/m, '... and it is so');
is(tool('user', 'unlink', '--id', $user->{id}, '--provider', 'google')->{err}, "authplatform: this account has no identity of any provider\n", 'nothing is left to remove');

# The audit has both, by whom and about whom, and no refusal.
my @audit = grep { $_->{event} eq 'identity_unlink' } @{ json(tool('audit', 'list', '--json', '--user', $user->{id}))->{items} };
is_deeply([map { "$_->{outcome} $_->{reason} $_->{actor_id} $_->{subject_id}" } @audit], [map {"ok $_ cli $user->{id}"} qw(corp google)], 'the audit has what was done');

# Somebody with a password: no note. The identity is free for the next sign-in.
my $other = somebody();
my $with  = $site->registered("$other\@gmail.test");
is(tool('user', 'unlink', '--email', "$other\@gmail.test", '--provider', 'google')->{status}, 1, 'an account without any: status 1');
my $mine = $site->visitor->sign_in('google', login_hint => $other);
is(words($mine), '200 tokens', 'a sign-in takes an address that nobody had proven, and its password') or diag $mine->{body};
is(tool('user', 'reset-password', '--id', $with->{user}{id})->{status}, 0, 'the account gets a password again');
is(unlinked($with->{user}, 'google')->{err}, '', '... with which somebody can sign in: nothing to note');
is(words($site->visitor->sign_in('google', login_hint => $other)), '200 tokens', 'the identity is free: the next sign-in links it again');
is(scalar @{ json(tool('user', 'show', '--json', '--id', $with->{user}{id}))->{identities} }, 1, '... to the same account');
done_testing;
