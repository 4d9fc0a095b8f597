# SPDX-License-Identifier: Apache-2.0
# Sign-in at a real provider, the npm package oidc-provider. It checks the whole authorization request and the code exchange.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::Ports 'free_port';
use AuthPlatform::SignIn qw(challenge query_of verifier words);
use AuthPlatform::Test ();
use Test::More;

my $port = free_port();
my $real = AuthPlatform::Oidc->real(["http://127.0.0.1:$port/api/auth/google/callback"]);
my $APP  = 'https://app.example.org';
# The access logs of the sample configurations: their formats, and a log in each.
my %format;
for my $name (qw(demo production)) {
    AuthPlatform::Httpd::slurp("$ENV{AUTHP_STAGE}/conf/$name.conf") =~ /^\s*LogFormat (".*") (\w+)$/m or die "$name.conf has no LogFormat\n";
    $format{$name} = $1;
}
my $site = AuthPlatform::SignIn->site(port => $port, google => $real, settings => "FRONTEND_URL=$APP\n",
    more => join '', map {qq{CustomLog "logs-$_" $format{$_}\n}} sort keys %format);

my $alice = $site->visitor->sign_in('google', login_hint => 'alice');
is(words($alice), '200 tokens', 'somebody new') or diag $alice->{body};
is_deeply([@{ $alice->{json}{user} }{qw(email name roles)}], ['alice@gmail.test', 'alice', ['candidate']], 'is a candidate');
my $again = $site->visitor->sign_in('google', login_hint => 'alice', role => 'candidate');
is($again->{json}{user}{id}, $alice->{json}{user}{id}, 'comes back');
is($site->httpd->get('/page.txt', bearer => $again->{json}{access_token})->{status}, 200, 'and gets in');

$site->invite('c@corp.test');
my $recruiter = $site->visitor->sign_in('google', login_hint => 'corp', role => 'recruiter');
is_deeply($recruiter->{json}{user}{roles}, ['recruiter'], 'an invited recruiter') or diag $recruiter->{body};
is(words($site->visitor->sign_in('google', login_hint => 'dave', role => 'recruiter')), '403 recruiter_pending', 'one who was not invited');
is(words($site->visitor->sign_in('google', login_hint => 'unverified')), '403 email_unverified', 'an address that is not proven');
is(words($site->visitor->sign_in('google', login_hint => 'deny')), '403 oauth_denied', 'refused by the person');

my $visitor = $site->visitor;
is($visitor->sign_in('google', login_hint => 'alice', return_to => '/page.txt')->{location} =~ m{/page\.txt$} ? 1 : 0, 1, 'to a path');
is($visitor->open('/page.txt')->{status}, 200, 'which opens');
my $verifier = verifier();
my $app = $site->visitor->sign_in('google', login_hint => 'alice', return_to => "$APP/", code_challenge => challenge($verifier));
my $in = $site->visitor->api(POST => '/login/code', json => { login_code => query_of($app->{location})->{login_code}, code_verifier => $verifier });
is($in->{json}{user}{id}, $alice->{json}{user}{id}, 'to an app');

my $person = $site->registered('erin@gmail.test');
my $erin = $site->visitor->sign_in('google', login_hint => 'erin');
is($erin->{json}{user}{id}, $person->{user}{id}, 'the first proof of an address');
is($site->httpd->api('/login', { map { $_ => $person->{$_} } qw(email password) })->{status}, 401, 'takes the password away');

for my $name (sort keys %format) {
    my $log = AuthPlatform::Httpd::slurp("$site->{httpd}{dir}/logs-$name");
    like($log, qr{/google/callback}, "the access log of conf/$name.conf has the callback");
    unlike($log, qr/\?|\b(?:code|state|login_code)=/, 'and no query');
}

$real->stop;
is(words($site->visitor->begin('google')), '302 ', 'down: the way there is known');
is($site->httpd->get('/page.txt', bearer => $in->{json}{access_token})->{status}, 200, 'and all else works');
done_testing;
