# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Msg91;
# A server on 127.0.0.1 that answers as MSG91's API for one-time codes, version 5, does, or fails in a way that a test asks for.
#   my $msg91 = AuthPlatform::Msg91->new;
#   AuthPlatform::Httpd->new(settings => $msg91->settings . "OTP_LENGTH=9\n", ...)
#   $msg91->code('919876543210')      the newest code that was sent to that number, its own or one that was named
#   $msg91->seen                      its requests since forget(), oldest first: {at => 'send' or 'verify', method, path, query => {},
#                                     headers => {lower-case name => value}, body, code, time}
#   $msg91->mode('hang'); $msg91->mode(verify => 'says {"type":"error","message":"OTP expired"}'); $msg91->mode('ok');
#   $msg91->later(660)                its clock goes 660 s ahead, so that codes expire
# Modes, for both routes or for the one that is named:
#   ok           as MSG91
#   refuse       {"type":"error","message":"Invalid authkey"}
#   slow MS      as ok, so much later
#   hang         reads the request and never answers
#   drip         a byte of an answer each 100 ms, for ever
#   close        reads the request and closes the connection
#   garbage      status 200 and a page of HTML
#   no_http      bytes that are no HTTP
#   status N     an answer of MSG91 that is a success, with that status
#   lie          {"type":"success"} with a message that is none of success
#   huge         status 200 and a body of 20 MB
#   used         "Mobile no. already verified" as a success
#   says TEXT    status 200 and that body
# It keeps one code for each number, as MSG91 does: the newest. A right one works once. Three wrong ones end it.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd ();
use AuthPlatform::Ports ();
use File::Path          ();
use File::Temp          ();
use IO::Select;
use IO::Socket::INET;
use JSON  ();
use POSIX ();
use Time::HiRes qw(time);

use constant { KEY => '404142ALookalikeKey6507abcP1', TEMPLATE => '65070a1b2c3d4e5f60718293', WRONG_MOST => 3 };
my $json = JSON->new->utf8->canonical;
my @all;

sub new {
    my ($class, %o) = @_;
    AuthPlatform::Httpd::note_secrets(KEY);
    my $self = bless { dir => File::Temp::tempdir('authp-msg91-XXXXXX', TMPDIR => 1), port => AuthPlatform::Ports::free_port(), owner => $$, from => 0, %o }, $class;
    push @all, $self;
    $self->mode('ok');
    return $self->start;
}

sub base     { return "http://127.0.0.1:$_[0]{port}" }
sub url      { return $_[0]->base }
sub key      { return KEY }
sub template { return TEMPLATE }

sub settings {
    my ($self) = @_;
    return "OTP_PROVIDER=msg91\nMSG91_AUTH_KEY=" . KEY . "\nMSG91_TEMPLATE_ID=" . TEMPLATE . "\nMSG91_BASE_URL=" . $self->base . "\n";
}

# Starts it, after stop() on the same port and without the codes that it had.
sub start {
    my ($self) = @_;
    my $listener = IO::Socket::INET->new(Listen => 512, LocalAddr => '127.0.0.1', LocalPort => $self->{port}, ReuseAddr => 1) or die "msg91: $!\n";
    my $parent = $$;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        local $SIG{PIPE} = 'IGNORE';
        eval { serve($self, $listener, $parent); 1 } or warn $@;
        POSIX::_exit(0);
    }
    $self->{pid} = $pid;
    return $self;
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return;
}

sub tell {
    my ($self, %told) = @_;
    $self->{told} = { %{ $self->{told} || {} }, %told };
    AuthPlatform::Httpd::write_file("$self->{dir}/told.new", $json->encode($self->{told}));
    rename "$self->{dir}/told.new", "$self->{dir}/told" or die "told: $!\n";
    return $self;
}

sub mode {
    my ($self, $first, $mode) = @_;
    return $self->tell($first => $mode) if defined $mode;
    return $self->tell(send => $first, verify => $first);
}

sub later { my ($self, $seconds) = @_; return $self->tell(ahead => ($self->{told}{ahead} || 0) + $seconds) }

sub seen {
    my ($self) = @_;
    my @lines = grep {length} split /\n/, AuthPlatform::Httpd::slurp("$self->{dir}/seen");
    my @seen = map { $json->decode($_) } @lines[$self->{from} .. $#lines];
    AuthPlatform::Httpd::note_secrets(map { ($_->{code}, ($_->{query}{mobile} // '') =~ /([0-9]{10})$/) } @seen);
    return @seen;
}

sub forget {
    my ($self) = @_;
    my $count = () = AuthPlatform::Httpd::slurp("$self->{dir}/seen") =~ /\n/g;
    $self->{from} = $count;
    return $self;
}

sub code {
    my ($self, $mobile) = @_;
    my ($record) = grep { $_->{at} eq 'send' && ($_->{query}{mobile} // '') eq $mobile && defined $_->{code} } reverse $self->seen;
    return $record ? $record->{code} : undef;
}

END {
    my $status = $?;
    for my $msg91 (@all) {
        next if $msg91->{owner} != $$;
        $msg91->stop;
        File::Path::remove_tree($msg91->{dir});
    }
    $? = $status;
}

# --- in the process of the server ------------------------------------------------------------------------------------
my %codes;    # number => {code, until, wrong, used}

sub told {
    my ($self) = @_;
    return eval { $json->decode(AuthPlatform::Httpd::slurp("$self->{dir}/told")) } || {};
}

sub says { my ($type, $message) = @_; return $json->encode({ type => $type, message => $message }) }

sub decoded { my ($text) = @_; $text =~ tr/+/ /; $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge; return $text }

# {at, method, path, query, headers, body}
sub parse {
    my ($bytes) = @_;
    my ($head, $body) = $bytes =~ /\A(.*?)\r\n\r\n(.*)\z/s;
    my ($method, $path, $query) = $head =~ m{\A(\S+) ([^\s?]*)(?:\?(\S*))? HTTP/1\.};
    my %headers = map { /^([^:]+):\s*(.*)/ ? (lc $1, $2) : () } split /\r\n/, $head;
    my %query = map { my ($name, $value) = split /=/, $_, 2; (decoded($name), decoded($value // '')) } split /&/, $query // '';
    my $at = !defined $path ? 'other' : $path eq '/api/v5/otp' ? 'send' : $path eq '/api/v5/otp/verify' ? 'verify' : 'other';
    return { at => $at, method => $method, path => $path, query => \%query, headers => \%headers, body => $body, time => time };
}

# What MSG91 would answer. Keeps what it would keep.
sub send_code {
    my ($request, $now) = @_;
    my $query = $request->{query};
    return says(error => 'Template ID Missing or Invalid Template') if ($query->{template_id} // '') ne TEMPLATE;
    my $length = $query->{otp_length} // 4;
    return says(error => 'OTP length should be between 4 and 9') if $length !~ /^[4-9]$/;
    my $code = $query->{otp} // sprintf "%0${length}d", int rand 10**$length;
    return says(error => 'OTP empty or not numeric') if $code !~ /^\d+$/;
    $request->{code} = $code;
    $codes{ $query->{mobile} } = { code => $code, until => $now + 60 * ($query->{otp_expiry} // 1440), wrong => 0 };
    return $json->encode({ type => 'success', request_id => sprintf '36%s', unpack 'H*', pack 'N2', rand 2**32, rand 2**32 });
}

sub verify_code {
    my ($request, $now) = @_;
    my $query = $request->{query};
    my $kept  = $codes{ $query->{mobile} } or return says(error => 'Mobile no. not found');
    return says(error => 'OTP empty or not numeric')                   if ($query->{otp} // '') !~ /^\d+$/;
    return says(error => 'Mobile no. already verified')                if $kept->{used};
    return says(error => 'Max limit reached for this otp verification') if $kept->{wrong} >= WRONG_MOST;
    return says(error => 'OTP expired')                                if $now > $kept->{until};
    if ($query->{otp} ne $kept->{code}) {
        $kept->{wrong}++;
        return says(error => 'OTP not match');
    }
    $kept->{used} = 1;
    return says(success => 'OTP verified success');
}

sub as_msg91 {
    my ($self, $request, $told) = @_;
    my $now = time + ($told->{ahead} || 0);
    my $key = $request->{headers}{authkey};
    return says(error => 'Not found')        if $request->{at} eq 'other';
    return says(error => 'Auth Key missing') if !defined $key;
    return says(error => 'Invalid authkey')  if $key ne KEY;
    return says(error => 'Mobile no. empty or not numeric') if ($request->{query}{mobile} // '') !~ /^\d+$/;
    return $request->{at} eq 'send' ? send_code($request, $now) : verify_code($request, $now);
}

sub http { my ($status, $type, $body) = @_; return "HTTP/1.1 $status X\r\nContent-Type: $type\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body" }
sub page { my ($body) = @_; return http(200, 'application/json', $body) }

my %WRONG = (
    refuse  => sub { return page(says(error => 'Invalid authkey')) },
    close   => sub { return '' },
    garbage => sub { return http(200, 'text/html', '<html><h1>It works: success, OTP verified success</h1></html>') },
    no_http => sub { return "success OTP verified success\r\n\r\n" },
    huge    => sub { return page('{"type":"success","message":"' . 'x' x 20_000_000 . '"}') },
    used    => sub { return page(says(success => 'Mobile no. already verified')) },
    lie     => sub { return page(says(success => $_[0]{at} eq 'send' ? 'Please enter atleast one number to send sms.' : 'OTP verified')) },
);

# Returns the answer's bytes, when they are sent, and "drip" if one after the other. No bytes: the end.
sub answer {
    my ($self, $request) = @_;
    my $told = $self->told;
    my ($mode, $more) = split / /, $told->{ $request->{at} } // 'ok', 2;
    return ($WRONG{$mode}->($request), time) if $WRONG{$mode};
    return (page($more), time) if $mode eq 'says';
    return (undef, time) if $mode eq 'hang';
    return (page(says(success => 'x' x 1000)), time, 'drip') if $mode eq 'drip';
    my $body = $self->as_msg91($request, $told);
    return (http($more, 'application/json', $body), time) if $mode eq 'status';
    return (page($body), time + ($mode eq 'slow' ? $more / 1000 : 0));
}

sub is_whole {
    my ($bytes) = @_;
    my ($head, $body) = $bytes =~ /\A(.*?)\r\n\r\n(.*)\z/s or return 0;
    return length $body >= ($head =~ /^Content-Length:\s*(\d+)/mi ? $1 : 0);
}

# Reads what a connection has sent.
sub take {
    my ($self, $line, $seen) = @_;
    my $count = sysread $line->{socket}, $line->{in}, 65_536, length $line->{in};
    return 0 if !$count;
    return 1 if $line->{asked} || !is_whole($line->{in});
    $line->{asked} = 1;
    my $request = parse($line->{in});
    @$line{qw(out at drip)} = $self->answer($request);
    # The record is there before the answer, so a client that has its answer finds it.
    syswrite $seen, $json->encode($request) . "\n";
    return 1;
}

# Sends what is due. Returns false at the end of the connection.
sub give {
    my ($line, $now) = @_;
    return 1 if !defined $line->{out} || $line->{at} > $now;
    my $count = syswrite $line->{socket}, $line->{out}, $line->{drip} ? 1 : length $line->{out};
    return $!{EAGAIN} ? 1 : 0 if !defined $count;
    substr $line->{out}, 0, $count, '';
    $line->{at} = $now + 0.1 if $line->{drip};
    return length $line->{out} > 0;
}

sub serve {
    my ($self, $listener, $parent) = @_;
    open my $seen, '>>', "$self->{dir}/seen" or die "seen: $!\n";
    my ($select, %lines) = (IO::Select->new($listener));
    while (getppid == $parent) {
        for my $ready ($select->can_read(0.005)) {
            if ($ready == $listener) {
                my $socket = $listener->accept or next;
                $socket->blocking(0);
                $select->add($socket);
                $lines{$socket} = { socket => $socket, in => '' };
                next;
            }
            $lines{$ready}{end} = 1 if !$self->take($lines{$ready}, $seen);
        }
        my $now = time;
        for my $line (values %lines) {
            next if !$line->{end} && give($line, $now);
            $select->remove($line->{socket});
            delete $lines{ $line->{socket} };
            close $line->{socket};
        }
    }
    return;
}

1;
