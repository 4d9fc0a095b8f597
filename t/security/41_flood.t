# SPDX-License-Identifier: Apache-2.0
# Floods of wrong passwords for a few seconds each: refusals say when to retry, the owner with a known device gets in, guarded pages are
# served, and afterwards everything is as before. `make bench T=flood` measures how fast this is.
# Alone: floods fill the machine.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $modules  = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
my $remoteip = "LoadModule remoteip_module $modules/mod_remoteip.so\nRemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n"
    . "KeepAlive On\nMaxKeepAliveRequests 0\n";
my $clients = 32;
my $seconds = $ENV{AUTHP_LONG} ? 20 : 3;
my $ada     = { email => 'ada@example.org', password => 'three calm words' };

# One client after the other sends requests while the pipe is open, and records each answer. Returns how often each answer came.
sub attack {
    my ($httpd, $far) = @_;
    pipe my $stop, my $go_on;
    my @tellers;
    for my $client (1 .. $clients) {
        my $pid = open(my $teller, '-|') // die "fork: $!";
        if (!$pid) {
            close $go_on;
            $httpd->{pid} = undef;
            srand $$;
            my %seen;
            while (!IO::Select->new($stop)->can_read(0)) {
                my $ip = $far ? join '.', 10, map { int rand 250 } 1 .. 3 : '192.0.2.1';
                my $answer = $httpd->api('/login', { email => 'x' . int(rand 1e9) . '@example.org', password => 'a wrong one' },
                    headers => { 'X-Forwarded-For' => $ip });
                my $status = $answer->{status} || $answer->{error};
                my $later = $answer->{headers}{'retry-after'}[0] // '';
                $seen{ $status =~ /^(?:429|503)$/ ? "$status, " . ($later =~ /^[1-9]/ ? 'with' : 'without') . ' Retry-After' : $status }++;
            }
            print "$_=$seen{$_}\n" for sort keys %seen;
            close STDOUT;
            POSIX::_exit(0);
        }
        push @tellers, $teller;
    }
    close $stop;
    return ($go_on, @tellers);
}

sub toll {
    my ($go_on, @tellers) = @_;
    close $go_on;
    my %sum;
    for my $teller (@tellers) {
        while (my $line = <$teller>) { $sum{$1} += $2 if $line =~ /^(.*)=(\d+)$/ }
    }
    return \%sum;
}

# With this cost a hash takes half a second and 32 clients wait for two cores, so the line would take longer than 5 s.
sub under_attack {
    my ($mpm, $far) = @_;
    my $name  = "$mpm, from " . ($far ? 'many addresses' : 'one address');
    my $httpd = AuthPlatform::Httpd->new(mpm => $mpm, limits => $remoteip, settings => "AUTH_LIMITS=on\nAUTH_LIMIT_ADDRESS=30/1m\nBCRYPT_ROUNDS=13\n")->start;
    my $mine  = '192.0.2.1';    # the owner has the same address as the attacker, if the attacker has only one
    my $made  = $httpd->api('/register', $ada, headers => { 'X-Forwarded-For' => $mine });
    is($made->{status}, 201, "$name: an account") or diag $made->{body}, $httpd->log;
    my ($device) = map {/^(__Secure-authp_device=[^;]+)/} @{ $made->{headers}{'set-cookie'} };
    my @flood = attack($httpd, $far);
    my ($end, $in, $pages, $wrong, $tries) = (time + $seconds, 0, 0, 0, 0);
    sleep 0.5;
    while (time < $end) {
        my $page = $httpd->get('/page.txt', bearer => $made->{json}{access_token});
        $page->{status} == 200 ? $pages++ : $wrong++;
        my $answer = $httpd->api('/login', $ada, headers => { Cookie => $device, 'X-Forwarded-For' => $mine });
        $answer->{status} == 200 ? $in++ : diag("$name: the owner: $answer->{status} $answer->{error} $answer->{body}");
        $tries++;
        sleep 0.2;
    }
    my $seen = toll(@flood);
    diag join ', ', $name, map {"$_: $seen->{$_}"} sort keys %$seen if $ENV{AUTHP_LONG};
    my @odd = grep { !/^(?:401|429, with Retry-After|503, with Retry-After)$/ } sort keys %$seen;
    is("@odd", '', "$name: refused as it should be");
    cmp_ok($seen->{401} || 0, '>', 0, '... and some were looked at');
    cmp_ok($seen->{'429, with Retry-After'} || 0, '>', $clients, '... and many were refused');
    is($in, $tries, "... the owner got in, $tries times");
    is($wrong, 0, "... and $pages guarded pages were served");
    my $after = $httpd->api('/login', $ada, headers => { 'X-Forwarded-For' => '192.0.2.77' });
    is($after->{status}, 200, '... then it is as quiet as before') or diag $after->{body};
    $httpd->stop;
    my @lines = grep {/\[auth_platform:(?:emerg|alert|crit|error|warn)\]|exit signal/} split /\n/, $httpd->log;
    is("@lines", '', '... and nothing to complain about');
    return;
}

# A connection that stays open is read a little later after each refusal, and no request on it is lost.
sub one_connection {
    my $httpd = AuthPlatform::Httpd->new(limits => $remoteip, settings => "AUTH_LIMITS=on\nAUTH_LIMIT_ADDRESS=1/1h\n")->start;
    my $body = '{"email":"nobody@example.org","password":"a wrong one"}';
    my $post = "POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    my $get  = "GET /api/auth/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    my $ask = sub {
        my ($socket) = @_;
        my $line = <$socket>;
        my ($status) = defined $line ? $line =~ m{^HTTP/1.1 (\d+)} : "cut";
        my $length = 0;
        while (defined($line = <$socket>)) {
            $length = $1 if $line =~ /^Content-Length: (\d+)/i;
            $status .= ' and closed' if $line =~ /^Connection: close/i;
            last if $line eq "\r\n";
        }
        my $data;
        read $socket, $data, $length;
        return $status;
    };
    my $connect = sub { return IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $httpd->{port}) || die "connect: $!\n" };
    my $socket = $connect->();
    my @one_by_one;
    my $began = time;
    for (1 .. 6) {
        print {$socket} $post;
        push @one_by_one, $ask->($socket);
    }
    is("@one_by_one", '401 429 429 429 429 429', 'refusals on one connection');
    cmp_ok(time - $began, '>', 0.19, '... one in 50 ms');
    print {$socket} $get;
    is($ask->($socket), 200, '... which goes on');
    $began = time;
    print {$socket} $post x 5, $get, $post, $get;
    my @ahead = map { $ask->($socket) } 1 .. 8;
    is("@ahead", '429 429 429 429 429 200 429 200', '... and answers what is sent ahead, in order');
    cmp_ok(time - $began, '>', 0.29, '... which takes as long');
    my $half = $connect->();
    print {$half} $post;
    $ask->($half);
    print {$half} substr $post, 0, 40;
    sleep 0.2;
    print {$half} substr $post, 40;
    is($ask->($half), 429, 'a request that comes in pieces');
    close $half;
    print {$socket} $post;
    is($ask->($socket), 429, 'others are not concerned');
    my @many = map { $connect->() } 1 .. 60;
    print {$_} $post x 3 for @many;
    my %ends;
    for my $one (@many) {
        my $heard = join ', ', map { $ask->($one) // 'nothing' } 1 .. 3;
        $ends{ $heard =~ s/(closed).*/$1/r }++;
    }
    is(join('; ', grep { !/^(?:429, )*429(?: and closed)?$/ } sort keys %ends), '', 'many that send ahead are answered, or closed') or diag explain \%ends;
    cmp_ok($ends{'429 and closed'} || 0, '>', 0, '... some are: only so many threads wait');
    $httpd->stop;
    return;
}

one_connection();
under_attack('event', $_) for 0, 1;
under_attack('prefork', 1);
under_attack('worker', 0);
done_testing;
