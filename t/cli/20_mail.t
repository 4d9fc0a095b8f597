#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# mail test and check-config --online: mails as a server gets them over TLS with an account, and the step at which each fault is seen.
use strict;
use warnings FATAL => 'all';
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json folder env_file);
use AuthPlatform::Ports ();
use AuthPlatform::Smtp;
use Encode ();
use MIME::Base64 ();
use Test::More;

my ($USER, $PASSWORD) = ('mailer@example.org', 'p:/@ %word-of-mail');
my $secrets = join '|', map {quotemeta} $PASSWORD, 'p%3A%2F%40', map { my $text = $_; MIME::Base64::encode_base64($text, '') } $PASSWORD, "\0$USER\0$PASSWORD";

sub settings { my ($smtp, %more) = @_; return (PUBLIC_URL => 'http://localhost', (map { split /=/, $_, 2 } split /\n/, $smtp->settings), %more) }

# Runs the tool with the settings of a server. No output has a secret, an address or a text of the server.
sub tool {
    my ($smtp, $words, %more) = @_;
    my $answer = run(['--env-file', env_file(folder(), settings($smtp, %more)), @$words]);
    unlike("$answer->{out}$answer->{err}", qr/$secrets|ada\@|of the server/, 'no secret, no address, no text of the server is shown');
    return $answer;
}
sub test   { my ($smtp, %more) = @_; return tool($smtp, [qw(mail test --to ada@example.com)], %more) }
sub online { my ($smtp, %more) = @_; return tool($smtp, [qw(check-config --online)], %more) }

my $smtp   = AuthPlatform::Smtp->new(user => $USER, password => $PASSWORD);
my $smtps  = AuthPlatform::Smtp->new(tls => 'smtps', user => $USER, password => $PASSWORD, mechanisms => ['LOGIN']);
my $plain  = AuthPlatform::Smtp->new(tls => 'off', host => '127.0.0.1');
my $umlaut = Encode::encode_utf8('Grüße, Ltd');

# --- mails that arrive ------------------------------------------------------------------------------------------------
for my $row ([STARTTLS => $smtp, 1], [smtps => $smtps, 1], ['no TLS' => $plain, 0]) {
    my ($name, $server, $tls) = @$row;
    my $answer = test($server, MAIL_FROM => "'$umlaut <no-reply\@example.org>'");
    is($answer->{status}, 0, "$name: mail test") or diag $answer->{err};
    is($answer->{out}, "The mail server has taken the mail: 250 2.0.0\n", '... says what the server answered');
    is($answer->{err}, '', '... and nothing else');
    my ($mail, @more) = $server->mails;
    is(scalar @more, 0, '... one mail');
    is_deeply([@$mail{qw(from to)}], ['no-reply@example.org', ['ada@example.com']], '... from and to');
    is($mail->{tls} ? 1 : 0, $tls, '... over TLS, or not');
    is($mail->{user}, $server->{user}, '... with the account');
    is($mail->{helo}, 'localhost', '... from the host of PUBLIC_URL');
    is_deeply($mail->{defects}, [], '... and another program finds it well-formed');
    is($mail->{headers}{from}, 'Grüße, Ltd <no-reply@example.org>' =~ s/(.*) </"$1" </r, '... From, decoded');
    is($mail->{headers}{to}, 'ada@example.com', '... To');
    is($mail->{headers}{subject}, 'A test of the mail server', '... Subject');
    is($mail->{headers}{'auto-submitted'}, 'auto-generated', '... no human wrote it');
    like($mail->{headers}{'message-id'}, qr/\A<[0-9a-f]{24}\@example\.org>\z/, '... Message-ID');
    like($mail->{headers}{date}, qr/\A[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9]{2} [0-9:]{8} \+0000\z/, '... Date');
    is($mail->{type}, 'multipart/alternative', '... text and HTML');
    is_deeply([map {"$_->{type} $_->{charset} $_->{encoding}"} @{ $mail->{parts} }], ['text/plain utf-8 quoted-printable', 'text/html utf-8 quoted-printable'], '... in that order');
    like($mail->{text}, qr/\AThis mail is a test\. .*\n\nNothing needs to be done\.\n/, '... the text, decoded');
    like($mail->{html}, qr{\A<!doctype html><html lang="en"><body><p>This mail is a test\. .*<code>authplatform mail test</code>.*</p>\n<p>Nothing needs to be done\.</p></body></html>\n}, '... and the HTML');
    unlike($mail->{raw}, qr/[^\x20-\x7e\r\n]|[^\r]\n|^.{999}/m, '... all of it is short lines of ASCII');
    like(($server->commands)[-1], qr/ QUIT\z/, '... and the tool takes leave');
}
my $answer = json(tool($smtp, [qw(mail test --to ada@example.com --json)]));
is_deeply({ %$answer, sent => $answer->{sent} ? 1 : 0 }, { sent => 1, code => 250, enhanced_code => '2.0.0' }, '--json');

# --- a server that is fine ----------------------------------------------------------------------------------------------
$_->forget for $smtp, $smtps, $plain;
my $place = "localhost:$smtp->{port}";
my $fine  = online($smtp);
is($fine->{status}, 0, 'check-config --online') or diag $fine->{err};
like($fine->{out}, qr/^mail server \Q$place\E: it takes the account$/m, '... says that the server takes the account');
is_deeply([map {/ (\S+)/} $smtp->commands], [qw(CONNECT EHLO STARTTLS EHLO AUTH NOOP QUIT)], '... and sends no mail');
like(online($plain)->{out}, qr/^mail server 127\.0\.0\.1:$plain->{port}: it answers; no account$/m, '... without an account');
my $document = json(tool($smtps, [qw(check-config --online --json)]));
is_deeply([@{ $document->{mail} }{qw(server)}, $document->{mail}{ok} ? 1 : 0], ["localhost:$smtps->{port}", 1], '... as JSON');

# --- faults before a mail, which both commands see ----------------------------------------------------------------------
sub both_say {
    my ($server, $name, $words, $sentence, %more) = @_;
    my ($test, $online) = (test($server, %more), online($server, %more));
    is($test->{status}, 1, "$name: status 1");
    like($test->{err}, qr/\Aauthplatform: the mail was not sent: $words\n\z/, '... at which step');
    is($online->{status}, 1, '... check-config: status 1');
    like($online->{err}, qr/^authplatform: mail server \S+:[0-9]+ $sentence: $words$/m, '... the same, for the account that runs it');
    is(scalar $server->mails, 0, '... no mail');
    return;
}
my ($no_use, $no_tls, $no_account) = ('cannot be used', 'has no TLS that can be used', 'does not take the account of MAIL_URL');
my @before = (
    [[greeting => '554 5.3.2 text of the server'], 'connect: 554 5\.3\.2', $no_use],
    [[greeting => 'close'],                         'connect: the connection was closed', $no_use],
    [[ehlo     => '421 4.7.0 text of the server'],  'connect: 421 4\.7\.0', $no_use],
    [['down'],                                      'connect: .*connect.*', $no_use],
    [[starttls => 'absent'],                        'tls: the server does not offer STARTTLS', $no_tls],
    [[starttls => '454 4.7.0 text of the server'],  'tls: 454 4\.7\.0', $no_tls],
    [[starttls => 'close'],                         'tls: the connection was closed', $no_tls],
    [[auth     => '535 5.7.8 text of the server'],  'auth: 535 5\.7\.8', $no_account],
    [[auth     => '454 4.7.0 text of the server'],  'auth: 454 4\.7\.0', $no_account],
    [[auth     => 'close'],                         'auth: the connection was closed', $no_account],
);
for my $row (@before) {
    $smtp->forget->fault(@{ $row->[0] });
    both_say($smtp, "@{$row->[0]}", @$row[1, 2]);
}
$_->forget->fault for $smtp, $smtps;
both_say($smtp, 'a wrong password', 'auth: 535 5\.7\.8', $no_account, MAIL_URL => "smtp://wrong:password\@$place");
both_say($smtp, 'a CA that is not known', 'tls: .*certificate.*', $no_tls, MAIL_CA_FILE => undef);
both_say($smtps, '... with smtps', 'tls: .*certificate.*', $no_tls, MAIL_CA_FILE => undef);
for my $at (qw(greeting ehlo)) {
    $smtps->fault($at => 'close');
    both_say($smtps, "smtps, closed at the $at", 'connect: the connection was closed', $no_use);
}
$smtps->fault;
both_say($smtp, 'a certificate for another name', 'tls: the certificate is not for this host', $no_tls, MAIL_URL => $smtp->url =~ s/localhost/127.0.0.1/r);
both_say($smtp, 'smtps where the server waits for STARTTLS', 'tls: .*', $no_tls, MAIL_URL => $smtp->url =~ s/smtp:/smtps:/r);
both_say($smtp, 'a name that does not exist', 'connect: .*resolve.*', $no_use, MAIL_URL => 'smtp://mail.invalid');
my $old = AuthPlatform::Smtp->new(tls_most => 'TLSv1_1');
both_say($old, 'nothing newer than TLS 1.1', 'tls: .*', $no_tls);

# --- faults of a mail ---------------------------------------------------------------------------------------------------
my @faults = (
    [[mail => '451 4.3.0 text of the server'],  'mail: 451 4\.3\.0'],
    [[rcpt => '550 5.1.1 text of the server'],  'rcpt: 550 5\.1\.1'],
    [[rcpt => '452 text of the server'],        'rcpt: 452'],
    [[rcpt => 'close'],                         'rcpt: the connection was closed'],
    [[data => '421 4.3.2 text of the server'],  'data: 421 4\.3\.2'],
    [[end  => '554 5.7.1 text of the server'],  'after data: 554 5\.7\.1'],
    [[end  => 'close'],                         'after data: the connection was closed'],
    [[end  => 'lose'],                          'after data: the connection was closed', 1],
);
for my $row (@faults) {
    my ($fault, $words, $kept) = @$row;
    $smtp->forget->fault(@$fault);
    my $refused = test($smtp);
    is($refused->{status}, 1, "@$fault: status 1");
    like($refused->{err}, qr/\Aauthplatform: the mail was not sent: $words\n\z/, '... at which step');
    is(scalar $smtp->mails, $kept // 0, '... and what the server has');
}
for my $fault ([end => 'cut'], [greeting => 'slow 300'], [end => 'slow 300']) {
    $smtp->forget->fault(@$fault);
    is(test($smtp)->{status}, 0, "@$fault");
    is(scalar $smtp->mails, 1, '... one mail');
}
# The server does not know the recipient that this answer accepts, so it refuses DATA.
$smtp->forget->fault(rcpt => '250-more\n250 2.1.5 fine');
like(test($smtp)->{err}, qr/: data: 503$/, 'an answer of two lines is one answer');

# An answer without an enhanced code, and an address in capitals.
$smtp->forget->fault(end => '250 fine');
is(tool($smtp, [qw(mail test --to ADA@Example.COM)])->{out}, "The mail server has taken the mail: 250\n", 'an answer of a code alone');
my $code = json(tool($smtp, [qw(mail test --to ada@example.com --json)]));
is_deeply([@$code{qw(code enhanced_code)}], [250, undef], '... as JSON');
$smtp->forget->fault;
is(tool($smtp, [qw(mail test --to ADA@Example.COM)])->{status}, 0, 'an address in capitals');
is_deeply([map { $_->{to} } $smtp->mails], [['ada@example.com']], '... is the same address');

# --- wrong use ----------------------------------------------------------------------------------------------------------
my $unset = run(['--env-file', env_file(folder()), qw(mail test --to ada@example.com)]);
is($unset->{status}, 1, 'without MAIL_URL: status 1');
like($unset->{err}, qr/\Aauthplatform: no mail can be sent, because MAIL_URL is not set in \S+\n\z/, '... says so');
for my $to ('ada', "ada\@example.com\nBcc: x\@example.com", 'ada@example.com,x@example.com', '<ada@example.com>') {
    my $wrong = run(['--env-file', env_file(folder(), settings($smtp)), qw(mail test --to), $to]);
    is($wrong->{status}, 2, 'a wrong address: status 2');
    like($wrong->{err}, qr/--to: This is not a valid e-mail address/, '... says so');
}
my $without = run(['--env-file', env_file(folder()), qw(check-config --online --json)]);
ok(!exists json($without)->{mail}, 'check-config --online without MAIL_URL: no mail server');

done_testing;
