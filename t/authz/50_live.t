# SPDX-License-Identifier: Apache-2.0
# A revocation takes effect at the next guarded request: in every child of this host at once, and within the poll interval on another host
# and after a change by the command line tool.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

my $password = 'three calm words';
my $more     = join '', map { <<"END" } qw(recruiter admin);
<Location "/$_">
    AuthType Platform
    AuthName "t"
    Require role $_
</Location>
END
my $here  = AuthPlatform::Httpd->new(more => $more)->start;
my $there = AuthPlatform::Httpd->new(more => $more, realm => $here)->start;

my $count = 0;
sub person {
    my $email = 'p' . ++$count . '@example.org';
    my $new   = $here->api('/register', { email => $email, password => $password });
    $new->{status} == 201 or die "register: $new->{status} $new->{body}" . $here->log;
    return { email => $email, id => $new->{json}{user}{id}, token => $new->{json}{access_token}, refresh => $new->{json}{refresh_token} };
}

# Returns which answers a page gives in all children. 64 connections reach every child.
sub answers {
    my ($httpd, $page, $token) = @_;
    my %seen;
    $seen{ $httpd->get($page, bearer => $token)->{status} }++ for 1 .. 24;
    return join ' ', sort keys %seen;
}

# Returns how long it takes until a page gives this answer and keeps giving it.
sub until_answer {
    my ($httpd, $page, $token, $status) = @_;
    my $began = time;
    sleep 0.05 while $httpd->get($page, bearer => $token)->{status} != $status && time - $began < 10;
    return time - $began;
}

my $ready = sub { my ($httpd) = @_; $httpd->wait_for(sub { $httpd->get('/api/auth/readyz')->{status} == 200 }, 'it does not become ready') };
$ready->($_) for $here, $there;
my $health = $here->get('/api/auth/readyz')->{json};
cmp_ok($health->{revocation_lag_ms}, '>=', 0, 'readyz tells how old the news are');
cmp_ok(abs $health->{clock_offset_ms}, '<', 20_000, 'and how the clocks differ');

# The first admin is made by the command line tool.
{
    open my $in, '|-', "$ENV{AUTHP_CLI} --env-file $here->{dir}/.env user create --role admin --email boss\@example.org --json >$here->{dir}/made";
    print {$in} "$password\n";
    close $in or die 'user create failed: ' . AuthPlatform::Httpd::slurp("$here->{dir}/made");
}
my $boss = $here->api('/login', { email => 'boss@example.org', password => $password })->{json}{access_token};
is(answers($here, '/admin', $boss), '404', 'the admin may go where admins may (there is no such file)');

sub patch { my ($who, $what) = @_; return $here->request(PATCH => "/api/auth/users/$who->{id}", json => $what, bearer => $boss) }

# The ways of revoking on this host, and what a token is still good for afterwards.
my @ways = (
    ['logout',               sub { $here->api('/logout', { refresh_token => $_[0]{refresh} }) },                              200],
    ['logout by the access token', sub { $here->api('/logout', {}, bearer => $_[0]{token}) },                                  200],
    ['logout of all',        sub { $here->api('/logout', { refresh_token => $_[0]{refresh}, all => JSON::true() }) },         200],
    ['an admin ends the sessions', sub { $here->request(DELETE => "/api/auth/users/$_[0]{id}/sessions", bearer => $boss) },    204],
    ['disabled',             sub { patch($_[0], { disabled => JSON::true() }) },                                              200],
    ['deleted',              sub { $here->request(DELETE => "/api/auth/users/$_[0]{id}", bearer => $boss) },                  204],
    ['deletes itself',       sub { $here->request(DELETE => '/api/auth/me', json => { password => $password }, bearer => $_[0]{token}) }, 204],
    ['a password change',    sub { $here->api('/me/password', { current_password => $password, new_password => 'four calm words too' }, bearer => $_[0]{token}) }, 200],
);
my $worst = 0;
for my $way (@ways) {
    my ($name, $revoke, $status) = @$way;
    my $who = person();
    is(answers($here, '/page.txt', $who->{token}), '200', "$name: before");
    is(answers($there, '/page.txt', $who->{token}), '200', "$name: before, on the other host");
    my $answer = $revoke->($who);
    is($answer->{status}, $status, "$name: done") or diag $answer->{body};
    is(answers($here, '/page.txt', $who->{token}), '401', "$name: dead on the next request, in every child");
    my $took = until_answer($there, '/page.txt', $who->{token}, 401);
    $worst = $took if $took > $worst;
    is(answers($there, '/page.txt', $who->{token}), '401', sprintf '%s: and on the other host %.2f s later', $name, $took);
}
cmp_ok($worst, '<', 5, sprintf 'the longest took %.2f s', $worst);
is($here->get('/page.txt', bearer => person()->{token})->{status}, 200, 'nobody else is concerned');

# One session of several ends, and a stolen refresh token ends its session.
my $owner  = person();
my $second = $here->api('/login', { email => $owner->{email}, password => $password })->{json};
my ($sid)  = map { $_->{id} } grep { !$_->{current} } @{ $here->get('/api/auth/sessions', bearer => $second->{access_token})->{json}{items} };
is($here->request(DELETE => "/api/auth/sessions/$sid", bearer => $second->{access_token})->{status}, 204, 'one session is ended');
is(answers($here, '/page.txt', $owner->{token}),          '401', 'its token is dead');
is(answers($here, '/page.txt', $second->{access_token}), '200', 'the other lives');

# Roles: those in the live table count, and not those in the token.
my $grace = person();
is(answers($here, '/recruiter', $grace->{token}), '403', 'not a recruiter');
is(patch($grace, { roles => ['candidate', 'recruiter'], is_recruiter_verified => JSON::true() })->{status}, 200, 'is made one');
is(answers($here, '/recruiter', $grace->{token}), '404', 'the same token gets in at once');
is($here->api('/recruiter/verify', { user_id => $grace->{id}, verified => JSON::false() }, bearer => $boss)->{status}, 200, 'withdrawn');
is(answers($here, '/recruiter', $grace->{token}), '403', 'and is out at once');
is(answers($here, '/page.txt', $grace->{token}), '200', 'still a candidate');
is($here->api('/recruiter/verify', { user_id => $grace->{id} }, bearer => $boss)->{status}, 200, 'verified again');
is(answers($here, '/recruiter', $grace->{token}), '404', 'and in');
cmp_ok(until_answer($there, '/recruiter', $grace->{token}, 404), '<', 5, 'the other host follows');
is(patch($grace, { roles => ['candidate'] })->{status}, 200, 'the role goes');
is(answers($here, '/recruiter', $grace->{token}), '403', 'at once');

# A request that a child of the old generation is still reading. That child sees what children of the new generation revoke.
my $late   = person();
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $here->{port}, Timeout => 10) or die "connect: $!";
print {$socket} "GET /page.txt HTTP/1.1\r\nHost: 127.0.0.1:$here->{port}\r\nConnection: close\r\nAuthor";
$socket->flush;
sleep 0.3;
my %old = map { $_ => 1 } $here->children;
$here->graceful;
is(answers($here, '/page.txt', $late->{token}), '200', 'a graceful restart forgets nobody');
is($here->api('/logout', { refresh_token => $late->{refresh} })->{status}, 200, 'signed out by a new child');
print {$socket} "ization: Bearer $late->{token}\r\n\r\n";
{ local $/; like(<$socket> // '', qr/^HTTP\/1.1 401 /, 'the old child knows it'); }
is(answers($here, '/page.txt', $owner->{token}), '401', 'and what was dead before the restart is dead');

# After a full restart the table is filled from the store before its answers count.
my $kept = person();
my $gone = person();
is($here->api('/logout', { refresh_token => $gone->{refresh} })->{status}, 200, 'one signs out');
$here->hard;
is($here->get('/page.txt', bearer => $gone->{token})->{status}, 401, 'the first request after a full restart: still dead');
is($here->get('/page.txt', bearer => $kept->{token})->{status}, 200, 'and the other still in');
$ready->($here);
is(answers($here, '/page.txt', $gone->{token}), '401', 'the same once the table is filled');
is(answers($here, '/page.txt', $kept->{token}), '200', 'the same');

my @errors = grep {/\[auth_platform:(?:emerg|alert|crit|error|warn)\]/} split /\n/, $here->log . $there->log;
is("@errors", '', 'nothing of ours to complain about');
done_testing;
