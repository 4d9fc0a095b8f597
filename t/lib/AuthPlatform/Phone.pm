# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Phone;
# A host with the profile `phone` at /api/v1, and what its tests have in common:
#   my $site = AuthPlatform::Phone->new;                        codes by OTP_PROVIDER=mock, which accepts 1234
#   my $site = AuthPlatform::Phone->new(msg91 => $look_alike);  codes by MSG91's look-alike (AuthPlatform::Msg91)
#   $site->post('/auth/send-otp', { phone => '9876543210' });   a request of that mount
#   my $token = $site->member('9876543210', 'seeker');          registers, and returns the access token
# settings => TEXT adds to .env, more => TEXT to httpd's configuration. limits => 1 leaves the limits on. realm => $site is another host of
# the same realm.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd;
use AuthPlatform::Test ();
use Exporter 'import';
use JSON ();
use MIME::Base64 'decode_base64url';
use Test::More;

our @EXPORT_OK = qw(error_is success_is fields_are claims_of);

my $PASSWORD = 'three calm words';

sub new {
    my ($class, %o) = @_;
    my $way = $o{msg91} ? $o{msg91}->settings : "APP_ENV=development\nOTP_PROVIDER=mock\n";
    my $mount = $o{mount} || 'AuthPlatformMount /api/v1 phone';
    my $self = bless { %o, httpd => AuthPlatform::Httpd->new(
            settings => ($o{none} ? '' : $way) . ($o{limits} ? "AUTH_LIMITS=on\n" : '') . ($o{settings} || ''), limits => $o{limits_of_httpd} || '',
            ($o{realm} ? (realm => $o{realm}->httpd) : ()),
            more => "$mount\nAuthPlatformMount /api/auth\n" . ($o{more} || '')) }, $class;
    $self->{httpd}->start;
    return $self;
}

sub httpd    { return $_[0]{httpd} }
sub stop     { return $_[0]{httpd}->stop }
sub password { return $PASSWORD }

# Numbers and codes in a body are secrets for the logs, if they are long enough to be told from other digits.
sub note_numbers {
    my ($json) = @_;
    return if ref $json ne 'HASH';
    for my $number (grep { defined && !ref } map { $json->{$_} } qw(phone mobile)) {
        (my $digits = $number) =~ s/\D//g;
        AuthPlatform::Httpd::note_secrets($number, $digits, length $digits == 10 ? "91$digits" : ());
    }
    return;
}

sub request {
    my ($self, $method, $path, %o) = @_;
    note_numbers($o{json});
    my $answer = $self->{httpd}->request($method => "/api/v1$path", %o);
    my $data = ref $answer->{json} eq 'HASH' ? $answer->{json}{data} : undef;
    AuthPlatform::Httpd::note_secrets($data->{access_token}) if ref $data eq 'HASH';
    return $answer;
}

sub post { my ($self, $path, $json, %o) = @_; return $self->request(POST => $path, (defined $json ? (json => $json) : ()), %o) }
sub get  { my ($self, $path, %o) = @_; return $self->request(GET => $path, %o) }

# The code that was sent to the number last: the mock's, or the one that the look-alike was given.
sub code {
    my ($self, $number) = @_;
    return '1234' if !$self->{msg91};
    (my $digits = $number) =~ s/\D//g;
    $digits = "91$digits" if length $digits == 10;
    return $self->{msg91}->code($digits);
}

# Sends a code to the number for the purpose of `route`, and returns it.
sub send_code {
    my ($self, $route, $body) = @_;
    my $answer = $self->post($route, $body);
    $answer->{status} == 200 or die "$route: $answer->{status} $answer->{body}\n";
    return $self->code($body->{phone} // $body->{mobile});
}

# Makes an account by auth/register.
sub member {
    my ($self, $number, $type, %more) = @_;
    my $code   = $self->send_code('/auth/send-otp', { phone => $number });
    my $answer = $self->post('/auth/register', { full_name => 'Asha', phone => $number, password => $PASSWORD, user_type => $type, otp => $code, %more });
    $answer->{status} == 200 or die "auth/register: $answer->{status} $answer->{body}\n";
    return $answer->{json}{data}{access_token};
}

# Runs the command line tool with the settings of this host: (exit status, output, complaints).
sub tool {
    my ($self, $input, @command) = @_;
    local $ENV{AUTHP_ENV_FILE} = "$self->{httpd}{dir}/.env";
    return AuthPlatform::Test::cli(\@command, $input);
}

# Makes an administrator by the tool, with a number if one is given. Returns a token of the platform's own sign-in.
sub admin {
    my ($self, $email, $number) = @_;
    my ($status, undef, $said) = $self->tool("$PASSWORD\n", qw(user create --role admin --email), $email, defined $number ? ('--phone', $number) : ());
    $status == 0 or die "authplatform user create: $said";
    return $self->{httpd}->api('/login', { email => $email, password => $PASSWORD })->{json}{access_token};
}

# --- what answers look like --------------------------------------------------------------------------------------------------
sub error_is {
    my ($answer, $status, $detail, $code, $name) = @_;
    is($answer->{status}, $status, $name) or diag $answer->{body};
    is_deeply($answer->{json}, { detail => $detail, code => $code }, '... in its words');
    like($answer->{headers}{'content-type'}[0] // '', qr{^application/json\b}, '... as JSON');
    return;
}

sub success_is {
    my ($answer, $message, $data, $name) = @_;
    is($answer->{status}, 200, $name) or diag $answer->{body};
    is_deeply($answer->{json}, { success => JSON::true, message => $message, data => $data }, '... in its words');
    return;
}

# A 422 that names these fields, and no other ones.
sub fields_are {
    my ($answer, $fields, $name) = @_;
    is($answer->{status}, 422, $name) or diag $answer->{body};
    is_deeply([map { $_->{loc} } @{ ref $answer->{json} eq 'HASH' && ref $answer->{json}{detail} eq 'ARRAY' ? $answer->{json}{detail} : [] }], [map { ['body', $_] } @$fields], '... at these fields');
    return;
}

sub claims_of { my ($token) = @_; return JSON->new->decode(decode_base64url((split /\./, $token)[1])) }

1;
