# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Mailed;
# An httpd of one test's own that sends its mails to an SMTP server of its own, without TLS unless new() gets tls => 'starttls' or 'smtps'.
#   my $site = AuthPlatform::Mailed->new(settings => "EMAIL_VERIFICATION=required\n");
#   my $answer = $site->post('/password/forgot', { email => $email });       status, json, headers; as => $account sends its token
#   $site->account;  $site->account(email => $email)                         registers: {email, password, access_token, refresh_token, user}
#   $site->admin;  $site->tool($stdin, qw(user list))
#   $site->next_mail($email)                                                 waits for the next mail to that address, which no call has returned before:
#                                                                            {page => 'verify-email', token, text, subject}; page and token only with a link
#   $site->rows('outbox')                                                    rows of its store, as AuthPlatform::Rows reads them
#   $site->saw                                                               what has been answered: "POST /password/forgot 202"
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd;
use AuthPlatform::Rows ();
use AuthPlatform::Smtp;
use AuthPlatform::Test ();
use Time::HiRes qw(sleep time);

my $PASSWORD = 'three calm words';
my $serial   = 0;

sub new {
    my ($class, %o) = @_;
    # Reading the system's certificates for each connection takes seconds under the sanitizers.
    my $smtp = AuthPlatform::Smtp->new(tls => delete $o{tls} // 'off');
    my $httpd = AuthPlatform::Httpd->new(%o, settings => $smtp->settings . "PUBLIC_URL=http://127.0.0.1" . ($o{port} ? ":$o{port}" : "") . "\n" . ($o{settings} // ''))->start;
    return bless { smtp => $smtp, httpd => $httpd, seen => {} }, $class;
}

sub smtp      { return $_[0]{smtp} }
sub httpd     { return $_[0]{httpd} }
sub password  { return $PASSWORD }
sub saw       { return $_[0]{seen} }
sub new_email { return sprintf 'person%d.%d@example.org', $$, ++$serial }

sub ask {
    my ($self, $method, $path, %o) = @_;
    my $as     = delete $o{as};
    my $answer = $self->{httpd}->request($method, "/api/auth$path", %o, ($as ? (bearer => $as->{access_token}) : ()));
    my $row    = $path =~ s{/[0-9a-f]{24}(?=/|$)}{/\{id\}}r;
    $self->{seen}{ join ' ', $method, $row, $answer->{status}, ($answer->{status} >= 400 ? $answer->{json}{code} : ()) }++;
    return $answer;
}

sub post { my ($self, $path, $json, %o) = @_; return $self->ask(POST => $path, (defined $json ? (json => $json) : ()), %o) }
sub get  { my ($self, $path, %o) = @_; return $self->ask(GET => $path, %o) }

# The status and, if it is an error, its code: "202", "400 link_invalid".
sub words { my ($answer) = @_; return join ' ', $answer->{status}, ($answer->{status} >= 400 ? $answer->{json}{code} // '?' : ()) }

# Mails to that address, oldest first.
sub mails_to {
    my ($self, $email) = @_;
    return grep { grep { $_ eq $email } @{ $_->{to} } } $self->{smtp}->mails;
}

sub next_mail {
    my ($self, $email) = @_;
    my $taken = $self->{taken}{$email}++ // 0;
    my $end   = time + 30;
    my @mails;
    while ((@mails = $self->mails_to($email)) <= $taken) {
        time < $end or die "no mail to $email, number $taken\n";
        sleep 0.05;
    }
    my $mail = $mails[$taken];
    my ($page, $token) = ($mail->{link} // '') =~ m{/([a-z-]+)#([\w-]+)$};
    return { page => $page, token => $token, text => $mail->{text}, subject => $mail->{headers}{subject}, html => $mail->{html} };
}

# The token of the next mail with a link.
sub token {
    my ($self, $email) = @_;
    my $mail;
    do { $mail = $self->next_mail($email) } until defined $mail->{token};
    return $mail->{token};
}

sub account {
    my ($self, %o) = @_;
    my %with = (email => new_email(), password => $PASSWORD, %o);
    my $answer = $self->post('/register', \%with);
    $answer->{status} == 201 or die "register: $answer->{status} $answer->{body}\n";
    return { %with, %{ $answer->{json} } };
}

sub sign_in {
    my ($self, $email, $password, %o) = @_;
    return $self->post('/login', { email => $email, password => $password // $PASSWORD, %{ $o{more} || {} } }, %o);
}

sub tool {
    my ($self, $input, @arguments) = @_;
    local $ENV{AUTHP_ENV_FILE} = "$self->{httpd}{dir}/.env";
    return AuthPlatform::Test::cli(\@arguments, $input);
}

sub rows {
    my ($self, @which) = @_;
    my %is = AuthPlatform::Httpd::slurp("$self->{httpd}{dir}/.env") =~ /^(\w+)=(.*)$/mg;
    local $ENV{AUTHP_STAGE}           = $self->{httpd}{dir};
    local $ENV{AUTHP_STORE}           = $is{AUTH_STORE} // 'sqlite';
    local $ENV{AUTHP_MONGODB_NAME}    = $is{MONGODB_DB} // '';
    local $ENV{AUTHP_POSTGRES_SCHEMA} = $is{AUTH_DB_SCHEMA} // '';
    return AuthPlatform::Rows::rows(@which);
}

sub admin {
    my ($self) = @_;
    my $email = new_email();
    my ($status, undef, $error) = $self->tool("$PASSWORD\n", qw(user create --role admin --email), $email);
    $status == 0 or die "authplatform user create: $error";
    return { email => $email, password => $PASSWORD, %{ $self->sign_in($email)->{json} } };
}

1;
