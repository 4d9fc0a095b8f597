#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The password on a terminal: asked twice, without echo, and the terminal is as it was afterwards, signals or not.
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

# Ctrl-Z: stopped with the terminal as it was; asks again when continued.
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

# What was typed before the question, which everybody has seen, is no answer to it.
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
