#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Exact outputs of small commands, files of mail templates that are in the way, and options whose values look like other options.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run json folder env_file write_file slurp sql program);
use Digest::SHA qw(sha256_hex);
use POSIX qw(strftime);
use Test::More;

my $dir  = folder();
my $file = env_file($dir, AUTH_LIMITS => 'on', OTP_PROVIDER => 'mock', APP_ENV => 'development', OTP_BUDGET_DAY => 9);
my ($nobody) = (getpwnam 'nobody')[2] // 65534;

sub tool { return run(['--env-file', $file, @_], stdin => "three calm words\n") }

# --- help ---------------------------------------------------------------------------------------------------------------
my $global = "  --env-file FILE          read settings from FILE (default: ./.env if there is one)\n  --json                   answer with one JSON document\n"
    . "  --help                   show this help, or the help of a command\n  --version                show the version\n";
my $ends = "\nExit status: 0 done, 1 failed (a line on standard error says why), 2 wrong usage.\n";
is(run([qw(help keys wrap)])->{out}, "Usage: authplatform [--env-file FILE] [--json] keys wrap\n\nWrap data keys of the previous JWT_SECRET_KEY again by the present one.\n\n"
    . "A running server also does this. JWT_SECRET_KEY_PREVIOUS must be set, at least for the tool. If\na data key does not open, the status is 1.\n\nOptions:\n$global\nExamples:\n  authplatform keys wrap\n$ends", 'help of a command without options');
is(run([qw(help mail retry)])->{out}, "Usage: authplatform [--env-file FILE] [--json] mail retry [OPTIONS]\n\nSend mails that wait or have failed as soon as possible.\n\n"
    . "Without --id it takes all of them. A running server sends them, and tries for another 24 hours.\nMails whose link is over, or which are being sent at this moment, stay as they are.\n\n"
    . "Options:\n  --id ID                  only the mail with this id\n$global\nExamples:\n  authplatform mail retry\n  authplatform mail retry --id 665f1c2e9b1d4a0012345678\n$ends", '... and of one with options');
is(run([qw(help audit)])->{out}, "Usage: authplatform [--env-file FILE] [--json] audit COMMAND [OPTIONS]\n\nCommands:\n  audit list               List the audit, the oldest entries first\n\nOptions:\n$global"
    . "\nOptions and examples of a command: authplatform help audit COMMAND\n", 'help of a group');
is(run(['nothing', 'like', 'it'])->{err}, "authplatform: unknown command \"nothing\"\nauthplatform: try: authplatform --help\n", 'wrong usage: two lines');
is(run([qw(user list --limit)])->{err}, "authplatform: --limit needs a value: --limit N\nauthplatform: try: authplatform user list --help\n", '... of a command');
is(run([qw(user list --limit), '5x'])->{err}, "authplatform: --limit is a number from 1 to 200\n", 'a wrong value: one line');

# --- values -------------------------------------------------------------------------------------------------------------
my $made = tool(qw(user create --role candidate --email a@b.c --name --json));
is($made->{status}, 0, 'a value that looks like an option');
like($made->{out}, qr/\Amade user [0-9a-f]{24}\ne-mail|^name: +--json$/m, '... is the value');
is(json(tool('user', 'list', '--json', '--limit=1', '--email=A@B.C'))->{items}[0]{name}, '--json', '--option=value');
is(tool('user', 'list', '--json', '--limit', '001')->{status}, 0, 'zeros before a number');
like(tool('user', 'create', '--role', 'candidate', '--email', 'n@b.c', '--name=a=b')->{out}, qr/^name: +a=b$/m, 'a value with an equals sign');
is(tool('user', 'list', '--', '--json')->{status}, 2, 'behind two dashes are no options');

# --- the purge and the budget of codes ----------------------------------------------------------------------------------
sql($dir, q{INSERT INTO audit_log (id, at, event, outcome) VALUES ('640000000000000000000000', 1600000000000, 'login', 'ok')});
is(tool('purge')->{out}, "1 row removed\n", 'purge: one row');
is(tool('purge')->{out}, "0 rows removed\n", '... and none');
my ($now, $day) = (int(time * 1000), strftime('%Y-%m-%d', gmtime));
my %spent = (all => 5, strangers => 2, administrators => 3);
sql($dir, map { sprintf "INSERT INTO tallies (id, count, began_at, expires_at) VALUES ('%s', %d, %d, %d)", sha256_hex("otp $_ $day"), $spent{$_}, $now, $now + 86_400_000 } sort keys %spent);
my $codes = tool(qw(otp status))->{out};
SKIP: {
    skip 'the day has ended', 1 if strftime('%Y-%m-%d', gmtime) ne $day;
    is($codes, "codes sent on $day (UTC), provider mock\n  of the budget              5 of 9\n  to numbers without account 2 of 5\n  to administrators          3\n", 'otp status: each line has its number');
}

# --- an answer that cannot be written -----------------------------------------------------------------------------------
SKIP: {
    skip 'no /dev/full', 2 if !-c '/dev/full';
    for my $args ('secret', "--env-file $file user list", 'help') {
        system "MONGOC_DISABLE_SHM=1 ${\program()} $args >/dev/full 2>$dir/said";
        is(join(' ', ($? & 127 || $? >> 8), slurp("$dir/said")), "1 authplatform: the answer could not be written\n", "$args, to a full disk");
    }
    system "MONGOC_DISABLE_SHM=1 ${\program()} --env-file $file user show --email nobody\@b.c >/dev/full 2>$dir/said";
    is(join(' ', ($? & 127 || $? >> 8), slurp("$dir/said")), "1 authplatform: there is no user with this e-mail address\n", 'a failure stays the reason that is given');
}

# --- the settings that count --------------------------------------------------------------------------------------------
my $fine = run(['--env-file', $file, 'check-config'])->{out};
like($fine, qr/\AThe settings are fine \(the store was not contacted\)\.\n  source                  \Q$file\E\n/, 'check-config: what was not checked');
my $wrong = run(['--env-file', env_file(folder(), BCRYPT_ROUNDS => 99), 'user', 'list']);
like($wrong->{err}, qr/\Aauthplatform: BCRYPT_ROUNDS in \S+: .*\n\z/, 'another command: the settings that are wrong, and nothing else');
is_deeply([@{$wrong}{qw(status out)}], [1, ''], '... status 1');
like(run(['user', 'list'])->{err}, qr/^authplatform: note: there is no \.env in this folder; name the server's settings file with --env-file FILE$/m, 'no settings at all');
unlike(run(['user', 'list'], env => { SECRET_KEY => 'short' })->{err}, qr/there is no \.env/, '... unless the older name of the key is set');

# --- files of mail templates --------------------------------------------------------------------------------------------
my $mails = "$dir/mails";
my $umask = umask 0;
is(run([qw(mail templates --out), $mails])->{status}, 0, 'mail templates, without a umask');
umask $umask;
is((stat $mails)[2] & 07777, 0700, '... the folder is for its owner');
is_deeply({ map { ((stat $_)[2] & 07777 => 1) } glob "$mails/*" }, { 0600 => 1 }, '... and so are all files');
my ($kept, $target) = ("$dir/kept", "$dir/target");
mkdir $kept or die $!;
write_file("$kept/README", 'mine');
symlink $target, "$kept/invite.en.html" or die $!;
my $linked = run([qw(mail templates --json --out), $kept]);
is_deeply([@{$linked}{qw(status out err)}], [1, '', "authplatform: $kept/invite.en.html is there already; nothing was written\n"], 'a link that leads nowhere is a file that is there');
is_deeply([map {s{.*/}{}r} sort glob "$kept/*"], [qw(README invite.en.html)], '... and nothing is written');
ok(!-e $target, '... nor through it');
unlink "$kept/invite.en.html" or die $!;
is(run([qw(mail templates --out), $kept])->{status}, 0, 'a folder with other files');
is(slurp("$kept/README"), 'mine', '... which stay');
# The shell ignores SIGXFSZ, so that a file that would be too long is an error of write().
my $small = "$dir/small";
system "(trap '' XFSZ; ulimit -f 0; MONGOC_DISABLE_SHM=1 ${\program()} mail templates --out $small) 2>&1 | cat >$dir/said";
like(slurp("$dir/said"), qr{\Aauthplatform: cannot write \Q$small\E/\S+: File too large\n\z}, 'a file that cannot be written is named, with the reason');
SKIP: {
    skip 'needs root', 2 if $> != 0;
    mkdir "$dir/root", 0755 or die $!;
    chmod 0755, $dir, "$dir/root" or die $!;
    my $denied = run([qw(mail templates --out), "$dir/root"], uid => $nobody);
    is($denied->{status}, 1, "an ordinary user in root's folder: status 1");
    like($denied->{err}, qr{\Aauthplatform: cannot write \Q$dir\E/root/\S+: Permission denied\n\z}, '... says why');
}
done_testing;
