#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# migrate --to: a way back step by step, what it refuses, and what a server does whose schema was set back.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json folder env_file sql);
use AuthPlatform::Httpd;
use Test::More;

my $dir = folder();
my $file = env_file($dir);

sub tool {
    my ($args, %how) = @_;
    return run(['--env-file', $file, @{$args}], stdin => "three calm words\n", %how);
}

sub tables { return join ' ', map { $_->[0] } sql($dir, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") }
sub steps  { return (map { $_->[0] } sql($dir, 'SELECT count(*) FROM schema_migrations'))[0] }

sub refused {
    my ($args, $status, $like, $name) = @_;
    my $answer = tool(['migrate', @{$args}]);
    is($answer->{status}, $status, "$name: status $status");
    like($answer->{err}, $like, '... says why');
    is($answer->{out}, '', '... and answers nothing');
    return $answer;
}

# Wrong usage contacts no database.
refused(['--to', $_], 2, qr/--to is a number of steps/, "--to $_") for '-1', 'three', '1.5', '10000', '4294967296', ' 1';
refused(['--force'], 2, qr/--force is for --to N only/, '--force alone');
my ($all) = refused(['--to', 99], 2, qr/--to: this version has \d+ steps/, 'more steps than there are')->{err} =~ /has (\d+) steps/;
cmp_ok($all, '>', 7, 'there are some');
ok(!-e "$dir/state/auth_platform.db", 'wrong usage makes no database');
my $mongo = run(['--env-file', env_file(folder(), AUTH_STORE => 'mongodb', MONGODB_URI => 'mongodb://127.0.0.1:1/x'), 'migrate', '--to', 1]);
is($mongo->{status}, 2, 'MongoDB has no steps');
like($mongo->{err}, qr/MongoDB has no numbered steps/, '... as the tool says');

# Part of the way, and the rest of it.
is(tool(['migrate', '--to', 2])->{out}, "sqlite: 2 steps applied\n", 'the first two steps');
is(tables(), 'audit_log recruiter_invites refresh_tokens schema_migrations users', '... are there, and no others');
is(tool(['migrate', '--to', 2])->{out}, "sqlite: nothing to do\n", '... once');
is_deeply(json(tool(['migrate', '--json'])), { store => 'sqlite', applied => $all - 2, undone => 0 }, 'the rest');
my $everything = tables();

# Back, as long as nothing is lost.
my $ada = tool(['user', 'create', '--role', 'admin', '--email', 'ada@example.org']);
is($ada->{status}, 0, 'an account') or diag $ada->{err};
my $back = tool(['migrate', '--to', 3]);
is($back->{out}, 'sqlite: ' . ($all - 3) . " steps undone\n", 'steps back without loss');
like($back->{err}, qr/note: a server of this version makes these steps again/, '... with a note');
is(steps(), 3, '... and no more');
is_deeply(json(tool(['migrate', '--to', 2, '--json'])), { store => 'sqlite', applied => 0, undone => 1 }, 'one more, for programs');
is(tool(['user', 'list'])->{status}, 0, 'another command brings the database up to date');
is(steps(), $all, '... with all steps');
is(tables(), $everything, '... and all tables');

# What would be lost is named.
is(tool(['invite', 'create', '--email', 'grace@example.org'])->{status}, 0, 'an invite');
my $no = refused(['--to', 1], 1, qr/nothing was changed, because data would be lost: step 2 \(invites and deletion\) holds recruiter_invites\. /, 'an invite is not dropped');
like($no->{err}, qr/With --force that data is lost; make a backup first/, '... and how to insist');
is(steps(), $all, '... nothing is undone');
is(tool(['migrate', '--to', 2])->{out}, 'sqlite: ' . ($all - 2) . " steps undone\n", 'it stays with the steps before');
is(tool(['migrate', '--to', 1, '--force'])->{out}, "sqlite: 1 step undone\n", '--force drops it');
is(json(tool(['invite', 'list', '--json']))->{items}[0], undef, '... for good');
like(tool(['user', 'list'])->{out}, qr/ada\@example\.org/, '... and the account is still there');
refused(['--to', 0], 1, qr/step 1 \(accounts and sessions\) holds users, audit_log/, 'nor are accounts');
is(tool(['migrate', '--to', 0, '--force'])->{out}, "sqlite: $all steps undone\n", 'unless with --force');
is(tables(), '', 'no table of ours is left');
is(tool(['migrate', '--to', 0])->{out}, "sqlite: nothing to do\n", '... once');

# A server whose one child runs meanwhile is not ready, and answers 503 for what is missing. A restart brings the schema up to date.
my $one = "StartServers 1\nServerLimit 1\nThreadsPerChild 8\nMaxRequestWorkers 8\nMinSpareThreads 1\nMaxSpareThreads 8\n";
my $httpd = AuthPlatform::Httpd->new(limits => $one);
my $ready = sub { return $httpd->get('/api/auth/readyz')->{status} == 200 };
my $register = sub { return $httpd->api('/register', { email => $_[0], password => 'three calm words' }) };
$httpd->start->wait_for($ready, 'not ready');
is($register->('eve@example.org')->{status}, 201, 'a server with an account');
SKIP: {
    my $first = run(['--env-file', "$httpd->{dir}/.env", 'migrate', '--to', 4]);
    skip 'no SQL store', 6 if $first->{err} =~ /has no numbered steps/;
    is($first->{status}, 0, 'its schema is set back') or diag $first->{err};
    ok(!$ready->(), 'it is not ready');
    like($httpd->log, qr/AUTHP0215: store: the schema was set back to step 4 of $all: /, '... as its log says');
    my $refused = $register->('mallory@example.org');
    is_deeply([$refused->{status}, $refused->{json}{code}], [503, 'store_unavailable'], 'it makes no account');
    $httpd->hard->wait_for($ready, 'not ready after a restart');
    is($register->('mallory@example.org')->{status}, 201, 'after a restart it makes one');
    my $in = $httpd->api('/login', { email => 'eve@example.org', password => 'three calm words' });
    is($in->{status}, 200, '... and the first account is still there');
}
done_testing;
