# SPDX-License-Identifier: Apache-2.0
# Sign-in at a provider while the store is frozen or gone: a bounded 503, no half-made account, and a second try that works.
# Quiet: response times are measured.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Mongo;
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(challenge query_of somebody verifier words);
use AuthPlatform::Test ();
use Test::More;
use Time::HiRes qw(sleep time);

my $APP    = 'https://app.example.org';
my $mongo  = AuthPlatform::Mongo->new->start;
my $google = AuthPlatform::Oidc->forge->realm('google');
# One child process, because each child learns of its own that the store is back.
my $site = AuthPlatform::SignIn->site(google => $google, limits => "StartServers 1\nServerLimit 1\nThreadsPerChild 24\nMaxRequestWorkers 24\nMaxSpareThreads 24\n", settings => "AUTH_STORE=mongodb\nMONGODB_URI=" . $mongo->uri . "\nMONGODB_DB=providers\nFRONTEND_URL=$APP\n");

sub comes_back { my ($who, %query) = @_; my $visitor = $site->visitor; return ($visitor, $visitor->at_provider($visitor->begin('google', login_hint => $who, %query))) }

# Asks until the store counts as reachable again.
sub again {
    my ($do) = @_;
    for (1 .. 50) {
        my $answer = $do->();
        return $answer if $answer->{status} != 503;
        sleep 0.3;
    }
    return { status => 'still 503' };
}

is(words($site->visitor->sign_in('google', login_hint => somebody())), '200 tokens', 'a sign-in');
$site->admin;
for my $way ('frozen', 'gone') {
    my ($new, $known) = (somebody(), somebody());
    $site->visitor->sign_in('google', login_hint => $known);
    my $verifier = verifier();
    my ($app, $app_back) = comes_back($known, return_to => "$APP/", code_challenge => challenge($verifier));
    my $code = query_of($app->open($app_back)->{location})->{login_code};
    my @people = ([comes_back($new)], [comes_back($known)]);
    my $url = [comes_back($known, return_to => "$APP/in", code_challenge => challenge($verifier))];
    sleep 1.5 if $way eq 'gone';    # the server of the tests writes its file once in a second
    $way eq 'frozen' ? $mongo->freeze : $mongo->kill9;
    for my $person (@people) {
        my $began = time;
        my $answer = $person->[0]->open($person->[1]);
        is(words($answer), '503 store_unavailable', "$way: a callback");
        like($answer->{retry_after} // '', qr/^[1-9]\d*$/, "$way: Retry-After");
        cmp_ok(time - $began, '<', 6, "$way: in bounded time");
    }
    is(query_of($url->[0]->open($url->[1])->{location})->{error}, 'store_unavailable', "$way: an app is told at its URL");
    my $redeem = sub { return $site->visitor->api(POST => '/login/code', json => { login_code => $code, code_verifier => $verifier }) };
    is(words($redeem->()), '503 store_unavailable', "$way: a login_code");
    is(words($site->visitor->api(POST => '/google/token', json => { id_token => $google->mint })), '503 store_unavailable', "$way: an id_token");
    is($site->visitor->begin('google')->{status}, 302, "$way: the way to the provider needs no store");
    $way eq 'frozen' ? $mongo->thaw : $mongo->start;
    my $in = again(sub { return $site->visitor->sign_in('google', login_hint => $new) });
    is(words($in), '200 tokens', "$way: the next try works");
    is(scalar $site->accounts("$new\@gmail.test"), 1, "$way: with one account");
    is(words($redeem->()), '200 tokens', "$way: a login_code was not used up") if $way eq 'gone';
}
done_testing;
