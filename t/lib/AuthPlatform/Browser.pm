# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Browser;
# Headless Chromium through the W3C WebDriver protocol, with the few calls that the tests need. Each object has one browser with a profile
# of its own; browser and driver end with the object.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Ports 'free_port';
use File::Temp ();
use HTTP::Tiny;
use JSON ();
use POSIX ':sys_wait_h';
use Time::HiRes 'sleep';

use constant ELEMENT => 'element-6066-11e4-a52e-4f735466cecf';
my $json = JSON->new->utf8->allow_nonref;

sub new {
    my ($class, %o) = @_;
    my $port = free_port();
    my $self = bless { owner => $$, base => "http://127.0.0.1:$port", http => HTTP::Tiny->new(timeout => 200),
        profile => File::Temp::tempdir('authp-browser-XXXXXX', TMPDIR => 1, CLEANUP => 1) }, $class;
    $self->{driver} = fork // die "fork: $!";
    if (!$self->{driver}) {
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        exec '/usr/bin/chromedriver', "--port=$port", '--allowed-ips=127.0.0.1' or POSIX::_exit(127);
    }
    for (1 .. 100) {
        my $status = $self->{http}->get("$self->{base}/status");
        last if $status->{success};
        sleep 0.1;
    }
    my @size = @{ $o{size} || [1280, 900] };
    my @flags = ('--headless=new', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', "--window-size=$size[0],$size[1]",
        "--user-data-dir=$self->{profile}", ($< ? () : '--no-sandbox'));
    my $made = $self->call(POST => '/session', { capabilities => { alwaysMatch => {
        timeouts => { script => 180_000, pageLoad => 180_000 },    # a busy machine is slow
        'goog:chromeOptions' => { binary => '/usr/bin/chromium', args => \@flags },
        'goog:loggingPrefs'  => { browser => 'ALL' },
    } } });
    $self->{session} = "/session/$made->{sessionId}";
    return $self;
}

sub call {
    my ($self, $method, $path, $body) = @_;
    my $answer = $self->{http}->request($method, "$self->{base}$path",
        $method eq 'POST' ? { headers => { 'Content-Type' => 'application/json' }, content => $json->encode($body || {}) } : {});
    my $value = eval { $json->decode($answer->{content})->{value} };
    die "WebDriver $method $path: " . ($value->{message} // $answer->{content}) . "\n" unless $answer->{success};
    return $value;
}

sub go      { my ($self, $url) = @_; return $self->call(POST => "$self->{session}/url", { url => $url }) }
sub url     { my ($self) = @_; return $self->call(GET => "$self->{session}/url") }
sub run     { my ($self, $script, @args) = @_; return $self->call(POST => "$self->{session}/execute/sync", { script => $script, args => \@args }) }
sub cookies { my ($self) = @_; return $self->call(GET => "$self->{session}/cookie") }

sub find {
    my ($self, $css) = @_;
    return $self->call(POST => "$self->{session}/element", { using => 'css selector', value => $css })->{ +ELEMENT };
}
sub click { my ($self, $css) = @_; return $self->call(POST => "$self->{session}/element/" . $self->find($css) . '/click') }
sub type  { my ($self, $css, $text) = @_; return $self->call(POST => "$self->{session}/element/" . $self->find($css) . '/value', { text => $text }) }

# Sends keys to the focused element: Tab is \x{E004}, Enter \x{E007}.
sub press {
    my ($self, $text) = @_;
    my @actions = map { ({ type => 'keyDown', value => $_ }, { type => 'keyUp', value => $_ }) } split //, $text;
    return $self->call(POST => "$self->{session}/actions", { actions => [{ type => 'key', id => 'keys', actions => \@actions }] });
}

# Waits until the JavaScript expression is true. Returns its last value.
sub until {
    my ($self, $expression, $seconds) = @_;
    my $value;
    for (1 .. 10 * ($seconds || 10)) {
        $value = eval { $self->run("return ($expression)") };
        return $value if $value;
        sleep 0.1;
    }
    return $value;
}

# Returns the errors in the console since the last call.
sub errors {
    my ($self) = @_;
    my $log = $self->call(POST => "$self->{session}/se/log", { type => 'browser' });
    return map { $_->{message} } grep { $_->{level} eq 'SEVERE' } @$log;
}

sub DESTROY {
    my ($self) = @_;
    return if $$ != $self->{owner};
    local ($?, $@);
    eval { $self->call(DELETE => $self->{session}) } if $self->{session};
    kill 'TERM', $self->{driver};
    waitpid $self->{driver}, 0;
    # On a busy machine the driver sometimes ends without its browser. Only this browser's processes name this profile.
    kill 'KILL', $self->processes;
    return;
}

sub processes {
    my ($self) = @_;
    return map { m{^/proc/([0-9]+)/} ? $1 : () } grep {
        my $there = open my $in, '<', $_;    # false: the process has ended meanwhile
        local $/;
        index(($there ? <$in> : undef) // '', "--user-data-dir=$self->{profile}") >= 0
    } glob '/proc/[0-9]*/cmdline';
}

1;
