# SPDX-License-Identifier: Apache-2.0
# Many people at the same moment are no flood: all who come to an idle server at once get in, as long as the whole line is done within
# 5 s. Statuses, not times; the cost is low since the machine that runs this may be busy with other things (AUTHP_LONG=1: the usual cost).
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
# Nobody waits for a store that has not moved for a quarter of a second, as happens where other tests keep the machine busy. Who is told so
# (503) asks again, like the sign-in page. Who is told that too many are there (429) does not.
my $again = $ENV{AUTHP_LONG} ? 0 : 5;

# What so many clients are answered that ask at the same moment: {status => how often}.
sub at_once {
    my ($httpd, $many, $path, $body, $tries) = @_;
    $tries //= $again;
    sleep 1.2;    # the last crowd is over
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

# One process may get them all, and keeps one thread in sixteen for pages.
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
    # People who are signed in wait for a place, too. The first answers are looked at, and half of them were 503.
    my @tokens = map { $httpd->api('/login', $ada)->{json}{refresh_token} } 1 .. $crowd;
    my $first = at_once($httpd, $crowd, '/refresh', sub { return { refresh_token => $tokens[$_[0] - 1] } }, 0);
    cmp_ok($first->{200} || 0, '>=', $again ? $crowd * 3 / 4 : $crowd, "$name: $crowd refresh at once") or diag explain $first;
    is($httpd->get('/page.txt')->{status}, 401, "$name: pages are served");
    $httpd->stop;
    my @lines = grep {/\[auth_platform:(?:emerg|alert|crit|error|warn)\]|exit signal/} split /\n/, $httpd->log;
    is("@lines", '', "$name: nothing to complain about");
}
done_testing;
