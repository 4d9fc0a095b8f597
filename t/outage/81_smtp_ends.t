# SPDX-License-Identifier: Apache-2.0
# httpd is stopped, reloaded and killed while it sends mails, and two httpds share one outbox: each mail comes once. No route is slower and no stop
# takes longer because a mail server hangs.
# Quiet: response times are measured.
# Plain: the sanitizers take a quarter of an hour for it, and make test-long that time.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Mailed;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'for make test-long' if $ENV{AUTHP_SANITIZE} && !$ENV{AUTHP_LONG};

*words = \&AuthPlatform::Mailed::words;
my $PASSWORD = 'three calm words';
my $LONG     = 120;    # seconds that a mail may take on a busy machine
my $CLAIM    = 60;     # seconds until the mail of a process that was killed is tried again
my $SLOW     = $ENV{AUTHP_SANITIZE} ? 12 : 6;    # seconds that a stop may take
my $serial   = 0;

sub until_true { my ($what, $seconds) = @_; my $end = time + $seconds; sleep 0.05 while !$what->() && time < $end; return $what->() }
sub new_email { return sprintf 'ends%d.%d@example.org', $$, ++$serial }
sub registers { my ($httpd) = @_; my $email = new_email(); my $answer = $httpd->api('/register', { email => $email, password => $PASSWORD }); return $answer->{status} == 201 ? $email : die "register: $answer->{status} $answer->{body}\n" }
sub asked_for { my ($smtp, $email) = @_; return scalar grep {/RCPT TO:<\Q$email\E>/i} $smtp->commands }
sub arrives { my ($site, $email, $seconds) = @_; until_true(sub { scalar $site->mails_to($email) }, $seconds); return scalar $site->mails_to($email) }
sub timed { my ($do) = @_; my $began = time; $do->(); return time - $began }
sub percentile { my ($part, @took) = @_; return (sort { $a <=> $b } @took)[int $part * $#took] }

# One mail that the server does not take yet: it has got RCPT, and httpd waits for the answer.
sub begun {
    my ($site) = @_;
    $site->smtp->fault(rcpt => 'hang');
    my $email = registers($site->httpd);
    ok(until_true(sub { asked_for($site->smtp, $email) }, 30), 'a mail is being sent');
    return $email;
}

for my $mpm (qw(event prefork)) {
    my $site = AuthPlatform::Mailed->new(tls => 'starttls', mpm => $mpm);
    my ($httpd, $smtp) = ($site->httpd, $site->smtp);
    my @emails;

    subtest "$mpm: a mail server that hangs" => sub {
        push @emails, begun($site);
        my $guarded = $httpd->api('/login', { email => $emails[-1], password => $PASSWORD })->{json}{access_token};
        my (@page, @forgot);
        for (1 .. 40) {
            push @page,   timed(sub { $httpd->get('/page.txt', bearer => $guarded)->{status} == 200 or die 'page' });
            push @forgot, timed(sub { $httpd->api('/password/forgot', { email => new_email() })->{status} == 202 or die 'forgot' });
        }
        note sprintf 'median of a guarded page %.1f ms, of /password/forgot %.1f ms', map { 1000 * percentile(0.5, @$_) } \@page, \@forgot;
        cmp_ok(percentile(0.5, @page),   '<', $ENV{AUTHP_SANITIZE} ? 1 : 0.25, 'a guarded page is as fast as ever');
        cmp_ok(percentile(0.5, @forgot), '<', $ENV{AUTHP_SANITIZE} ? 2 : 0.5,  '/password/forgot, too');
        cmp_ok(percentile(1, @forgot),   '<', 5, '... each time');
    };

    subtest "$mpm: a stop" => sub {
        my $took = timed(sub { $httpd->stop });
        cmp_ok($took, '<', $SLOW, sprintf 'takes %.1f s', $took);
        $smtp->fault;
        $httpd->start;
        # The claim was given back: it does not have to lapse.
        is(arrives($site, $emails[-1], $CLAIM - 20), 1, 'the mail is sent after the start');
    };

    subtest "$mpm: a graceful restart" => sub {
        push @emails, begun($site);
        $httpd->graceful;
        $smtp->fault;
        is(arrives($site, $emails[-1], $CLAIM - 20), 1, 'a child of the new generation sends the mail');
    };

    subtest "$mpm: a full restart" => sub {
        push @emails, begun($site);
        my $took = timed(sub { $httpd->hard });
        cmp_ok($took, '<', $SLOW, sprintf 'takes %.1f s', $took);
        $smtp->fault;
        is(arrives($site, $emails[-1], $CLAIM - 20), 1, 'the mail is sent after it');
    };

    subtest "$mpm: many mails and graceful restarts" => sub {
        $smtp->fault(data => 'slow 20');
        for (1 .. 4) {
            push @emails, map { registers($httpd) } 1 .. 6;
            $httpd->graceful;
        }
        is(arrives($site, $_, $LONG), 1, 'arrives') for @emails[-24 .. -1];
        $smtp->fault;
    };

    # The child that sends has got everything but the server's answer. With prefork the child serves a request, too, and ends inside of a signal
    # handler: the mail is noted as sent all the same.
    subtest "$mpm: a stop before the last answer" => sub {
        $smtp->fault(end => 'slow 300');
        my $before = grep {/ DATA$/} $smtp->commands;
        my @idle = map { my $one = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $httpd->{port}); print {$one} "GET / HTTP/1.1\r\n"; $one } $mpm eq 'prefork' ? 1 .. 8 : ();
        push @emails, registers($httpd);
        ok(until_true(sub { $before < grep {/ DATA$/} $smtp->commands }, 30), 'a mail is being sent');
        sleep 0.1;
        $httpd->stop;
        close $_ for @idle;
        $smtp->fault;
        is(arrives($site, $emails[-1], 10), 1, 'it was taken');
        $httpd->start;
    };

    subtest "$mpm: kill -9" => sub {
        push @emails, begun($site), registers($httpd);
        is(words($httpd->api('/password/forgot', { email => $emails[0] })), '202', 'another mail waits');
        kill 'KILL', $httpd->children;
        $smtp->fault;
        my ($begun, $waits) = @emails[-2, -1];
        is(arrives($site, $waits, $CLAIM - 20), 1, 'a mail that was not begun is sent by the next child');
        ok(until_true(sub { $site->mails_to($emails[0]) == 2 }, $CLAIM - 20), '... each of them');
        is(arrives($site, $begun, $CLAIM + $LONG), 1, 'the mail that was begun, when its claim has lapsed');
    };

    my %count = map { $_ => scalar $site->mails_to($_) } @emails;
    my $forgot = delete $count{ $emails[0] };
    is($forgot, 2, "$mpm: two mails to the address with two mails");
    # A mail whose last answer came too late, because the machine is busy, is sent twice, and the log says so.
    my $twice = () = $httpd->log =~ /AUTHP0325: /g;
    cmp_ok(scalar(grep { $_ > 1 } values %count), '<=', $twice, "$mpm: no mail came twice") or diag join ', ', map {"$_: $count{$_}"} grep { $count{$_} > 1 } sort keys %count;
    is(scalar(grep { $_ == 0 } values %count), 0, "$mpm: each mail came");
    unlike($httpd->log, qr/AH00046|Assertion|AddressSanitizer/, "$mpm: nothing crashed or had to be killed");
    $httpd->stop;
}

subtest 'two httpds on one store' => sub {
    my $site  = AuthPlatform::Mailed->new(tls => 'starttls');
    my ($one, $smtp) = ($site->httpd, $site->smtp);
    my $other = AuthPlatform::Httpd->new(realm => $one, mpm => 'prefork')->start;
    $smtp->fault('down');
    my @emails = map { registers($_ % 2 ? $one : $other) } 1 .. 70;
    $smtp->fault;
    my $began = time;
    push @emails, map { registers($_ % 2 ? $one : $other) } 1 .. 10;
    until_true(sub { !grep { !$site->mails_to($_) } @emails }, $LONG);
    note sprintf '%.1f s', time - $began;
    is(join(',', grep { $site->mails_to($_) != 1 } @emails), '', '80 mails: each came once');
    sleep 2;
    is(scalar $site->smtp->mails, 80, '... and no other');
    $other->stop;
    $one->stop;
};
done_testing;
