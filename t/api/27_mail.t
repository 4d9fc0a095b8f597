# SPDX-License-Identifier: Apache-2.0
# What the routes that write mails answer: equal answers for addresses with and without an account, EMAIL_VERIFICATION=required, and limits that
# nobody sees. 28_mail_links.t uses the links of the mails.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::FamilyMounts;
use AuthPlatform::Mailed;
use JSON ();
use Test::More;

*words = \&AuthPlatform::Mailed::words;
my $TRUE     = JSON::true();
my $site     = AuthPlatform::Mailed->new;
my $password = $site->password;

# What a client can see of an answer, but for what differs between any two requests.
sub visible {
    my ($answer) = @_;
    my %headers = %{ $answer->{headers} };
    delete @headers{ qw(date x-request-id) };
    $_ = [map {s/=[^;]+/=.../r} @$_] for grep {defined} $headers{'set-cookie'};
    return { status => $answer->{status}, body => $answer->{body}, headers => \%headers };
}

subtest 'a forgotten password' => sub {
    my $ada = $site->account;
    my $off = $site->account;
    $site->ask(PATCH => "/users/$off->{user}{id}", json => { disabled => $TRUE }, as => $site->admin)->{status} == 200 or die 'not disabled';
    my $known = $site->post('/password/forgot', { email => $ada->{email} });
    is(words($known), '202', 'an account has the address');
    like($known->{json}{message}, qr/^If an account has this address/, 'a message');
    is_deeply(visible($site->post('/password/forgot', { email => $_->[1] })), visible($known), $_->[0])
        for ['nobody has it', $site->new_email], ['a disabled account', $off->{email}], ['in capitals', uc $ada->{email}];
    is(words($site->post('/password/forgot', { email => 'ada' })), '422 validation_failed', 'no address');
};

subtest 'proving an address' => sub {
    my $ada = $site->account;
    is(words($site->post('/email/verify/send', undef, as => $ada)), '202', 'not proven yet');
    is(words($site->post('/email/verify/send', undef)), '401 token_missing', 'nobody');
    is(words($site->post('/email/verify/send', undef, as => $site->admin)), '204', 'proven');
    my ($status, undef, $error) = $site->tool("$password\n", qw(user create --role candidate --username), "named$$");
    is($status, 0, 'an account without an address') or diag $error;
    my $named = $site->post('/login', { username => "named$$", password => $password });
    is(words($site->post('/email/verify/send', undef, as => $named->{json})), '404 not_found', 'has nothing to prove');
};

subtest 'another address' => sub {
    my ($ada, $bob) = ($site->account, $site->account);
    my $free = $site->post('/me/email', { new_email => $site->new_email, password => $password }, as => $ada);
    is(words($free), '202', 'a free one');
    is_deeply(visible($site->post('/me/email', { new_email => $_->[1], password => $password }, as => $ada)), visible($free), $_->[0])
        for ['taken', uc $bob->{email}], [q{one's own}, $ada->{email}];
    is(words($site->post('/me/email', { new_email => $site->new_email, password => 'wrong' }, as => $ada)), '403 invalid_credentials', 'a wrong password');
    is(words($site->post('/me/email', { new_email => $site->new_email }, as => $ada)), '202', 'signed in just now');
    is(words($site->post('/me/email', { new_email => 'ada', password => $password }, as => $ada)), '422 validation_failed', 'no address');
    is($site->get('/me', as => $ada)->{json}{email}, $ada->{email}, 'nothing has changed');
    # Whose sign-in is not known to be recent: the token of another session that began long ago is not there, so the password is needed.
    my $old = AuthPlatform::Mailed->new(settings => "AUTH_STORE=sqlite\n");
    my $eve = $old->account;
    system('sqlite3', $old->httpd->{dir} . '/state/auth_platform.db', 'UPDATE refresh_tokens SET auth_time = auth_time - 301000') == 0 or die 'sqlite3';
    is(words($old->post('/me/email', { new_email => $site->new_email }, as => $eve)), '401 insufficient_user_authentication', 'signed in long ago');
    is(words($old->post('/me/email', { new_email => $site->new_email, password => $password }, as => $eve)), '202', '... with the password');
    $site->saw->{'POST /me/email 401 insufficient_user_authentication'}++ if $old->saw->{'POST /me/email 401 insufficient_user_authentication'};
};

subtest 'no links' => sub {
    my $ada = $site->account;
    for my $token ('x', 'A' x 43, 'x' x 1000) {
        is(words($site->post('/password/reset', { token => $token, new_password => $password })), '400 link_invalid', length($token) . ' characters: no new password');
        is(words($site->post('/email/verify', { token => $token }, as => $ada)), '400 link_invalid', 'no proof');
    }
};

subtest 'administrators' => sub {
    my $admin = $site->admin;
    my $email = $site->new_email;
    my $made  = $site->post('/users', { email => $email, name => 'Mo', roles => ['recruiter'], send => $TRUE }, as => $admin);
    is(words($made), '201', 'an account that is mailed');
    is_deeply([@{ $made->{json} }{ qw(email roles email_verified is_recruiter_verified) }], [$email, ['recruiter'], JSON::false(), $TRUE], 'the account');
    is(words($site->post('/users', { email => $email, send => $TRUE }, as => $admin)), '409 email_taken', 'again');
    is(words($site->post('/recruiter/invites', { email => $site->new_email, send => $TRUE }, as => $admin)), '201', 'an invite that is mailed');
};

subtest 'the proof is required' => sub {
    my $strict = AuthPlatform::Mailed->new(settings => "EMAIL_VERIFICATION=required\nRECRUITER_REGISTRATION=open\n");
    my %mail   = map { $_ => $strict->new_email } qw(candidate recruiter);
    my %path   = (candidate => '/register', recruiter => '/register/recruiter');
    for my $role (qw(candidate recruiter)) {
        my $new = $strict->post($path{$role}, { email => $mail{$role}, password => $password });
        is(words($new), '202', "$role: registered");
        is_deeply([sort keys %{ $new->{json} }], ['message'], 'without tokens');
        is(scalar @{ $new->{headers}{'set-cookie'} }, 1, 'the device is known');
        my $again = $strict->post($path{$role}, { email => uc $mail{$role}, password => 'four rather calm words' });
        is_deeply(visible($again), visible($new), 'the same answer if the address is taken');
        is(length $again->{headers}{'set-cookie'}[0], length $new->{headers}{'set-cookie'}[0], '... with as long a cookie');
        is(words($strict->sign_in($mail{$role}, 'four rather calm words')), '401 invalid_credentials', 'and the other password opens nothing');
    }
    is(words($strict->post("/login$_->[0]", { email => $mail{ $_->[1] }, password => $password })), '403 email_unverified', "/login$_->[0]: the right password")
        for ['', 'candidate'], ['/candidate', 'candidate'], ['/recruiter', 'recruiter'];
    is(words($strict->sign_in($mail{candidate}, 'wrong')), '401 invalid_credentials', 'a wrong one');
    is(words($strict->post('/register', { email => 'ada', password => $password })), '422 validation_failed', 'no address');
    ok($strict->admin->{access_token}, 'the tool makes accounts that can sign in');
    is(words($strict->post('/register/recruiter', { email => $strict->new_email, password => $password }, as => $strict->admin)), '201', 'an administrator gets the account');
    my $site_saw = $site->saw;
    $site_saw->{$_} += $strict->saw->{$_} for keys %{ $strict->saw };
};

# Families register as ever, and their doors need the proof, too.
subtest 'the proof is required at the doors of families' => sub {
    my %host   = AuthPlatform::FamilyMounts::host();
    my $strict = AuthPlatform::Mailed->new(%host, settings => "$host{settings}EMAIL_VERIFICATION=required\n");
    my $send   = sub { return $strict->httpd->request(POST => $_[0], json => $_[1]) };
    my @doors  = (
        ['/api/v1/auth/candidate/register', '/api/v1/auth/candidate/login', { full_name => 'Ada' }],
        ['/jobs/auth/signup', '/jobs/auth/login', { name => 'Ada' }],
        ['/auth/register', '/auth/login', { username => "ada$$" }],
    );
    for my $door (@doors) {
        my ($register, $login, $more) = @$door;
        my %in = (email => $site->new_email, password => 'Three calm words 1');
        like($send->($register, { %in, %$more })->{status}, qr/^20[01]$/, "$register: as ever") or next;
        my $answer = $send->($login, $more->{username} ? { username => $more->{username}, password => $in{password} } : \%in);
        is($answer->{status}, 403, "$login: not before the proof") or diag $answer->{body};
        like($answer->{body}, qr/"detail":.*Nobody has proven yet/, 'in its own shape');
    }
    my $boss = '+919876' . sprintf '%06d', $$ % 1000000;
    my ($status, undef, $error) = $strict->tool("$password\n", qw(user create --role admin --email), my $email = $site->new_email, '--phone', $boss);
    is($status, 0, 'an administrator by the tool') or diag $error;
    is($send->('/phone/v1/admin/login', { email => $email, password => $password })->{status}, 200, 'whose address counts as proven');
};

subtest 'the limit is silent' => sub {
    my $limited = AuthPlatform::Mailed->new(settings => "AUTH_LIMITS=on\nAUTH_LIMIT_MAIL=2/1h\n");
    my $ada     = $limited->account;
    my $first   = $limited->post('/password/forgot', { email => $ada->{email} });
    is(words($first), '202', 'the first');
    is_deeply(visible($limited->post('/password/forgot', { email => $ada->{email} })), visible($first), "request $_") for 2 .. 4;
    is(words($limited->post('/email/verify/send', undef, as => $ada)), '202', 'another kind of mail');
    # The mails are sent in the order of their requests: the registration, the first two new passwords, the proof, then that of Bob.
    my $bob = $limited->account;
    $limited->token($bob->{email});
    is(join(' ', map { $_->{link} =~ m{/([a-z-]+)#} } $limited->mails_to($ada->{email})), 'verify-email reset-password reset-password verify-email',
        'a stranger who asks for new passwords does not keep the owner from a proof of the address');
};

subtest 'proofs of an address keep nobody from a new password' => sub {
    my $limited = AuthPlatform::Mailed->new(settings => "AUTH_LIMITS=on\nAUTH_LIMIT_MAIL=2/1h\n");
    my $ada     = $limited->account;
    is(words($limited->post('/email/verify/send', undef, as => $ada)), '202', "proof $_, asked for with a stolen session") for 2 .. 4;
    is(words($limited->post('/password/forgot', { email => $ada->{email} })), '202', 'the owner has forgotten the password');
    my $mail;
    do { $mail = $limited->next_mail($ada->{email}) } until $mail->{page} eq 'reset-password';
    is(words($limited->post('/password/reset', { token => $mail->{token}, new_password => 'four rather calm words' })), '200', '... gets the link, and a new password');
    is(words($limited->get('/me', as => $ada)), '401 token_revoked', '... and the stolen session ends');
    is(scalar(grep { $_->{link} =~ /verify-email#/ } $limited->mails_to($ada->{email})), 2, 'two proofs were mailed');
};

subtest 'while the mail server is away' => sub {
    my $ada = $site->account;
    $site->smtp->stop;
    is(words($site->post('/password/forgot', { email => $ada->{email} })), '202', 'no route waits for it');
    is(words($site->post('/email/verify/send', undef, as => $ada)), '202', 'nor this one');
};

my %needs_mail = do "$FindBin::Bin/contract/mail.pl";
is(join(', ', grep { !$site->saw->{$_} } @{ $needs_mail{before} }), '', 'each answer of contract/mail.pl that needs no link has been seen');
done_testing;
