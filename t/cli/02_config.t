#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Which settings are read, and check-config.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run json folder env_file write_file SECRET);
use Test::More;

my $dir  = folder();
my $file = env_file($dir, ROLES => 'seeker,provider,admin', JWT_ISSUER => 'from-file');

my $fine = run(['--env-file', $file, 'check-config']);
is($fine->{status}, 0, 'check-config') or diag $fine->{err};
like($fine->{out}, qr/settings are fine/, '... says so');
like($fine->{out}, qr/jwt_issuer +from-file/, '... and shows what counts');
unlike($fine->{out} . $fine->{err}, qr/\Q${\SECRET}\E/, '... no secret');
ok(!-e "$dir/state", '... and makes no file');

my $answer = json(run(['check-config', '--json', '--env-file', $file]));
ok($answer->{ok}, 'check-config --json');
is_deeply($answer->{roles}, [qw(seeker provider admin)], '... roles');
is($answer->{database} =~ m{^\Q$dir\E/state/} ? 1 : 0, 1, '... database below the state folder');
is($answer->{source}, $file, '... where from');

is(json(run(['check-config', '--json'], dir => $dir))->{jwt_issuer}, 'from-file', '.env of the current folder');
is(json(run(['check-config', '--json'], dir => $dir, env => { JWT_ISSUER => 'from-env' }))->{jwt_issuer},
    'from-env', 'the environment wins');
is(json(run(['check-config', '--json'], env => { JWT_SECRET_KEY => SECRET, JWT_ISSUER => 'alone' }))->{jwt_issuer},
    'alone', 'the environment alone');

my $none = run(['check-config']);
is($none->{status}, 1, 'nothing set: status 1');
like($none->{err}, qr/^authplatform: JWT_SECRET_KEY/m, '... names the key');
is($none->{out}, '', '... and no answer');

my $bad = folder();
env_file($bad, JWT_SECRET_KEY => 'tooshort-7731', BCRYPT_ROUNDS => 99);
my $wrong = run(['check-config', '--json'], dir => $bad);
is($wrong->{status}, 1, 'two wrong values: status 1');
like($wrong->{err}, qr/^authplatform: JWT_SECRET_KEY .*\.env/m, '... the first, with its file');
like($wrong->{err}, qr/^authplatform: BCRYPT_ROUNDS .*\.env/m, '... the second');
unlike($wrong->{err}, qr/tooshort/, '... without a secret');
my $list = json($wrong);
ok(!$list->{ok}, '... --json says so too');
is(scalar @{ $list->{errors} }, 2, '... with both');

is(run(['check-config', '--env-file', "$dir/absent"])->{status}, 1, 'a file that is not there: status 1');
chmod 0644, $file or die $!;
like(run(['check-config', '--env-file', $file])->{err}, qr/\Q$file\E/, 'a file that others can read is refused by name');
chmod 0600, $file or die $!;

# Passwords that are refused come from a file of their own.
my $refused = write_file("$dir/refused", "letmein-letmein\n");
my $with = env_file(folder(), PASSWORD_REFUSED_FILE => $refused);
is(run(['check-config', '--env-file', $with])->{status}, 0, 'PASSWORD_REFUSED_FILE');
unlink $refused or die $!;
my $gone = run(['check-config', '--env-file', $with]);
is($gone->{status}, 1, '... that is gone: status 1');
like($gone->{err}, qr/PASSWORD_REFUSED_FILE.*\Q$refused\E/, '... names key and file');

my $other = env_file(folder(), AUTH_STORE => 'nosuchstore');
is(run(['check-config', '--env-file', $other])->{status}, 1, 'a store that does not exist: status 1');

SKIP: {
    skip 'needs root', 2 if $> != 0;
    my $foreign = folder();
    env_file($foreign);
    chown 65534, 65534, "$foreign/.env" or die $!;
    my $planted = run(['check-config'], dir => $foreign);
    is($planted->{status}, 1, "somebody else's .env is not read without being named");
    like($planted->{err}, qr/--env-file/, '... says how to name it');
}

done_testing();
