# SPDX-License-Identifier: Apache-2.0
# Sign-ins at a provider and the life of a server: pending sign-ins survive a reload and a change of the key, restarts and stops do not wait for
# a provider that does not answer, every MPM works, and nothing is left open after many sign-ins.
# Quiet: the time that a stop takes is measured.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd ();
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(somebody words);
use AuthPlatform::Test ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'once is enough: with SQLite' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite';

my $ONE    = "StartServers 1\nServerLimit 2\nThreadsPerChild 24\nMaxRequestWorkers 24\nMinSpareThreads 1\nMaxSpareThreads 24\n";
my $forge  = AuthPlatform::Oidc->forge;
my $google = $forge->realm('google');
my $site   = AuthPlatform::SignIn->site(google => $google, limits => $ONE);

# Begins $count sign-ins, each in a process of its own, and does not wait for them. Returns what collects the answers.
sub waiting {
    my ($at, $count) = @_;
    my @readers = map {
        my $pid = open(my $reader, '-|') // die "fork: $!";
        if (!$pid) {
            print words($at->visitor->begin('google'));
            close STDOUT;
            POSIX::_exit(0);
        }
        $reader;
    } 1 .. $count;
    return sub { return map { my $said = <$_>; close $_; $said } @readers };
}

subtest 'pending sign-ins' => sub {
    my ($over_reload, $over_key) = ($site->visitor, $site->visitor);
    my $back = $over_reload->at_provider($over_reload->begin('google', login_hint => somebody()));
    $site->httpd->graceful;
    is(words($over_reload->open($back)), '200 tokens', 'a reload changes nothing');
    $back = $over_key->at_provider($over_key->begin('google', login_hint => somebody()));
    my $env = "$site->{httpd}{dir}/.env";
    my $settings = AuthPlatform::Httpd::slurp($env);
    my $key = join '', map { ('a' .. 'z', 0 .. 9)[rand 36] } 1 .. 48;
    $settings =~ s/^JWT_SECRET_KEY=(.*)$/JWT_SECRET_KEY=$key\nJWT_SECRET_KEY_PREVIOUS=$1/m or die "no key in $env\n";
    AuthPlatform::Httpd::write_file($env, $settings);
    $site->httpd->graceful;
    is(words($over_key->open($back)), '200 tokens', 'nor does a new key, while the old one still counts');
    $back = $over_key->at_provider($over_key->begin('google', login_hint => somebody()));
    $settings =~ s/^JWT_SECRET_KEY_PREVIOUS=.*\n//m;
    AuthPlatform::Httpd::write_file($env, $settings =~ s/^JWT_SECRET_KEY=.*$/'JWT_SECRET_KEY=' . reverse $key/emr);
    $site->httpd->graceful;
    is(words($over_key->open($back)), '400 oauth_state_invalid', 'a key that nobody knows any more ends them');
};

subtest 'nothing is left open' => sub {
    my $many = sub { words($site->visitor->sign_in('google', login_hint => somebody())) eq '200 tokens' or die "sign-in\n" for 1 .. $_[0]; return };
    $many->(40);
    my ($child) = $site->httpd->children;
    my ($descriptors, $memory) = ($site->httpd->descriptors($child), $site->httpd->memory($child));
    $many->(120);
    cmp_ok($site->httpd->descriptors($child), '<=', $descriptors + 4, 'no descriptors');
    # The address sanitizer keeps freed memory for a while.
    cmp_ok($site->httpd->memory($child), '<=', $memory + 4096, 'no memory') if !$ENV{AUTHP_SANITIZE};
};

subtest 'restarts and stops' => sub {
    $site->httpd->graceful;
    $forge->freeze;
    my $collect = waiting($site, 12);
    sleep 0.3;
    my $began = time;
    $site->httpd->graceful;
    cmp_ok(time - $began, '<', 5, 'a reload does not wait');
    my @said = $collect->();
    is(scalar(grep { !/^503 (?:oauth_unavailable|busy)$/ } @said), 0, 'the sign-ins of the old children are answered') or diag join ' ', @said;
    $forge->thaw;
    sleep 1.2;
    is(words($site->visitor->sign_in('google', login_hint => somebody())), '200 tokens', 'sign-in goes on');
};

for my $mpm (qw(worker prefork)) {
    subtest $mpm => sub {
        my $other = AuthPlatform::SignIn->site(google => $google, mpm => $mpm);
        is(words($other->visitor->sign_in('google', login_hint => somebody())), '200 tokens', 'a sign-in') for 1 .. 3;
        my ($cold, $began) = (AuthPlatform::SignIn->site(google => $google, mpm => $mpm));
        $forge->freeze;
        my $collect = waiting($cold, 3);
        sleep 0.3;
        $began = time;
        $cold->httpd->stop;
        cmp_ok(time - $began, '<', 8, 'a stop does not wait long');
        $collect->();
        $forge->thaw;
        is(words($other->visitor->sign_in('google', login_hint => somebody())), '200 tokens', 'the other server is not concerned');
    };
}
done_testing;
