# SPDX-License-Identifier: Apache-2.0
# Links and notices of mails that were really sent, from the request that causes the mail to what its link does. 27_mail.t tests the requests.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Mailed;
use JSON ();
use Test::More;

*words = \&AuthPlatform::Mailed::words;
my $TRUE     = JSON::true();
my $site     = AuthPlatform::Mailed->new(settings => "RECRUITER_REGISTRATION=open\n");
my $password = $site->password;
my $other    = 'four rather calm words';

sub verify { my ($token, $more, %o) = @_; return $site->post('/email/verify', { token => $token, %{ $more || {} } }, %o) }
sub reset_to { my ($token, $new) = @_; return $site->post('/password/reset', { token => $token, new_password => $new }) }
sub me { return $site->get('/me', as => $_[0]) }

# The next mail to that address has a link to that page; without a page it has none.
sub mail_with {
    my ($email, $page, $name) = @_;
    my $mail = $site->next_mail($email);
    is($mail->{page}, $page, $name) or diag $mail->{text};
    return $mail;
}

subtest 'proving an address' => sub {
    my $ada  = $site->account(name => 'Call 555-0100 now');
    my $bob  = $site->account;
    my $mail = mail_with($ada->{email}, 'verify-email', 'a registration is mailed a link');
    like($mail->{text}, qr{http://127\.0\.0\.1/api/auth/verify-email#$mail->{token}\b}, 'to the page below the mount of PUBLIC_URL');
    unlike("$mail->{text}$mail->{html}$mail->{subject}", qr/555-0100/, 'nothing that the person chose who registered');
    is($site->get('/verify-email')->{status}, 200, 'the page');
    my $token = $mail->{token};
    is(words(verify($token)), '401 token_missing', 'a link alone');
    is(words(verify($token, undef, as => $bob)), '401 invalid_credentials', q{with another account's session});
    is(words(verify($token, { password => 'wrong' })), '401 invalid_credentials', 'with a wrong password');
    is(words(reset_to($token, $other)), '400 link_invalid', 'as another kind of link');
    my $done = verify($token, undef, as => $ada);
    is(words($done), '200', q{with the account's session});
    is_deeply([@{ $done->{json} }{ qw(id email email_verified) }], [$ada->{user}{id}, $ada->{email}, $TRUE], 'the answer is the user');
    is(words(verify($token, undef, as => $ada)), '400 link_invalid', 'a second time');
    is(words(verify(mail_with($bob->{email}, 'verify-email', 'the other account has a link, too')->{token}, { password => $password })), '200', 'which it uses with its password');
};

subtest 'a forgotten password' => sub {
    my $ada = $site->account;
    verify($site->token($ada->{email}), undef, as => $ada)->{status} == 200 or die;
    my @tokens = map { $site->post('/password/forgot', { email => uc $ada->{email} }); mail_with($ada->{email}, 'reset-password', 'a link')->{token} } 1, 2;
    is($site->get('/reset-password')->{status}, 200, 'the page');
    is(words(verify($tokens[0], undef, as => $ada)), '400 link_invalid', 'it proves no address');
    my $done = reset_to($tokens[0], $other);
    is(words($done), '200', 'a new password');
    ok($done->{json}{message}, 'a message');
    is(words(me($ada)), '401 token_revoked', 'the session has ended');
    is(words($site->sign_in($ada->{email}, $password)), '401 invalid_credentials', 'the old password opens nothing');
    is(words($site->sign_in($ada->{email}, $other)),    '200',                     'the new one does');
    is(words(reset_to($tokens[1], $password)), '400 link_invalid', 'the other link is no good after the change');
    mail_with($ada->{email}, undef, 'a notice of the new password');
};

# Somebody has registered with an address of another person.
subtest 'the first proof' => sub {
    my $eve = $site->account;
    $site->post('/password/forgot', { email => $eve->{email} });
    mail_with($eve->{email}, 'verify-email', 'the link of the registration');
    is(words(reset_to(mail_with($eve->{email}, 'reset-password', 'the link to a new password')->{token}, $other)), '200', 'the owner of the address takes the account');
    is(words(me($eve)), '401 token_revoked', 'who had registered is out');
    is(words($site->sign_in($eve->{email}, $password)), '401 invalid_credentials', 'for good');
    my $owner = $site->sign_in($eve->{email}, $other)->{json};
    is($owner->{user}{email_verified}, $TRUE, 'the address is proven');
};

subtest 'another address' => sub {
    my $ada = $site->account;
    my $old = $ada->{email};
    my ($new, $later) = map { $site->new_email } 0, 1;
    verify($site->token($old), undef, as => $ada)->{status} == 200 or die;
    is(words($site->post('/me/email', { new_email => $_, password => $password }, as => $ada)), '202', 'asked for') for $new, $later;
    my ($token, $kept) = map { mail_with($_, 'verify-email', 'the new address gets the link')->{token} } $new, $later;
    my $bob = $site->account(email => $later);
    is(words(verify($kept, undef, as => $ada)), '409 email_taken', 'taken meanwhile');
    is(words(verify($token, { password => $password })), '200', 'the other one is free');
    is(me($ada)->{json}{email}, $new, 'the session goes on with the new address');
    is(words($site->sign_in($new)), '200', 'which signs in');
    is(words($site->sign_in($old)), '401 invalid_credentials', 'and the old one does not');
    mail_with($old, undef, 'the old one gets a notice');
    is(words($site->post('/me/email', { new_email => $later, password => $password }, as => $ada)), '202', 'a taken one');
    mail_with($later, 'verify-email', q{its owner's link});
    mail_with($later, undef, 'and a notice for the owner');
};

subtest 'by administrators' => sub {
    my $admin = $site->admin;
    my $email = $site->new_email;
    $site->post('/users', { email => $email, name => 'Mo', roles => ['recruiter'], send => $TRUE }, as => $admin)->{status} == 201 or die;
    is(words(reset_to(mail_with($email, 'reset-password', 'a new account')->{token}, $other)), '200', 'gets its first password');
    my $mo = $site->sign_in($email, $other)->{json};
    is_deeply([@{ $mo->{user} }{ qw(name roles email_verified) }], ['Mo', ['recruiter'], $TRUE], 'with its roles, and proven');
    my $invited = $site->new_email;
    my $invite  = $site->post('/recruiter/invites', { email => $invited, send => $TRUE }, as => $admin)->{json};
    like(mail_with($invited, undef, 'an invite')->{text}, qr/\Q$invite->{code}\E/, 'has its code');
    is(words($site->post('/register/recruiter', { email => $invited, password => $password, invite_code => $invite->{code} })), '201', 'which works');
};

subtest 'the proof is required' => sub {
    my $strict = AuthPlatform::Mailed->new(settings => "EMAIL_VERIFICATION=required\n");
    my $email  = $strict->new_email;
    is(words($strict->post('/register', { email => $email, password => $password })), '202', 'registered');
    is(words($strict->post('/register', { email => $email, password => $other })), '202', 'and once more, by somebody else');
    is(words($strict->sign_in($email)), '403 email_unverified', 'not before the proof');
    my $mail = $strict->next_mail($email);
    is($mail->{page}, 'verify-email', 'the link');
    is(words($strict->post('/email/verify', { token => $mail->{token}, password => $other })), '401 invalid_credentials', 'not with the other password');
    is(words($strict->post('/email/verify', { token => $mail->{token}, password => $password })), '200', 'the proof');
    is(words($strict->sign_in($email)), '200', 'then a sign-in');
    is($strict->next_mail($email)->{page}, undef, 'the other registration caused a notice');
};

my %needs_mail = do "$FindBin::Bin/contract/mail.pl";
is(join(', ', grep { !$site->saw->{$_} } @{ $needs_mail{with_link} }), '', 'each answer of contract/mail.pl that needs a link has been seen');
is(join("\n", $site->httpd->complaints), '', 'nothing to complain about');
done_testing;
