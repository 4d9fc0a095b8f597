#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Asking for a password on a terminal: twice, without echo, and the terminal's settings are restored afterwards, also after signals.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run json folder env_file);
use AuthPlatform::Terminal qw(available start reported expect type echoes finish release);
use Test::More;

plan skip_all => 'Linux pseudo-terminals only' if !available();

my $dir = folder();
my $file = env_file($dir);
my $number = 0;

sub create {
    return start($dir, 'user', 'create', '--role', 'admin', '--email', 'p' . ++$number . '@example.org');
}

my $tool = create();
ok(expect($tool, qr/Password: \z/), 'asks');
is(echoes($tool), 0, '... without echo');
type($tool, "correct horse 9\n");
ok(expect($tool, qr/again: \z/), '... twice');
is(echoes($tool), 0, '... without echo again');
type($tool, "correct horse 9\n");
ok(expect($tool, qr/made user/), '... and makes the account');
is(finish($tool), 0, '... status 0');
is(echoes($tool), 1, '... the terminal echoes again');
unlike($tool->{seen}, qr/correct/, '... and never showed the password');

release($tool);
$tool = create();
expect($tool, qr/Password: \z/);
type($tool, "correct horse 9\n");
expect($tool, qr/again: \z/);
type($tool, "correct horse 8\n");
ok(expect($tool, qr/differ/), 'two different ones');
is(finish($tool), 1, '... status 1');
is(echoes($tool), 1, '... the terminal echoes');
is(scalar @{ json(run(['--env-file', $file, 'user', 'list', '--json', '--email', "p$number\@"]))->{items} },
    0, '... and there is no account');

for my $signal (qw(INT TERM HUP QUIT)) {
    release($tool);
    $tool = create();
    expect($tool, qr/Password: \z/);
    type($tool, 'half a pass');
    kill $signal, $tool->{pid};
    my %number = (INT => 2, TERM => 15, HUP => 1, QUIT => 3);
    is(finish($tool), 128 + $number{$signal}, "SIG$signal ends it");
    is(echoes($tool), 1, '... the terminal echoes');
}

# Ctrl-Z: the tool stops with the terminal's settings restored, and asks again when it is continued.
release($tool);
$tool = create();
expect($tool, qr/Password: \z/);
type($tool, "\cZ");
is(reported($tool, qr/^stopped\n/m), 1, 'Ctrl-Z stops it');
is(echoes($tool), 1, '... the terminal echoes');
$tool->{seen} = '';
kill 'CONT', $tool->{pid};
ok(expect($tool, qr/Password: \z/), 'continued: asks again');
is(echoes($tool), 0, '... without echo');
type($tool, "correct horse 9\n");
expect($tool, qr/again: \z/);
kill 'WINCH', $tool->{pid};
type($tool, "correct horse 9\n");
ok(expect($tool, qr/made user/), '... and goes on');
is(finish($tool), 0, '... status 0');

release($tool);
$tool = create();
expect($tool, qr/Password: \z/);
type($tool, "\cD");
is(finish($tool), 1, 'end of input: status 1');
is(echoes($tool), 1, '... the terminal echoes');

# Text that was typed before the question was visible on the screen, so it must not be read as the password.
release($tool);
{
    local $AuthPlatform::Terminal::ahead = "seen by all 9\nseen by all 9\n";
    $tool = create();
}
ok(expect($tool, qr/Password: \z/), 'typed ahead: asks');
type($tool, "correct horse 9\ncorrect horse 9\n");
ok(expect($tool, qr/again: \z/), '... takes the line after the question');
type($tool, "correct horse 9\n");
ok(expect($tool, qr/made user/), '... and asks for the second one, too');
is(finish($tool), 0, '... status 0');
release($tool);

done_testing();
