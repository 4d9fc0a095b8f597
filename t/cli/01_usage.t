#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Help, usage errors and exit statuses. Nothing here needs settings.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run json);
use Test::More;

my @commands = (map({ "user $_" } qw(create list show set-roles disable enable verify-recruiter withdraw-recruiter verify-email reset-password set-phone unlink delete)),
    'session list', 'session end', 'invite create', 'invite list', 'invite revoke', 'audit list', 'otp status', 'mail templates', 'mail test', 'mail status', 'mail retry', 'keys status', 'keys wrap', 'keys forget', 'migrate', 'check-config', 'purge', 'secret');

my $help = run(['--help']);
is($help->{status}, 0, '--help');
is($help->{err}, '', '... says nothing on standard error');
for my $command (@commands) {
    like($help->{out}, qr/^  \Q$command\E  +\S/m, "... lists $command");
    my $own = run([split(/ /, $command), '--help']);
    is($own->{status}, 0, "$command --help");
    like($own->{out}, qr/^Usage: authplatform .*\Q$command\E/m, '... names it');
    like($own->{out}, qr/^  --json /m, '... and the options of all commands');
    is(run(['help', split(/ /, $command)])->{out}, $own->{out}, "help $command is the same");
    my ($examples) = $own->{out} =~ /^Examples:\n((?:  authplatform \S.*\n)+)\n/m;
    like($examples // '', qr/\Q$command\E/, '... with examples of it');
    like($own->{out}, qr/^Exit status: 0 done, 1 failed .*2 wrong usage/m, '... and what it ends with');
    for my $example (split /\n/, $examples // '') {
        my (undef, @args) = map { s/\A'|'\z//gr } $example =~ /('[^']*'|\S+)/g;
        my $parsed = run([@args, '--help']);
        is($parsed->{status}, 0, "... $example: options that there are") or diag $parsed->{err};
        is($parsed->{out}, $own->{out}, '... of this command');
    }
}
like($help->{out}, qr/--env-file FILE.*\.env/, '... says which file is read without --env-file');
is(run(['-h'])->{out}, $help->{out}, '-h is --help');
for my $group (qw(user session invite audit otp mail keys)) {
    my $own = run([$group, '--help']);
    is($own->{status}, 0, "$group --help");
    is_deeply([$own->{out} =~ /^  ([a-z]+ [a-z-]+)  +\S/mg], [grep { /^$group / } @commands], '... lists its commands and no others');
    like($own->{out}, qr/^Usage: authplatform .*$group COMMAND/m, '... says how they are called');
    is(run(['help', $group])->{out}, $own->{out}, "help $group is the same");
    is(run([$group, '-h'])->{out}, $own->{out}, "$group -h, too");
}
is(run(['help'])->{out}, $help->{out}, 'help is --help');
is(run(['help', 'help'])->{out}, $help->{out}, '... of itself, too');
like($help->{out}, qr/^  help \[COMMAND\] .*\n  version /m, '... and is listed');
like($help->{out}, qr/^Exit status: 0 done, 1 failed .*2 wrong usage/m, '... what the tool ends with');
like(run(['user', 'create', '--help'])->{out}, qr/^  --role ROLE .*\(required\)$/m, 'required options are marked');

my $version = run(['--version']);
is($version->{status}, 0, '--version');
is(run(['version'])->{out}, $version->{out}, 'version is the same');
is(run(['version'])->{status}, 0, '... status 0');
is(run(['user', 'list', '--version'])->{out}, $version->{out}, '... and --version behind a command');
like($version->{out}, qr/\Aauthplatform \d+\.\d+\.\d+\n\z/, '... is one line');

# name, arguments, what standard error says
my @wrong = (
    ['no command', [], qr/no command/],
    ['unknown command', ['users'], qr/unknown command "users"/],
    ['unknown verb', ['user', 'make'], qr/unknown command "user make"/],
    ['two dashes end the options', ['--', '--help'], qr/unknown command "--help"/],
    ['a group misspelt', ['usr', 'create'], qr/unknown command "usr"; did you mean "user"\?/],
    ['a group in capitals', ['USER', 'create'], qr/did you mean "user"\?/],
    ['a group in the plural', ['sessions'], qr/did you mean "session"\?/],
    ['a group, cut short', ['inv', 'list'], qr/did you mean "invite"\?/],
    ['a single command misspelt', ['migrat'], qr/did you mean "migrate"\?/],
    ['... that has a dash', ['checkconfig'], qr/did you mean "check-config"\?/],
    ['help misspelt', ['hlep'], qr/did you mean "help"\?/],
    ['version misspelt', ['verion'], qr/did you mean "version"\?/],
    ['a verb without its group', ['create'], qr/unknown command "create"; did you mean "user create"\?/],
    ['a verb misspelt', ['user', 'crate'], qr/unknown command "user crate"; did you mean "user create"\?/],
    ['a verb, neighbours swapped', ['user', 'lsit'], qr/did you mean "user list"\?/],
    ['a verb of two words, cut short', ['user', 'reset'], qr/did you mean "user reset-password"\?/],
    ['a verb of another group', ['session', 'revoke'], qr/unknown command "session revoke"; there is: session list, session end\n/],
    ['... near one of its own', ['invite', 'lists'], qr/did you mean "invite list"\?/],
    ['too short to guess', ['us'], qr/unknown command "us"\n/],
    ['nothing near', ['frobnicate'], qr/unknown command "frobnicate"\n/],
    ['... where to look', ['user', 'frobnicate'], qr/try: authplatform user --help\n/],
    ['help for nothing', ['help', 'usr'], qr/did you mean "user"\?/],
    ['help for too much', ['help', 'user', 'list', 'x'], qr/user list takes options only/],
    ['version of something', ['version', 'user'], qr/version takes no argument/],
    ['an option misspelt', ['user', 'show', '--emial', 'a@b.c'], qr/unknown option --emial; did you mean --email\?/],
    ['... with its value', ['user', 'show', '--e-mail=a@b.c'], qr/unknown option --e-mail; did you mean --email\?/],
    ['... of all commands', ['secret', '--jsno'], qr/did you mean --json\?/],
    ['... cut short', ['secret', '--env', 'x'], qr/did you mean --env-file\?/],
    ['... before its command', ['--jso', 'secret'], qr/unknown option --jso .*after it.*; did you mean --json\?/],
    ['an option of another command', ['user', 'show', '--hours', '3'], qr/unknown option --hours\n/],
    ['a state that is none', ['invite', 'list', '--state', 'closed'], qr/--state is open, used, revoked or expired/],
    ['a state in capitals', ['invite', 'list', '--state', 'OPEN'], qr/--state is open/],
    (map { ["since $_", ['audit', 'list', '--since', $_], qr/--since is a time: 30m, 24h, 7d, 2026-01-31/] }
        '24', 'h', '24hours', '24H', '-1h', '1.5h', 'yesterday', '2026-02-30', '2026-13-01', '2026-00-10', '2026-1-1', '2026-01-31T24:00:00Z',
        '2026-01-31T08:00:00', '2026-01-31T08:00Z', '2026-01-31 08:00:00Z', '1969-01-01', '1000000m', '0000001h', '1234567d', '7dd', '7d7', ' 7d'),
    ['an audit list with a bad limit', ['audit', 'list', '--limit', '201'], qr/1 to 200/],
    ['... with a bad cursor', ['audit', 'list', '--after', 'x'], qr/--after is an id/],
    ['an audit of two people', ['audit', 'list', '--user', 'a@b.c', '--user', 'cli'], qr/--user is given twice/],
    ['half a command', ['user'], qr/user create, user list, user show/],
    ['unknown option', ['secret', '--size', '3'], qr/unknown option --size\n/],
    ['an option before its command', ['--role', 'admin', 'user', 'create'], qr/unknown option --role .*after it/],
    ['short option', ['secret', '-j'], qr/two dashes/],
    ['a dash alone is a word', ['-'], qr/unknown command "-"\n/],
    ['... as after a command', ['secret', '-'], qr/secret takes options only/],
    ['missing value', ['user', 'list', '--limit'], qr/--limit needs a value/],
    ['empty value', ['user', 'list', '--limit='], qr/--limit needs a value/],
    ['a switch with a value', ['secret', '--json=yes'], qr/--json takes no value/],
    ['given twice', ['user', 'list', '--limit', '1', '--limit', '2'], qr/--limit is given twice/],
    ['missing option', ['user', 'create', '--email', 'a@b.c'], qr/--role ROLE is missing/],
    ['bad limit', ['user', 'list', '--limit', '0'], qr/1 to 200/],
    ['limit too high', ['user', 'list', '--limit', '201'], qr/1 to 200/],
    ['limit no number', ['user', 'list', '--limit', '5x'], qr/1 to 200/],
    ['bad cursor', ['user', 'list', '--after', 'xyz'], qr/24 characters/],
    ['show without a name', ['user', 'show'], qr/--email or by --id/],
    ['show with both', ['user', 'show', '--email', 'a@b.c', '--id', '0' x 24], qr/--email or by --id/],
    ['show with a bad id', ['user', 'show', '--id', 'A' x 24], qr/24 characters/],
    ['unlink of nothing', ['user', 'unlink', '--email', 'a@b.c'], qr/--provider NAME is missing/],
    ['half a session', ['session'], qr/session list, session end$/m],
    ['a session list of nobody', ['session', 'list'], qr/--email or by --id/],
    ['session end of nothing', ['session', 'end'], qr/one session by --session, or the user .* by --email or by --id/],
    ['session end of two things', ['session', 'end', '--session', '0' x 24, '--id', '0' x 24], qr/one session by --session, or the user/],
    ['session end with a bad id', ['session', 'end', '--session', 'x'], qr/--session is an id: 24 characters/],
    ['session list with a bad cursor', ['session', 'list', '--id', '0' x 24, '--after', 'x'], qr/--after is an id: 24 characters/],
    ['an invite for nobody', ['invite', 'create'], qr/--email EMAIL is missing/],
    ['an invite for no time', ['invite', 'create', '--email', 'a@b.c', '--hours', '0'], qr/--hours is a number from 1 to 8760/],
    ['an invite for too long', ['invite', 'create', '--email', 'a@b.c', '--hours', '8761'], qr/--hours is a number from 1 to 8760/],
    ['hours beyond all numbers', ['invite', 'create', '--email', 'a@b.c', '--hours', '9' x 30], qr/--hours is a number from 1 to 8760/],
    ['invite list with a bad limit', ['invite', 'list', '--limit', '-1'], qr/1 to 200/],
    ['revoking nothing', ['invite', 'revoke'], qr/--id ID is missing/],
    ['revoking a bad id', ['invite', 'revoke', '--id', 'x'], qr/--id is an id: 24 characters/],
    ['verified admin', ['user', 'create', '--role', 'admin', '--email', 'a@b.c', '--verified'], qr/recruiter only/],
);
# The help of a command that has the words that were understood.
my %verbs = map { (split / /)[0] => 1 } @commands;
sub understood {
    my @words = grep { $_ ne 'help' } @_;
    return '' if !@words || !$verbs{ $words[0] };
    my $both = @words > 1 ? "$words[0] $words[1]" : '';
    return (grep { $_ eq $both } @commands) ? "$both " : "$words[0] ";
}
my $hints = 0;
for my $case (@wrong) {
    my ($name, $args, $message) = @{$case};
    my $answer = run($args);
    if ($answer->{err} =~ /^authplatform: try: (.*)\n\z/m) {
        $hints++;
        is($1, 'authplatform ' . understood(@{$args}) . '--help', "$name: where to look");
    }
    is($answer->{status}, 2, "$name: status 2");
    like($answer->{err}, $message, '... and a helpful line');
    is($answer->{out}, '', '... and no answer');
}

cmp_ok($hints, '>=', 40, 'what cannot be understood says where to look');

# An argument that may be a password is not repeated in the error.
for my $args (['--password', 'hunter2hunter2'], ['--password=hunter2hunter2'], ['--pass', 'hunter2hunter2'], ['--pass=hunter2hunter2'], ['hunter2hunter2'], ['--', 'hunter2hunter2'],
    ['--passwd=hunter2hunter2'], ['--verified=hunter2hunter2'], ['--name', 'A', '--name=hunter2hunter2']) {
    my $answer = run(['user', 'create', '--role', 'admin', '--email', 'a@b.c', @{$args}]);
    is($answer->{status}, 2, "@{$args}: refused");
    unlike($answer->{err}, qr/hunter2/, '... without repeating it');
}
for my $name (qw(password pass)) {
    for my $args (["--$name", 'x'], ["--$name=x"], ["--$name"]) {
        for my $command ([], [qw(user create)], [qw(user reset-password)], ['secret']) {
            is(run([@{$command}, @{$args}])->{err} =~ s/\n.*//sr, 'authplatform: a password cannot be an argument, because every user of this machine could read it: '
                    . 'the tool asks for it, or reads it from standard input', "@{$command} @{$args}: says how to give a password");
        }
    }
}
unlike(run(['user', 'create', '--passes', 'x'])->{err}, qr/cannot be an argument/, '... and not of an option that only begins so');

# An argument that is repeated in an error cannot control the terminal.
like(run(["us\e[2Jer\x{e2}\x{80}\x{ae}s"])->{err}, qr/unknown command "us\?\[2Jer\?s"/, 'control and direction characters become ?');
like(run(["z\xc3\xab"])->{err}, qr/unknown command "z\xc3\xab"/, '... and letters stay');
like(run(["z\xff\xc2\x9b"])->{err}, qr/unknown command "z\?\?\?"/, '... what is no UTF-8 does not');

my %seen;
for my $round (1 .. 3) {
    my $secret = run(['secret']);
    is($secret->{status}, 0, 'secret');
    like($secret->{out}, qr/\A[A-Za-z0-9_-]{64}\n\z/, '... 48 bytes of base64url');
    ok(!$seen{ $secret->{out} }++, '... another one each time');
}
like(json(run(['secret', '--json']))->{secret}, qr/\A[A-Za-z0-9_-]{64}\z/, 'secret --json');
like(json(run(['--json', 'secret']))->{secret}, qr/\A[A-Za-z0-9_-]{64}\z/, '--json before the command');

SKIP: {
    skip 'no /dev/full', 1 if !-c '/dev/full';
    my $binary = AuthPlatform::Cli::program();
    is(system("$binary secret >/dev/full 2>/dev/null") >> 8, 1, 'an answer that cannot be written: status 1');
}

done_testing();
