# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::App;
# The single-page app of conf/guides/providers.md on an origin of its own on 127.0.0.1:
#   my $app = AuthPlatform::App->new;                 chooses a port
#   $app->start('http://127.0.0.1:8080/api/auth');    serves the page and the script of the guide, with this address of the account routes
# The process that serves it ends with the object.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Guide ();
use HTTP::Daemon;
use POSIX ();

my $ADDRESS = qr{^(const AUTH = ")https://jobs\.example\.org/api/auth(";)}m;

sub new {
    my ($class) = @_;
    my $daemon = HTTP::Daemon->new(LocalAddr => '127.0.0.1', LocalPort => 0, ReuseAddr => 1) or die "listen: $!\n";
    return bless { daemon => $daemon, owner => $$, origin => 'http://127.0.0.1:' . $daemon->sockport }, $class;
}

sub origin { return $_[0]{origin} }
sub url    { return "$_[0]{origin}/jobs/" }

sub start {
    my ($self, $auth) = @_;
    my ($html, $script) = map { AuthPlatform::Guide::text("$ENV{AUTHP_TOP}/conf/guides/providers.md", $_) } ('app-page', 'app-script');
    $script =~ s/$ADDRESS/$1$auth$2/ or die "the script of providers.md does not name the account routes\n";
    my %file = ('/jobs/' => ['text/html', $html], '/jobs/app.js' => ['text/javascript', $script]);
    $self->{pid} = fork // die "fork: $!\n";
    return $self if $self->{pid};
    $SIG{CHLD} = 'IGNORE';
    while (1) {
        my $client = $self->{daemon}->accept or next; # interrupted by the end of a child
        # A process for each connection, because a browser opens some in advance and leaves them idle.
        if ((fork // 1) == 0) {
            answer($client, \%file);
            POSIX::_exit(0);
        }
        close $client;
    }
}

sub answer {
    my ($client, $files) = @_;
    $client->timeout(20);
    my $request = $client->get_request or return;
    my ($type, $text) = @{ $files->{ $request->uri->path } || ['text/plain', ''] };
    $client->send_response(length $text ? 200 : 404, undef, ['Content-Type' => $type, 'Content-Length' => length $text, Connection => 'close'], $text);
    close $client;
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if !$self->{pid} || $self->{owner} != $$;
    local $?;
    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
    return;
}

1;
