# SPDX-License-Identifier: Apache-2.0
# Bodies at the limits, bodies that are not read, requests that other modules have changed, and log lines of refusals.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Test;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

expect_log(qr/AH0\d+:/);    # core's own words about broken requests
my ($host, $port) = origin() =~ m{//(.*):(\d+)};
my $post = "POST /api/auth/login HTTP/1.1\r\nHost: $host:$port\r\nConnection: close\r\n";
my $json = "${post}Content-Type: application/json\r\n";

# 16 KiB, and one byte more, with a length and in chunks of several sizes.
sub padded { my ($size) = @_; my $text = '{"email":"a@b.example","password":"three calm words"}'; return $text . ' ' x ($size - length $text) }
for my $case ([16383, 401], [16384, 401], [16385, 413]) {
    my ($size, $status) = @$case;
    my $body = padded($size);
    like(raw_request("${json}Content-Length: $size\r\n\r\n$body"), qr{^HTTP/1.1 $status}, "$size bytes: $status");
    for my $chunk (1000, 8192, 16384) {
        my $chunks = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } $body =~ /(.{1,$chunk})/gs;
        like(raw_request("${json}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n"), qr{^HTTP/1.1 $status}, "... in chunks of $chunk");
    }
}

# A client that waits for "100 Continue" gets the final answer at once if its body is not wanted.
my $began  = time;
my $answer = raw_request("${post}Content-Type: text/plain\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
like($answer, qr{^HTTP/1.1 415}, 'a body that nobody wants is not asked for');
cmp_ok(time - $began, '<', 2, '... at once');

for my $case ([16385, '413'], [1_000_000_000, '413'], [16384, '100']) {
    my ($size, $status) = @$case;
    $began = time;
    my $said = raw_request("${json}Content-Length: $size\r\nExpect: 100-continue\r\n\r\n", half_close => 1);
    like($said, qr{^HTTP/1.1 $status }, $status == 100 ? "... a body of $size bytes is asked for" : "... nor is one of $size bytes, which is too large");
    cmp_ok(time - $began, '<', 2, '... at once');
}

# The server stops reading an endless body after a while, so the answer comes.
$began = time;
my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 10) or die "connect: $!";
{
    local $SIG{PIPE} = 'IGNORE';
    print {$socket} "${post}Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n", ("10000\r\n" . 'x' x 65536 . "\r\n") x 8;
    $socket->flush;
    like(scalar(<$socket>) // '', qr{^HTTP/1.1 415}, 'a body without an end is answered');
}
cmp_ok(time - $began, '<', 2.5, '... before it ends');
close $socket;

# If a body does not arrive, httpd answers, with our headers.
my $late = raw_request("${json}Content-Length: 50\r\n\r\n{");
like($late, qr{^HTTP/1.1 408}, 'a body that never comes');
like($late, qr/^Cache-Control: no-store\r$/m, '... is not kept');
like($late, qr/^X-Request-Id: [0-9a-f]{24}\r$/m, '... and has an id');

# A refusal is logged with the path only, so that a token in a URL does not reach the log.
my $slip = 'slip' . $$ . int rand 1e9;
is(request(GET => "/admin/slip?access_token=$slip")->{status}, 401, 'a refusal');
my @lines = grep {/AUTHP0500: refused .*slip/} log_lines();
is(scalar @lines, 1, '... is logged once');
unlike("@lines", qr/\Q$slip\E/, '... without the query');

# A browser whose session has ended is sent to the sign-in page, like one that never had a session.
my $p = person();
is(api(POST => '/logout', json => { refresh_token => $p->{refresh_token} })->{status}, 200, 'signed out');
my $sent = request(GET => '/candidate/', bearer($p), headers => { 'Sec-Fetch-Mode' => 'navigate' });
is($sent->{status}, 302, 'a browser with an ended session');
is($sent->{headers}->header('Location'), '/signin.html?return_to=%2Fcandidate%2F', '... goes to sign in');
like($sent->{headers}->header('X-Request-Id') // '', qr/^[0-9a-f]{24}$/, '... with an id');
is($sent->{headers}->header('Cache-Control'), 'no-store', '... and is not kept');

# HTTP/2: a refusal that is sent before the body was read arrives.
for my $size (3000, 9000, 40_000) {
    open my $curl, '-|', 'curl', '-s', '--http2-prior-knowledge', '-o', '/dev/null', '-w', '%{http_version} %{http_code}', '-H',
        'Content-Type: text/plain', '--data', 'x' x $size, origin() . '/app/whoami' or die "curl: $!";
    is(scalar <$curl>, '2 401', "HTTP/2: a refused body of $size bytes");
    close $curl;
}

# The program is told how the user was authenticated.
my $known = person();
is(request(GET => '/app/whoami', bearer($known))->{json}{environment}{AUTH_TYPE}, 'Platform', 'AUTH_TYPE');
is(request(GET => '/open/whoami', bearer($known))->{json}{environment}{AUTH_TYPE}, undef, 'none on an open page');

# Other modules: a rewritten path, a forward proxy, and a media type by what looks like a file's extension.
my $far = IO::Socket::INET->new(Listen => 4, LocalAddr => '127.0.0.1') or die "listen: $!";
my $pid = fork // die "fork: $!";
if (!$pid) {
    while (my $client = $far->accept) {
        while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/ }
        print {$client} "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfar\n";
        close $client;
    }
    POSIX::_exit(0);
}
my $there   = $far->sockport;
my $modules = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
my $httpd   = AuthPlatform::Httpd->new(more => join "\n", (map { qq{LoadModule ${_}_module "$modules/mod_$_.so"} } qw(rewrite proxy proxy_http mime)),
    'TypesConfig /dev/null', 'AddEncoding x-gzip .json', 'AddLanguage de .json', 'RewriteEngine On', 'RewriteRule "^/health$" "/api/auth/healthz" [PT]',
    'ProxyRequests On', '')->start;
my $health = $httpd->get('/health');
is($health->{status}, 200, 'a path that is rewritten to the mount') or diag $httpd->log;
is($health->{json}{status}, 'ok', '... is answered by it');
my $document = $httpd->get('/api/auth/openapi.json');
is($document->{status}, 200, 'what looks like a file');
is(join(' ', grep {/^content-(?:encoding|language)$/} keys %{ $document->{headers} }), '', '... gets nothing by its ending');
is($httpd->get("http://127.0.0.1:$there/api/auth/healthz")->{body}, "far\n", 'a forward proxy asks the other server, not the mount') or diag $httpd->log;
kill 'TERM', $pid;
waitpid $pid, 0;
$httpd->stop;
done_testing;
