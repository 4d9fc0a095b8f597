# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Test;
# What every end-to-end test needs: requests that follow no redirect and keep no cookies unless a jar is given, accounts to sign in with,
# the command line tool, and a check of the error log. A line at level warn or worse, or a crashed child, fails the test unless expect_log()
# has announced it.
use strict;
use warnings FATAL => 'all';
use Apache::Test ();
use Apache::TestRequest ();
use Digest::SHA ();
use Exporter 'import';
use Fcntl ':seek';
use HTTP::Request;
use IO::Socket::INET;
use IPC::Open3 ();
use Encode ();
use JSON ();
use LWP::UserAgent;
use MIME::Base64 ();
use Symbol ();
use Test::More;
use Time::HiRes 'sleep';

our @EXPORT = qw(request api origin secret_used new_email person admin cli raw_request expect_log jar_from
    problem_is bearer bent_token server_root stage log_lines AUTH);
use constant AUTH => '/api/auth';

sub stage       { return $ENV{AUTHP_STAGE} || die "not run by t/TEST\n" }
sub server_root { return stage() . '/t' }

my ($agent, $agent_of);

# One for each process, because a forked child must not use its parent's connections.
sub agent {
    if (!$agent || $agent_of != $$) {
        $agent    = LWP::UserAgent->new(max_redirect => 0, timeout => 30, agent => 'authp-test', keep_alive => 4);
        $agent_of = $$;
        $agent->requests_redirectable([]);
    }
    return $agent;
}
my $json = JSON->new->utf8->canonical->allow_nonref;

# Returns "http://127.0.0.1:PORT" of the main server or of a named virtual host.
sub origin {
    my ($vhost) = @_;
    Apache::TestRequest::module($vhost || 'default');
    my $hostport = Apache::TestRequest::hostport(Apache::Test::config());
    $hostport =~ s/^localhost\b/127.0.0.1/;
    return "http://$hostport";
}

# Writes down a secret that a test uses. t/zz_logs.t searches the logs for each of them.
sub secret_used {
    for my $secret (grep { defined && length >= 8 } @_) {
        open my $file, '>>', server_root() . '/secrets.txt' or die "secrets.txt: $!";
        (my $line = $secret) =~ s/[\r\n]/ /g;
        print {$file} Encode::encode_utf8("$line\n");
        close $file;
    }
    return $_[0];
}

# request(METHOD, PATH, vhost => , headers => {}, json => DATA, body => BYTES, type => , bearer => , cookies => {})
# Returns {status, headers (HTTP::Headers), body, json, cookies => {name => {value, raw}}}.
sub request {
    my ($method, $path, %o) = @_;
    my $message = HTTP::Request->new($method, ($path =~ m{^https?:} ? '' : origin($o{vhost})) . $path);
    my %headers = %{ $o{headers} || {} };
    for my $name (keys %headers) {
        my @values = ref $headers{$name} ? @{ $headers{$name} } : $headers{$name};
        $message->push_header(":$name", $_) for @values;
    }
    if (exists $o{json}) {
        $message->content($json->encode($o{json}));
        $message->header('Content-Type' => 'application/json');
    }
    elsif (defined $o{body}) {
        $message->content($o{body});
        $message->header('Content-Length' => length $o{body});
    }
    $message->header('Content-Type'  => $o{type})             if defined $o{type};
    $message->header('Authorization' => "Bearer $o{bearer}")  if defined $o{bearer};
    if (my $cookies = $o{cookies}) {
        $message->header('Cookie' => join '; ', map { "$_=$cookies->{$_}" } sort keys %$cookies);
    }
    my $answer = agent()->request($message);
    my $body   = $answer->content;
    my $data   = ($answer->content_type || '') =~ /json/ ? eval { $json->decode($body) } : undef;
    my %set;
    for my $line ($answer->header('Set-Cookie')) {
        my ($name, $value) = $line =~ /^([^=]+)=([^;]*)/ or next;
        $set{$name} = { value => $value, raw => $line };
        secret_used($value);
    }
    if (ref $data eq 'HASH') {
        secret_used(grep { defined } map { $data->{$_} } qw(access_token refresh_token));
    }
    secret_used(grep { defined && !ref } map { $o{json}{$_} } qw(password current_password new_password))
        if ref $o{json} eq 'HASH';
    return { status => $answer->code, headers => $answer->headers, body => $body, json => $data, cookies => \%set };
}

# The same below the mount of the main server.
sub api {
    my ($method, $path, @rest) = @_;
    return request($method, AUTH . $path, @rest);
}

sub bearer { return (bearer => $_[0]{access_token}) }

# Returns the person's access token with other claims, signed with the server's own key.
sub bent_token {
    my ($person, %claims) = @_;
    open my $env, '<', $ENV{AUTHP_ENV_FILE} or die "env: $!";
    my ($key) = map { /^JWT_SECRET_KEY=(.*)/ ? $1 : () } <$env>;
    my ($head, $payload) = split /\./, $person->{access_token};
    my $text = $json->encode({ %{ $json->decode(MIME::Base64::decode_base64url($payload)) }, %claims });
    my $signed = "$head." . MIME::Base64::encode_base64url($text);
    return secret_used("$signed." . MIME::Base64::encode_base64url(Digest::SHA::hmac_sha256($signed, $key)));
}

# Returns {name => value} of the cookies that an answer set, to send back.
sub jar_from {
    my ($answer) = @_;
    return { map { $_ => $answer->{cookies}{$_}{value} } keys %{ $answer->{cookies} } };
}

my $serial = 0;
sub new_email { return sprintf 'person%d-%d-%d@example.org', $$, time, ++$serial }

# Registers a candidate. Returns {email, password, access_token, refresh_token, user}.
sub person {
    my (%o) = @_;
    my $email    = $o{email} || new_email();
    my $password = $o{password} || "pass word $$ $serial " . int rand 1e9;
    my $answer   = api(POST => '/register', json => { email => $email, password => $password,
            (exists $o{name} ? (name => $o{name}) : ()) });
    $answer->{status} == 201 or die "register: $answer->{status} $answer->{body}";
    return { email => $email, password => $password, %{ $answer->{json} } };
}

# Makes an account with the command line tool and signs in by POST /login: role => 'admin' | 'recruiter' ...
sub admin {
    my (%o) = @_;
    my $email    = $o{email} || new_email();
    my $password = "admin word $$ " . int rand 1e9;
    my ($status, $out, $err) = cli([qw(user create --role), $o{role} || 'admin', '--email', $email,
            @{ $o{more} || [] }], "$password\n");
    $status == 0 or die "authplatform user create: $err";
    my $answer = api(POST => '/login', json => { email => $email, password => $password });
    return { email => $email, password => $password, %{ $answer->{json} }, login => $answer };
}

# cli([ARGS], STDIN) -> (exit status, stdout, stderr). The status of a tool that a signal ended is the signal's number. A tool that does not end
# is killed after five minutes.
sub cli {
    my ($args, $input) = @_;
    secret_used($input) if defined $input;
    my $pid = IPC::Open3::open3(my $in, my $out, my $err = Symbol::gensym(), $ENV{AUTHP_CLI},
        '--env-file', $ENV{AUTHP_ENV_FILE}, @$args);
    local $SIG{ALRM} = sub { kill 'KILL', $pid };
    alarm 300;
    print {$in} $input if defined $input;
    close $in;
    local $/;
    my $stdout = <$out>;
    my $stderr = <$err>;
    waitpid $pid, 0;
    alarm 0;
    return ($? & 127 || $? >> 8, $stdout // '', $stderr // '');
}

# Sends bytes as they are and returns the whole answer; half_close closes the sending side first.
sub raw_request {
    my ($bytes, %o) = @_;
    my ($host, $port) = origin($o{vhost}) =~ m{//(.*):(\d+)};
    my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 10) or die "connect: $!";
    local $SIG{PIPE} = 'IGNORE';
    print {$socket} $bytes;
    shutdown $socket, 1 if $o{half_close};
    local $/;
    my $answer = <$socket>;
    return $answer // '';
}

# Checks a problem document: status, code, and what every problem must have.
sub problem_is {
    my ($answer, $status, $code, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return subtest $name => sub {
        is($answer->{status}, $status, 'status') or diag $answer->{body};
        is($answer->{headers}->content_type, 'application/problem+json', 'media type');
        my $j = $answer->{json} || {};
        is($j->{code},   $code,   'code');
        is($j->{status}, $status, 'status in the document');
        ok(length($j->{title} // '') && length($j->{detail} // '') && length($j->{type} // ''), 'words for people');
        is($j->{request_id}, $answer->{headers}->header('X-Request-Id'), 'request id');
        like($answer->{headers}->header('Cache-Control') // '', qr/no-store|private/, 'not for shared caches');
        like($answer->{headers}->header('WWW-Authenticate') // '', qr/^Bearer/, 'challenge') if $status == 401;
        like($answer->{headers}->header('Retry-After') // '', qr/^\d+$/, 'Retry-After')
            if $status == 429 || $status == 503;
    };
}

# --- the error log -------------------------------------------------------------------------------------------------
my $log_file = server_root() . '/logs/error_log';
my $log_from = -s $log_file || 0;
my @expected = (
    qr/AH01630: client denied/,      # core logs each refusal of Require at level error
    qr/AH01631: user \S+: authorization failure/,
);
# Such a server may refuse TTL indexes.
push @expected, qr/AUTHP0235:/ if $ENV{AUTHP_TEST_MONGO};

sub expect_log { push @expected, @_; return }

# Lines written since this test began.
sub log_lines {
    open my $log, '<', $log_file or return;
    seek $log, $log_from, SEEK_SET;
    my @lines = <$log>;
    return @lines;
}

END {
    my $status = $?;
    if (Test::More->builder->expected_tests || Test::More->builder->current_test) {
        sleep 0.1;
        for my $line (log_lines()) {
            next unless $line =~ /\[[a-z0-9_]*:(?:emerg|alert|crit|error|warn)\]|exit signal/;
            next if grep { $line =~ $_ } @expected;
            print "# unexpected line in the error log: $line";
            $status ||= 1;
        }
    }
    $? = $status;
}

1;
