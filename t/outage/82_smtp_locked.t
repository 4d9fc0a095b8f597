#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# httpd is stopped while another program has locked the SQLite database and the mail server has just taken a mail: the stop does not wait long
# for the database, and the mail is not lost.
# Quiet: a stop is measured.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Mailed;
use IPC::Open2 'open2';
use Test::More;
use Time::HiRes qw(sleep time);

my $LONG = 120;                                  # seconds that a busy machine may need
my $SLOW = $ENV{AUTHP_SANITIZE} ? 12 : 6;        # seconds that a stop may take; three tries of the store took more than 9

sub until_true { my ($what) = @_; my $end = time + $LONG; sleep 0.02 while !$what->() && time < $end; return $what->() }

for my $mpm (qw(event prefork)) {
    my $site = AuthPlatform::Mailed->new(mpm => $mpm, settings => "AUTH_STORE=sqlite\n");
    my ($httpd, $smtp) = ($site->httpd, $site->smtp);
    $smtp->fault(end => 'slow 1500');
    my $ada = $site->account;
    ok(until_true(sub { scalar grep {/ DATA$/} $smtp->commands }), "$mpm: a mail is being sent");

    # The other program. Its answer shows that it has the lock.
    my $pid = open2(my $out, my $in, 'sqlite3', '-bail', '-cmd', '.timeout 5000', "$httpd->{dir}/state/auth_platform.db");
    print {$in} "BEGIN IMMEDIATE;\nSELECT 'locked';\n";
    is(scalar <$out>, "locked\n", '... another program locks the database');
    ok(until_true(sub { scalar $site->mails_to($ada->{email}) }), '... and the mail server takes the mail');
    sleep 0.2;
    my $began = time;
    $httpd->stop;
    my $took = time - $began;
    cmp_ok($took, '<', $SLOW, sprintf '... a stop takes %.1f s', $took);
    my ($row) = grep { $_->{kind} eq 'verify_email' } $site->rows('outbox');
    ok($row && $row->{sealed}, '... the mail still waits, because the database does not know that it was sent');
    like($httpd->log, qr/AUTHP0322: mail \w+ \(verify_email\) was sent, but the store did not note that: it may be sent again/, '... as the log says');
    unlike($httpd->log, qr/AH00046|Assertion|AddressSanitizer/, '... nothing had to be killed');
    close $in;
    waitpid $pid, 0;
}
done_testing;
