#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# otp status: what one-time codes have cost today.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json sql folder write_file);
use AuthPlatform::Httpd;
use Digest::SHA qw(sha256_hex);
use POSIX qw(strftime);
use Test::More;

my $httpd = AuthPlatform::Httpd->new(settings => "APP_ENV=development\nOTP_PROVIDER=mock\nOTP_BUDGET_DAY=7\nAUTH_LIMITS=on\n")->start;
my $file  = "$httpd->{dir}/.env";

sub tool { return run(['--env-file', $file, @_]) }

my $before = strftime('%Y-%m-%d', gmtime);
my $got    = json(tool(qw(otp status --json)));
my $after  = strftime('%Y-%m-%d', gmtime);
like(delete $got->{day}, qr/\A(?:$before|$after)\z/, 'today, in UTC');
ok(delete $got->{limits}, 'limits are on');
is_deeply($got, { provider => 'mock', budget => 7, spent => 0, strangers_budget => 4, strangers_spent => 0, administrators => 0 }, 'nothing was sent yet');
my $text = tool(qw(otp status));
is($text->{status}, 0, 'for people');
like($text->{out}, qr/\Acodes sent on (?:$before|$after) \(UTC\), provider mock\n  of the budget +0 of 7\n  to numbers without account +0 of 4\n  to administrators +0\n\z/, '... four lines');
is($text->{err}, '', '... and no more');
is(tool(qw(otp status now))->{status}, 2, 'more words: wrong usage');

# The rows that the server would write; their keys need no secret.
SKIP: {
    skip 'rows are written by SQL on SQLite', 2 if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite';
    my $now = int(time * 1000);
    my $day = strftime('%Y-%m-%d', gmtime);
    my @rows = ([all => 5], [strangers => 2], [administrators => 3]);
    sql($httpd->{dir}, map { sprintf "INSERT INTO tallies (id, count, began_at, expires_at) VALUES ('%s', %d, %d, %d)", sha256_hex("otp $_->[0] $day"), $_->[1], $now, $now + 86_400_000 } @rows);
    $got = json(tool(qw(otp status --json)));
    is_deeply([@{$got}{qw(spent strangers_spent administrators)}], $got->{day} eq $day ? [5, 2, 3] : [0, 0, 0], 'what was sent');
    like(tool(qw(otp status))->{out}, qr/of the budget +[50] of 7$/m, '... for people');
}

# Another provider, without limits.
{
    open my $in, '<', $file or die "$file: $!";
    my @lines = grep { !/^(?:APP_ENV|OTP_PROVIDER|AUTH_LIMITS)=/ } <$in>;
    close $in;
    my $other = write_file(folder() . '/other.env', join '', @lines, "OTP_PROVIDER=msg91\nMSG91_AUTH_KEY=a-key-for-tests\nMSG91_TEMPLATE_ID=template\nAUTH_LIMITS=off\n");
    my $off = run(['--env-file', $other, qw(otp status)]);
    like($off->{out}, qr/provider msg91\n.*^AUTH_LIMITS is off/ms, 'limits that are off are named');
    unlike("$off->{out}$off->{err}", qr/a-key-for-tests/, 'no key');
}

done_testing;
