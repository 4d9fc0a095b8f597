# SPDX-License-Identifier: Apache-2.0
# Mails and a mail server that is down, refuses, forgets, closes, lies or hangs: nothing gets lost, nothing comes twice, what can never be sent is
# given up with one line, and no log has an address or a link, at LogLevel trace8. 81_smtp_ends.t stops and kills httpd meanwhile.
# Quiet: it waits for retries most of the time.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Mailed;
use Test::More;
use Time::HiRes qw(sleep time);

*words = \&AuthPlatform::Mailed::words;
my $PASSWORD = 'three calm words';
my $LONG     = 120;    # seconds that a mail may take on a busy machine; the waits themselves are 10 to 30 s

# The mails to that address, as soon as there are so many, or after the time.
sub arrived {
    my ($site, $email, $count) = @_;
    my $end = time + $LONG;
    while (1) {
        my @mails = $site->mails_to($email);
        return @mails if @mails >= $count || time > $end;
        sleep 0.1;
    }
}

sub lines { my ($site, $id) = @_; return grep {/$id: /} split /\n/, $site->httpd->log }
sub line_of { my ($site, $id) = @_; my $end = time + $LONG; my @found; sleep 0.1 while !(@found = lines($site, $id)) && time < $end; return @found }
sub registers { my ($site, @emails) = @_; return map { words($site->post('/register', { email => $_, password => $PASSWORD })) } @emails }

for my $mpm (qw(event prefork)) {
    subtest $mpm => sub {
        my $site = AuthPlatform::Mailed->new(tls => 'starttls', mpm => $mpm, more => "LogLevel warn auth_platform:trace8\n");
        my ($smtp, @all) = ($site->smtp);

        subtest 'a mail' => sub {
            my $ada = $site->account;
            push @all, $ada->{email};
            my $proof = $site->next_mail($ada->{email});
            is($proof->{page}, 'verify-email', 'a link that proves the address');
            is(words($site->post('/password/forgot', { email => $ada->{email} })), '202', 'a forgotten password');
            is(words($site->post('/password/forgot', { email => "nobody.$ada->{email}" })), '202', '... of nobody');
            my ($mail) = grep { $_->{link} =~ /reset/ } arrived($site, $ada->{email}, 2);
            like($mail->{link}, qr{^http://127\.0\.0\.1/api/auth/reset-password#[\w-]{43}$}, 'a link that begins with PUBLIC_URL');
            like($mail->{html}, qr{\Q$mail->{link}\E}, '... in the HTML, too');
            is($mail->{headers}{to}, $ada->{email}, 'To');
            is($mail->{headers}{from}, 'Example <no-reply@example.org>', 'From');
            like($mail->{headers}{'message-id'}, qr/^<[0-9a-f]{24}\@example\.org>$/, 'Message-ID');
            ok($mail->{tls}, 'by TLS');
            my ($token) = $mail->{link} =~ /#(.*)/;
            is(words($site->post('/password/reset', { token => $token, new_password => 'four calm red words' })), '200', 'the link counts');
            is(words($site->sign_in($ada->{email}, 'four calm red words')), '200', '... and the new password');
            is(scalar $site->mails_to("nobody.$ada->{email}"), 0, 'nobody gets no mail');
        };

        subtest 'single mails' => sub {
            my %rule = (
                later   => [at => 'rcpt', do => '451 4.2.1 later', times => 1],
                gone    => [at => 'rcpt', do => '550 5.1.1 no such user'],
                spam    => [at => 'end',  do => '554 5.7.1 spam', times => 1],
                closes  => [at => 'end',  do => 'close', times => 1],
                garbage => [at => 'rcpt', do => 'what is that', times => 1],
                leaves  => [at => 'rcpt', do => '421 4.3.2 good bye', times => 1],
                slow    => [at => 'end',  do => 'slow 1500', times => 1],
            );
            my %email = map { $_ => "$_.$mpm.$$\@example.org" } keys %rule, 'fine';
            push @all, values %email;
            $smtp->fault(map { [@{ $rule{$_} }, to => "$_.$mpm"] } sort keys %rule);
            is_deeply([registers($site, @email{ sort keys %email })], [('201') x keys %email], 'each registers');
            for my $name (sort keys %email) {
                is(scalar arrived($site, $email{$name}, $name eq 'gone' ? 0 : 1), $name eq 'gone' ? 0 : 1, "$name: arrives once");
            }
            line_of($site, 'AUTHP0320');
            sleep 12;    # longer than the wait before a second try
            is(scalar $site->mails_to($email{$_}), $_ eq 'gone' ? 0 : 1, "$_: still") for sort keys %email;
            my @given_up = lines($site, 'AUTHP0320');
            is(scalar @given_up, 1, 'one line about the address that is refused') or diag join "\n", @given_up;
            like($given_up[0], qr/error\] .*AUTHP0320: mail [0-9a-f]{24} \(verify_email\) was given up: rcpt: 550 5\.1\.1$/, '... says which mail, and why');
            is(scalar(grep { /RCPT TO:<gone\./i } $smtp->commands), 1, '... and the server was asked once');
        };

        subtest 'a server that is down' => sub {
            my @emails = map {"down$_.$mpm.$$\@example.org"} 1 .. 8;
            push @all, @emails;
            my $failures = lines($site, 'AUTHP0323');
            $smtp->fault('down');
            is_deeply([registers($site, @emails)], [('201') x 8], 'each registers');
            my $end = time + $LONG;
            sleep 0.1 while lines($site, 'AUTHP0323') <= $failures && time < $end;
            sleep 7;
            $smtp->fault;
            is(scalar arrived($site, $_, 1), 1, 'arrives') for @emails;
            cmp_ok(scalar lines($site, 'AUTHP0323'), '==', $failures + 1, 'the log says once that it fails');
            like((line_of($site, 'AUTHP0324'))[-1], qr/notice\] .*AUTHP0324: the mail server works again/, 'the log says that it works again');
        };

        subtest 'no STARTTLS' => sub {
            my $email = "plain.$mpm.$$\@example.org";
            push @all, $email;
            $smtp->fault(at => 'starttls', do => 'absent');
            is_deeply([registers($site, $email)], ['201'], 'registers');
            my $end = time + $LONG;
            sleep 0.1 while !grep({/AUTHP0323: the mail server fails: tls: /} lines($site, 'AUTHP0323')) && time < $end;
            ok(scalar(grep {/warn\] .*AUTHP0323: the mail server fails: tls: .*; mails wait$/} lines($site, 'AUTHP0323')), 'the log says why no mail is sent');
            is(scalar $site->mails_to($email), 0, 'no mail without TLS');
            unlike(join("\n", $smtp->commands), qr/plain\./, '... and no address');
            $smtp->fault;
            is(scalar arrived($site, $email, 1), 1, 'arrives later');
        };

        my $log = $site->httpd->log;
        my @tokens = map { /#([\w-]+)/ ? $1 : () } map { @{ $_->{links} } } $smtp->mails;
        cmp_ok(scalar @tokens, '>', 15, 'links were sent');
        is(join(',', grep { index($log, $_) >= 0 } @tokens, @all), '', 'the log has no address and no link');
        unlike($log, qr/exit signal|Assertion|AddressSanitizer/, 'nothing crashed');
        $site->httpd->stop;
    };
}
done_testing;
