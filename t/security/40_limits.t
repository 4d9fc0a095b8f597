# SPDX-License-Identifier: Apache-2.0
# Limits on attempts, each with an httpd of its own: by client address as mod_remoteip reports it, on registrations, and the growing delay
# of an account. The delay does not tell whether the account exists, does not apply to a known device, and survives restarts.
# Quiet: limits that count by time.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use Test::More;
use Time::HiRes qw(sleep time);

my $modules  = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
my $remoteip = "LoadModule remoteip_module $modules/mod_remoteip.so\nRemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n";
my $wide     = "AUTH_LIMITS=on\nAUTH_LIMIT_ADDRESS=1000/1s\nAUTH_LIMIT_REGISTER=1000/1s\n";
my $ada      = { email => 'ada@example.org', password => 'three calm words' };
my $serial   = 0;

sub httpd { my (%o) = @_; return AuthPlatform::Httpd->new(limits => $remoteip, %o)->start }

sub from { my ($ip) = @_; return (headers => { 'X-Forwarded-For' => $ip }) }

sub wrong { my ($email) = @_; return { email => $email || sprintf('nobody%d@example.org', ++$serial), password => 'a wrong one' } }

# Returns the status and when to retry: "401", "429 in 3".
sub told {
    my ($answer) = @_;
    my $wait = $answer->{headers}{'retry-after'};
    return $answer->{status} . ($answer->{status} == 429 ? ' in ' . ($wait ? $wait->[0] : 'no time') : '');
}

sub is_limited {
    my ($answer, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($answer->{status}, 429, $name) or diag $answer->{body};
    is($answer->{json}{code}, 'rate_limited', '... rate_limited');
    is($answer->{headers}{'content-type'}[0], 'application/problem+json', '... as a problem');
    my ($wait) = @{ $answer->{headers}{'retry-after'} || [0] };
    like($wait, qr/^[1-9][0-9]*\z/, '... with Retry-After');
    return $wait;
}

sub device_of {
    my ($answer) = @_;
    my ($cookie) = map {/^(__Secure-authp_device=[\w-]+);/} @{ $answer->{headers}{'set-cookie'} || [] };
    return $cookie;
}

sub ends_quietly {
    my ($httpd, $name) = @_;
    $httpd->stop;
    my @lines = grep {/\[auth_platform:(?:emerg|alert|crit|error|warn)\]|exit signal|AH0005[12]/} split /\n/, $httpd->log;
    is("@lines", '', "$name: nothing to complain about");
    my @told = grep { index($httpd->log, $_) >= 0 } $ada->{email}, $ada->{password};
    is("@told", '', '... and nobody named');
    return;
}

sub addresses {
    my $httpd = httpd(settings => "AUTH_LIMITS=on\nAUTH_LIMIT_ADDRESS=4/8s\nAUTH_LIMIT_REGISTER=2/1h\n");
    my $login = sub { my ($ip) = @_; return $httpd->api('/login', wrong(), from($ip)) };
    is($login->('192.0.2.1')->{status}, 401, "attempt $_") for 1 .. 4;
    my $asked = time;
    my $wait = is_limited($login->('192.0.2.1'), 'one too many');
    cmp_ok($wait, '<=', 2, '... for two seconds at most');
    is($httpd->api("/login/$_", wrong(), from('192.0.2.1'))->{status}, 429, "at /login/$_ too") for qw(candidate recruiter);
    is($httpd->api('/me/password', {}, from('192.0.2.1'))->{status}, 429, 'where passwords are changed too');
    is($httpd->request(DELETE => '/api/auth/me', from('192.0.2.1'))->{status}, 429, 'and where accounts are deleted');
    is($httpd->get('/api/auth/healthz', from('192.0.2.1'))->{status}, 200, 'what tries no password goes on');
    is($httpd->api('/refresh', { refresh_token => 'x' }, from('192.0.2.1'))->{status}, 401, 'refreshing too');
    is($login->('192.0.2.2')->{status}, 401, 'another address has attempts of its own');

    is($login->("2001:db8:0:1::$_")->{status}, 401, "an IPv6 address, $_") for 1 .. 4;
    is_limited($login->('2001:db8:0:1:ffff::5'), 'another address of its /64');
    is($login->('2001:db8:0:2::1')->{status}, 401, 'another /64');
    is($login->('::ffff:192.0.2.3')->{status}, 401, 'an IPv4 address in IPv6 form') for 1 .. 4;
    is_limited($login->('192.0.2.3'), 'is that address');

    sleep(0.05) while time < $asked + $wait;
    is($login->('192.0.2.1')->{status}, 401, 'after Retry-After there is another one');
    is_limited($login->('192.0.2.1'), 'and no more');

    is($httpd->api('/register', { %$ada, email => "a$_\@example.org" }, from('192.0.2.9'))->{status}, 201, "account $_") for 1 .. 2;
    $wait = is_limited($httpd->api('/register', { %$ada, email => 'a3@example.org' }, from('192.0.2.9')), 'a third account of one address');
    cmp_ok($wait, '>', 1500, '... for half an hour');
    cmp_ok($wait, '<=', 1800, '... and no longer');
    is($httpd->api('/login', { %$ada, email => 'a1@example.org' }, from('192.0.2.9'))->{status}, 200, 'which may sign in');
    is($httpd->api('/register', { %$ada, email => 'a3@example.org' }, from('192.0.2.10'))->{status}, 201, 'another address may');
    ends_quietly($httpd, 'addresses');
    return;
}

# An address that a client claims counts only where mod_remoteip is set up to trust it.
sub no_proxy {
    my $httpd = AuthPlatform::Httpd->new(settings => "AUTH_LIMITS=on\nAUTH_LIMIT_ADDRESS=2/1h\n")->start;
    is($httpd->api('/login', wrong(), from("198.51.100.$_"))->{status}, 401, 'no proxy is trusted') for 1 .. 2;
    is_limited($httpd->api('/login', wrong(), from('198.51.100.3')), 'X-Forwarded-For is nobody then');
    is($httpd->api('/login', wrong(), from => '127.0.0.2')->{status}, 401, 'another address of the connection is');
    ends_quietly($httpd, 'no proxy');
    return;
}

# Returns the answers to attempts at one account, with a wait for each delay.
sub sequence {
    my ($httpd, $email, $times) = @_;
    my @told;
    for (1 .. $times) {
        my $answer = $httpd->api('/login', wrong($email));
        push @told, told($answer);
        sleep $answer->{headers}{'retry-after'}[0] if $answer->{status} == 429;
    }
    return join ', ', @told;
}

sub accounts {
    my $httpd = httpd(settings => $wide . "AUTH_LIMIT_ACCOUNT=3/1m\n");
    my $made = $httpd->api('/register', $ada);
    is($made->{status}, 201, 'an account') or diag $made->{body}, $httpd->log;
    my $device = device_of($made);
    # The last delay, 8 s, is longer than the requests below that it stops, also under the sanitizers.
    my $expected = '401, 401, 401, 429 in 1, 401, 429 in 2, 401, 429 in 4, 401';
    is(sequence($httpd, 'nobody@example.org', 9), $expected, 'a delay that doubles, of an account that does not exist');
    is(sequence($httpd, $ada->{email}, 9), $expected, 'the same for one that exists');
    is_limited($httpd->api('/login', $ada), 'the right password is not looked at before its time');
    is_limited($httpd->api('/login', { %$ada, email => ' ADA@EXAMPLE.ORG ' }), 'however the address is written');
    is($httpd->api('/login', wrong('bob@example.org'))->{status}, 401, 'others are not concerned');

    my $in = $httpd->api('/login', $ada, headers => { Cookie => $device });
    is($in->{status}, 200, 'a device that has signed in passes') or diag $in->{body};
    my ($first, $again) = map { substr $_, 22, 21 } $device, device_of($in);
    is($again, $first, '... and stays the same device');
    is_limited($httpd->api('/login', $ada), 'others do not, still');
    is_limited($httpd->api('/login', $ada, headers => { Cookie => substr($device, 0, -3) . 'AAA' }), 'nor does a forged one');
    my $bob = $httpd->api('/register', { email => 'bob@example.org', password => 'four calm words' });
    is_limited($httpd->api('/login', $ada, headers => { Cookie => device_of($bob) }), "nor somebody else's device");
    is(told($httpd->api('/login', wrong($ada->{email}), headers => { Cookie => $device })), '401', "stolen, $_ guesses") for 1 .. 3;
    is_limited($httpd->api('/login', $ada, headers => { Cookie => $device }), 'and no more than others');

    my %me = (bearer => $in->{json}{access_token});
    is_limited($httpd->api('/me/password', { current_password => 'x', new_password => 'five calm words' }, %me), 'the password of an account that waits');
    is_limited($httpd->request(DELETE => '/api/auth/me', json => { password => 'x' }, %me), 'and its deletion');
    %me = (bearer => $bob->{json}{access_token});
    is($httpd->api('/me/password', { current_password => 'x', new_password => 'five calm words' }, %me)->{status}, 403, 'a wrong password there');
    is($httpd->request(DELETE => '/api/auth/me', json => { password => 'x' }, %me)->{status}, 403, 'and there');
    is($httpd->api('/login', wrong('bob@example.org'))->{status}, 429, 'counts with the wrong ones at sign-in');
    ends_quietly($httpd, 'accounts');
    return;
}

# Failures are remembered by new children, by a restarted server, and by another host.
sub restarts {
    my $httpd = httpd(settings => $wide . "AUTH_LIMIT_ACCOUNT=2/10m\n");
    is($httpd->api('/register', $ada)->{status}, 201, 'an account');
    # Growing delays: 1, 2, 4, 8, 16 s. The last one is longer than the restarts below, also under the sanitizers.
    is(sequence($httpd, $ada->{email}, 10), '401, 401, 429 in 1, 401, 429 in 2, 401, 429 in 4, 401, 429 in 8, 401', 'many wrong passwords');
    my $second = AuthPlatform::Httpd->new(limits => $remoteip);
    AuthPlatform::Httpd::write_file("$second->{dir}/.env", AuthPlatform::Httpd::slurp("$httpd->{dir}/.env"));
    $second->start;
    is_limited($second->api('/login', $ada), 'another server on the same store knows');
    is($second->api('/login', wrong('bob@example.org'))->{status}, 401, '... that account alone');
    $httpd->graceful;
    is_limited($httpd->api('/login', $ada), 'a graceful restart does not forget');
    $httpd->hard;
    is_limited($httpd->api('/login', $ada), 'nor a full one');
    $httpd->stop;
    $httpd->start;
    my $wait = is_limited($httpd->api('/login', $ada), 'nor does a server that is started anew');
    cmp_ok($wait, '<=', 16, '... and the time it was down counts');
    sleep $wait;
    is($httpd->api('/login', $ada)->{status}, 200, 'after that the owner is in');
    $httpd->stop;
    $httpd->start;
    is($httpd->api('/login', wrong($ada->{email}))->{status}, 401, 'and it is forgotten everywhere');
    $second->stop;
    ends_quietly($httpd, 'restarts');
    return;
}

# All children count together, under every MPM.
sub mpms {
    for my $mpm (qw(event worker prefork)) {
        my $httpd = AuthPlatform::Httpd->new(mpm => $mpm, settings => "AUTH_LIMITS=on\nAUTH_LIMIT_ADDRESS=25/1h\n")->start;
        my @tellers;
        for (1 .. 8) {
            my $pid = open(my $teller, '-|') // die "fork: $!";
            if (!$pid) {
                $httpd->{pid} = undef;
                for (1 .. 6) {
                    my $answer = $httpd->api('/login', wrong("x$$-$_\@example.org"));
                    # The server was busy; the attempt is counted all the same.
                    my $busy = $answer->{status} == 429 && $answer->{headers}{'retry-after'}[0] == 1;
                    print $busy ? 'busy' : $answer->{status}, "\n";
                }
                close STDOUT;
                require POSIX;
                POSIX::_exit(0);
            }
            push @tellers, $teller;
        }
        my %seen;
        for my $teller (@tellers) { chomp, $seen{$_}++ while <$teller> }
        is(($seen{401} || 0) + ($seen{busy} || 0) + ($seen{503} || 0), 25, "$mpm: 25 of 48 attempts from all sides at once");
        is($seen{429}, 23, "$mpm: and no more");
        ends_quietly($httpd, $mpm);
    }
    return;
}

sub off {
    my $httpd = httpd(settings => "AUTH_LIMITS=off\nAUTH_LIMIT_ADDRESS=1/1h\nAUTH_LIMIT_REGISTER=1/1h\nAUTH_LIMIT_ACCOUNT=1/1h\n");
    my %seen;
    $seen{ $httpd->api('/login', wrong('one@example.org'))->{status} }++ for 1 .. 20;
    $seen{ $httpd->api('/register', { %$ada, email => "b$_\@example.org" })->{status} }++ for 1 .. 5;
    is_deeply(\%seen, { 401 => 20, 201 => 5 }, 'AUTH_LIMITS=off: none');
    ends_quietly($httpd, 'off');
    return;
}

addresses();
no_proxy();
accounts();
restarts();
mpms();
off();
done_testing;
