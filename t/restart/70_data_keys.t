# SPDX-License-Identifier: Apache-2.0
# Mails that wait outlive a change of JWT_SECRET_KEY: a start with the old key as JWT_SECRET_KEY_PREVIOUS wraps the data key again, although
# nobody uses mail, and then the new key alone is enough. If the data key is lost, /readyz names it, what needs no mail goes on, and
# `keys forget` is a way out, without a restart.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/../cli/lib";
use AuthPlatform::Cli qw(run json);
use AuthPlatform::Httpd;
use AuthPlatform::Ports ();
use AuthPlatform::Smtp;
use Test::More;

my $PASSWORD = 'correct horse 9';
my ($second, $third) = ('c2Vjb25kIGtleSBmb3IgdGVzdHMgb25seSwgbm90IHJlYWwh', 'dGhpcmQga2V5IGZvciB0ZXN0cyBvbmx5LCBub3QgcmVhbCEh');
AuthPlatform::Httpd::note_secrets($second, $third);

my $smtp  = AuthPlatform::Smtp->new->stop;    # its port is closed
my $port  = AuthPlatform::Ports::free_port();
my $httpd = AuthPlatform::Httpd->new(port => $port, settings => $smtp->settings . "PUBLIC_URL=http://127.0.0.1:$port\n");
my ($first) = AuthPlatform::Httpd::slurp("$httpd->{dir}/.env") =~ /^JWT_SECRET_KEY=(.*)$/m;

sub tool { return json(run(['--env-file', "$httpd->{dir}/.env", @_, '--json'])) }

# Restarts httpd with these keys. undef: no previous one.
sub restart_with {
    my ($present, $previous) = @_;
    $httpd->stop;
    my $text = AuthPlatform::Httpd::slurp("$httpd->{dir}/.env") =~ s/^JWT_SECRET_KEY.*\n//mgr;
    AuthPlatform::Httpd::write_file("$httpd->{dir}/.env", "JWT_SECRET_KEY=$present\n" . (defined $previous ? "JWT_SECRET_KEY_PREVIOUS=$previous\n" : '') . $text);
    $httpd->start;
    return;
}

# Waits until /readyz answers with that status and those words. Returns the answer.
sub readyz {
    my ($status, $words) = @_;
    my $answer;
    $httpd->wait_for(sub { $answer = $httpd->get('/api/auth/readyz'); $answer->{status} == $status && $answer->{body} =~ $words }, "/readyz is not $status");
    return $answer;
}

# The mail whose link leads to that page. Waits for it.
sub arrived {
    my ($page) = @_;
    my $mail;
    $httpd->wait_for(sub { ($mail) = grep { ($_->{link} // '') =~ m{/\Q$page\E#} } $smtp->mails; $mail }, "no mail with a link to $page");
    return $mail;
}

sub key { my ($item) = @{ tool(qw(keys status))->{items} }; return $item }

# --- a mail that waits -----------------------------------------------------------------------------------------------
$httpd->start;
is($httpd->api('/register', { email => 'ada@example.com', password => $PASSWORD, name => 'Ada' })->{status}, 201, 'ada registers');
is(tool(qw(mail status))->{waiting}, 1, '... and a mail waits');
my $made = key();
is_deeply([@{$made}{qw(wrapped_by wrapped_at)}], ['present', $made->{created_at}], '... sealed under a data key');

# --- a new JWT_SECRET_KEY --------------------------------------------------------------------------------------------
restart_with($second, $first);
$httpd->wait_for(sub { key()->{wrapped_by} eq 'present' }, 'the data key is not wrapped again');
pass('a start with the old key as the previous one wraps the data key again, although nobody uses mail');
is(key()->{id}, $made->{id}, '... the same data key');
my $count = () = $httpd->log =~ /AUTHP0380: the data key $made->{id} was wrapped again/g;
is($count, 1, '... once, although there are several children');
readyz(200, qr/ready/);

restart_with($second);
readyz(200, qr/ready/);
is(key()->{opens} ? 1 : 0, 1, 'the new key alone opens it');
is($httpd->api('/password/forgot', { email => 'ada@example.com' })->{status}, 202, '... and another mail is sealed under it');
is_deeply([tool(qw(mail status))->{waiting}, scalar @{ tool(qw(keys status))->{items} }], [2, 1], '... beside the first one');
unlike($httpd->log, qr/AUTHP0381/, 'no key was lost so far');

# The mail server comes back. What was sealed before the change arrives, and its link counts.
$smtp->start;
run(['--env-file', "$httpd->{dir}/.env", qw(mail retry)]);
is_deeply(arrived($_)->{to}, ['ada@example.com'], "the mail with a link to $_ arrives") for qw(verify-email reset-password);
my ($token) = arrived('verify-email')->{link} =~ /#(.+)\z/;
is($httpd->api('/email/verify', { token => $token, password => $PASSWORD })->{status}, 200, '... and the link in the first one counts');
$httpd->wait_for(sub { tool(qw(mail status))->{waiting} == 0 }, 'a mail still waits');
$smtp->stop;

# --- a lost data key -------------------------------------------------------------------------------------------------
restart_with($third);
my $down = readyz(503, qr/$made->{id}/);
is($down->{json}{code}, 'store_unavailable', 'a key that nobody has: /readyz is 503');
like($down->{json}{detail}, qr/cannot unwrap data keys of the store: $made->{id}\. .*JWT_SECRET_KEY_PREVIOUS/, '... names the data key, and says what to do');
unlike($down->{body}, qr/\Q$first\E|\Q$second\E|\Q$third\E/, '... without a secret');
my $forgot = $httpd->api('/password/forgot', { email => 'ada@example.com' });
is_deeply([$forgot->{status}, $forgot->{json}{code}], [503, 'store_unavailable'], 'a route that needs mail: 503');
is($httpd->api('/login', { email => 'ada@example.com', password => $PASSWORD })->{status}, 200, 'a sign-in with a password works');
like($httpd->log, qr/AUTHP0381: data keys that neither JWT_SECRET_KEY nor JWT_SECRET_KEY_PREVIOUS can unwrap: $made->{id};/, 'the log names it');
is(key()->{id}, $made->{id}, 'no other key was made');

# --- the ways out ----------------------------------------------------------------------------------------------------
restart_with($third, $second);
readyz(200, qr/ready/);
pass('with the old key as the previous one all is well again');
$httpd->wait_for(sub { key()->{wrapped_by} eq 'present' }, 'the data key is not wrapped again');

is($httpd->api('/password/forgot', { email => 'ada@example.com' })->{status}, 202, '... and a mail waits');

restart_with($first);
readyz(503, qr/$made->{id}/);
my $waiting = tool(qw(mail status))->{waiting};
my $forgotten = tool(qw(keys forget --yes --id), $made->{id});
is($waiting, 1, 'another key: a mail waits that nobody can open');
is_deeply([@{$forgotten}{qw(id mails_waiting)}], [$made->{id}, $waiting], 'keys forget removes it, with the mails that wait');
readyz(200, qr/ready/);
pass('... and /readyz is well again without a restart');
$smtp->start->forget;
is($httpd->api('/password/forgot', { email => 'ada@example.com' })->{status}, 202, '... as is a route that needs mail');
my @items = @{ tool(qw(keys status))->{items} };
is_deeply([map { "$_->{wrapped_by} " . ($_->{opens} ? 'opens' : 'is lost') } @items], ['present opens'], '... which has made a key');
isnt($items[0]{id}, $made->{id}, '... another one');
ok(arrived('reset-password'), '... and its mail arrives');
is(tool(qw(mail status))->{failed}, 1, 'the mail that was lost has failed');
$httpd->stop;
done_testing;
