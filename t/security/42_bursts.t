# SPDX-License-Identifier: Apache-2.0
# Many people at the same moment are no flood: all requests that arrive at an idle server at once succeed if the whole line takes at most 5
# s. The test checks statuses and no times. The cost is low, because the machine may be busy (AUTHP_LONG=1: the usual cost).
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

my $cost = $ENV{AUTHP_LONG} ? 12 : 8;
my %size = (
    demo    => [event   => "StartServers 1\nServerLimit 4\nThreadsPerChild 32\nMaxRequestWorkers 128\nMinSpareThreads 8\nMaxSpareThreads 32\n"],
    debian  => [event   => "StartServers 2\nServerLimit 6\nThreadsPerChild 25\nMaxRequestWorkers 150\nMinSpareThreads 25\nMaxSpareThreads 75\n"],
    default => [event   => "StartServers 3\nServerLimit 16\nThreadsPerChild 25\nMaxRequestWorkers 400\nMinSpareThreads 75\nMaxSpareThreads 250\n"],
    worker  => [worker  => "StartServers 2\nServerLimit 6\nThreadsPerChild 25\nMaxRequestWorkers 150\nMinSpareThreads 25\nMaxSpareThreads 75\n"],
    prefork => [prefork => "StartServers 5\nServerLimit 64\nMaxRequestWorkers 64\nMinSpareServers 5\nMaxSpareServers 10\n"],
);
my $person = 0;
# A request is refused with 503 if the store has not answered any request for a quarter of a second, which other tests on the machine can
# cause. After 503 the client tries again, as the sign-in page does. After 429, which means too many strangers, it does not.
my $again = $ENV{AUTHP_LONG} ? 0 : 5;

# Sends $many requests at the same moment. Returns {status => how often}.
sub at_once {
    my ($httpd, $many, $path, $body, $tries) = @_;
    $tries //= $again;
    sleep 1.2;    # so that the previous crowd is over
    pipe my $wait, my $go or die "pipe: $!";
    my @tellers;
    for my $client (1 .. $many) {
        my $pid = open(my $teller, '-|') // die "fork: $!";
        if (!$pid) {
            close $go;
            $httpd->{pid} = undef;
            sysread $wait, my $nothing, 1;
            my $asked = $body->($client);
            my $answer = $httpd->api($path, $asked);
            for (1 .. $tries) {
                last if ($answer->{status} || 0) != 503;
                sleep 1;
                $answer = $httpd->api($path, $asked);
            }
            print $answer->{status} || $answer->{error};
            close STDOUT;
            POSIX::_exit(0);
        }
        push @tellers, $teller;
    }
    close $wait;
    close $go;
    my %seen;
    $seen{ <$_> // 'nothing' }++ for @tellers;
    return \%seen;
}

# One process may get all of them, and keeps one thread in sixteen for pages.
my %crowd = (demo => 30, prefork => 30);

for my $name (sort keys %size) {
    my ($mpm, $limits) = @{ $size{$name} };
    my $crowd = $crowd{$name} || 24;
    my $httpd = AuthPlatform::Httpd->new(mpm => $mpm, limits => $limits, settings => "BCRYPT_ROUNDS=$cost\n")->start;
    my $new = sub { return { email => 'p' . ++$person . "-$$-$_[0]\@example.org", password => 'three calm words' } };
    for my $many (16, $crowd) {
        is_deeply(at_once($httpd, $many, '/register', $new), { 201 => $many }, "$name: $many people register at once");
    }
    my $ada = { email => 'ada@example.org', password => 'three calm words' };
    is($httpd->api('/register', $ada)->{status}, 201, "$name: one more");
    is_deeply(at_once($httpd, $crowd, '/login', sub { return $ada }), { 200 => $crowd }, "$name: $crowd sign in at once");
    # Signed-in clients wait for a place too. Here the first answers are checked, half of which were once 503.
    my @tokens = map { $httpd->api('/login', $ada)->{json}{refresh_token} } 1 .. $crowd;
    my $first = at_once($httpd, $crowd, '/refresh', sub { return { refresh_token => $tokens[$_[0] - 1] } }, 0);
    cmp_ok($first->{200} || 0, '>=', $again ? $crowd * 3 / 4 : $crowd, "$name: $crowd refresh at once") or diag explain $first;
    is($httpd->get('/page.txt')->{status}, 401, "$name: pages are served");
    $httpd->stop;
    my @lines = grep {/\[auth_platform:(?:emerg|alert|crit|error|warn)\]|exit signal/} split /\n/, $httpd->log;
    is("@lines", '', "$name: nothing to complain about");
}
done_testing;
