# SPDX-License-Identifier: Apache-2.0
# Requests at the same time: an invite that a callback and a registration want, an identity that two accounts want, a link_code that is sent
# several times, and the two last ways to sign in, removed at once.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(somebody with_query words);
use AuthPlatform::Test ();
use POSIX ();
use Test::More;

my $forge = AuthPlatform::Oidc->forge;
my ($google, $corp) = map { $forge->realm($_) } qw(google corp);
my $site = AuthPlatform::SignIn->site(google => $google, corp => $corp);

# Runs each function in a process of its own. Returns what they return.
sub at_once {
    my @readers = map {
        my $do  = $_;
        my $pid = open(my $reader, '-|') // die "fork: $!";
        if (!$pid) {
            print $do->();
            close STDOUT;
            POSIX::_exit(0);
        }
        $reader;
    } @_;
    return map { local $/; my $said = <$_>; close $_; $said // '' } @readers;
}

sub me { my ($who, $method, $path, %o) = @_; return $site->httpd->request($method, "/api/auth/me/identities$path", bearer => $who->{access_token}, %o) }
sub googler { my $name = somebody(); return { name => $name, %{ $site->visitor->sign_in('google', login_hint => $name)->{json} } } }

# The link_code of the identity $as of the provider corp.
sub link_code {
    my ($who, $as) = @_;
    my $visitor = $site->visitor;
    my $login = $visitor->open(me($who, POST => '/corp', json => {})->{json}{location});
    return $visitor->open($visitor->at_provider(with_query($login->{location}, login_hint => $as)))->{json}{link_code};
}

subtest 'one invite' => sub {
    for my $round (1 .. 5) {
        my $who     = somebody();
        my $email   = "$who\@gmail.test";
        my $code    = $site->invite($email)->{code};
        my $visitor = $site->visitor;
        my $back    = $visitor->at_provider($visitor->begin('google', login_hint => $who, role => 'recruiter'));
        my ($came, $registered) = at_once(sub { words($visitor->open($back)) },
            sub { words($site->httpd->api('/register/recruiter', { email => $email, password => 'some words 12', invite_code => $code })) });
        is($came, '200 tokens', "round $round: the callback");
        like($registered, qr/^(?:201 tokens|409 email_taken|403 invite_invalid)$/, "round $round: the registration");
        my @accounts = $site->accounts($email);
        is(scalar @accounts, 1, "round $round: one account");
        ok($accounts[0]{is_recruiter_verified} && "@{ $accounts[0]{roles} }" eq 'recruiter', "round $round: a verified recruiter");
        is($site->httpd->api('/login', { email => $email, password => 'some words 12' })->{status}, 401, "round $round: without a password");
    }
};

subtest 'one identity, two accounts' => sub {
    for my $round (1 .. 5) {
        my ($identity, @people) = (somebody(), googler(), googler());
        my @codes = map { link_code($_, $identity) } @people;
        my @said = sort(at_once(map { my $i = $_; sub { words(me($people[$i], POST => '', json => { link_code => $codes[$i] })) } } 0, 1));
        is_deeply(\@said, ['200 ', '409 identity_conflict'], "round $round: one account gets it");
        is(scalar(grep { $_->{provider} eq 'corp' } map { @{ me($_, GET => '')->{json}{items} } } @people), 1, "round $round: and no other has it");
    }
};

subtest 'one link_code' => sub {
    my $who  = googler();
    my $code = link_code($who, somebody());
    my @said = sort(at_once((sub { words(me($who, POST => '', json => { link_code => $code })) }) x 4));
    is_deeply(\@said, ['200 ', ('400 oauth_state_invalid') x 3], 'counts once');
};

subtest 'the last two ways to sign in' => sub {
    for my $round (1 .. 5) {
        my $who = googler();
        me($who, POST => '', json => { link_code => link_code($who, somebody()) });
        my @said = sort(at_once(map { my $name = $_; sub { words(me($who, DELETE => "/$name")) } } qw(google corp)));
        is_deeply(\@said, ['204 ', '409 last_credential'], "round $round: one stays");
    }
};
done_testing;
