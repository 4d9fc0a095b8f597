# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Smtp;
# A mail server on 127.0.0.1 (t/lib/smtp_server.py, Debian's python3-aiosmtpd), which keeps the mails that it accepts, or fails in a way that a
# test asks for.
#   my $smtp = AuthPlatform::Smtp->new;                    plain SMTP with STARTTLS, for the host localhost; no account is needed
#   AuthPlatform::Smtp->new(tls => 'smtps')                or 'off'; tls_most => 'TLSv1_1': nothing newer is spoken
#   AuthPlatform::Smtp->new(user => 'u', password => 'p')  only with that account; mechanisms => ['LOGIN']: not with AUTH PLAIN
#   AuthPlatform::Httpd->new(settings => $smtp->settings . "PUBLIC_URL=...\n")     MAIL_URL, MAIL_FROM, MAIL_CA_FILE or MAIL_TLS=off
#   $smtp->mails                     the mails kept since forget(), oldest first: {from, to => [], headers => {lower-case name => decoded value}, names => [],
#                                    text, html, links => [], link, parts => [], defects => [], tls, user, helo, connection, raw}
#   $smtp->mail(to => 'a@b')         waits for a mail to that address (at most 30 s, or wait => s) and returns the newest one, or undef
#   $smtp->commands                  lines of the commands since forget(): number of the connection, verb, argument
#   $smtp->fault(rcpt => '550 5.1.1 no such user');        these faults and no others, from now on
#   $smtp->fault(at => 'rcpt', do => '451 4.2.1 later', times => 2, to => 'ada@', reused => 1)    for the first 2 times, for arguments that contain
#                                    "ada@", and on a connection that has carried a mail
#   $smtp->fault([at => ..., do => ...], [...]);   several;     $smtp->fault('down');  no connection;     $smtp->fault;  none
# Moments: greeting, ehlo, helo, starttls, auth, mail, rcpt, data (the command), end (after the mail's last line), rset, noop, quit.
# Faults:
#   CODE TEXT    that answer, with "\n" between lines; after 421 and at the greeting the connection is closed
#   close        the connection is closed without an answer
#   hang         no answer, ever
#   slow MS      the right answer, so much later
#   absent       starttls: it is not offered
#   lose         end: the mail is kept, and the connection is closed without an answer
#   cut          end: the mail is kept and answered with 250, and the connection is closed
# stop() ends the server, and start() starts it again on the same port with the same mails.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd ();
use AuthPlatform::Ports ();
use File::Basename ();
use File::Path     ();
use File::Temp     ();
use JSON           ();
use POSIX          ();
use Time::HiRes qw(sleep time);

use constant FROM => 'Example <no-reply@example.org>';
my $json   = JSON->new->utf8->canonical;
my $script = File::Basename::dirname(__FILE__) . '/../smtp_server.py';
my @all;

sub new {
    my ($class, %o) = @_;
    my $dir  = File::Temp::tempdir('authp-smtp-XXXXXX', TMPDIR => 1);
    my $self = bless { tls => 'starttls', host => 'localhost', mechanisms => ['LOGIN', 'PLAIN'], dir => $dir, port => AuthPlatform::Ports::free_port(), owner => $$,
        number => 0, from => 0, from_command => 0, %o }, $class;
    push @all, $self;
    AuthPlatform::Httpd::note_secrets($self->{password});
    # The certificate is its own CA.
    system('openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test'
            . " -addext subjectAltName=DNS:$self->{host} -keyout $dir/key -out $dir/ca.pem -batch 2>$dir/openssl") == 0
        or die 'openssl: ' . AuthPlatform::Httpd::slurp("$dir/openssl");
    chmod 0755, $dir;    # httpd's user reads the certificate
    AuthPlatform::Httpd::write_file("$dir/config.json", $json->encode({ port => 0 + $self->{port}, host_name => 'mail.test', tls => $self->{tls}, tls_most => $self->{tls_most},
                certificate => "$dir/ca.pem", key => "$dir/key", user => $self->{user}, password => $self->{password}, mechanisms => $self->{mechanisms} }));
    return $self->start;
}

sub start {
    my ($self) = @_;
    pipe my $said, my $say;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>&', $say;
        open STDERR, '>>', "$self->{dir}/said";
        close $said;
        exec qw(setpriv --pdeathsig KILL /usr/bin/python3 -B), $script, $self->{dir} or POSIX::_exit(127);
    }
    close $say;
    $self->{pid} = $pid;
    (<$said> // '') eq "ready\n" or die "smtp_server.py does not start:\n" . AuthPlatform::Httpd::slurp("$self->{dir}/said");
    return $self;
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return $self;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return $self;
}

# A frozen server accepts connections (the kernel does) and does not answer.
sub freeze { my ($self) = @_; kill 'STOP', $self->{pid}; return $self }
sub thaw   { my ($self) = @_; kill 'CONT', $self->{pid}; return $self }

# --- settings ----------------------------------------------------------------------------------------------------------
sub ca_file { return "$_[0]{dir}/ca.pem" }
sub encoded { my ($text) = @_; $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge; return $text }

sub url {
    my ($self) = @_;
    my $account = defined $self->{user} ? encoded($self->{user}) . ':' . encoded($self->{password}) . '@' : '';
    return ($self->{tls} eq 'smtps' ? 'smtps' : 'smtp') . "://$account$self->{host}:$self->{port}";
}

sub settings {
    my ($self) = @_;
    return 'MAIL_URL=' . $self->url . "\nMAIL_FROM=" . FROM . "\n" . ($self->{tls} eq 'off' ? "MAIL_TLS=off\n" : 'MAIL_CA_FILE=' . $self->ca_file . "\n");
}

# --- what it got -------------------------------------------------------------------------------------------------------
# A mail is read once: its file is complete when it is there.
my %read;

sub read_mail {
    my ($file) = @_;
    return $read{$file} if $read{$file};
    my $mail = $json->decode(AuthPlatform::Httpd::slurp($file));
    (my $raw = $file) =~ s/json\z/eml/;
    $mail->{raw}   = AuthPlatform::Httpd::slurp($raw);
    $mail->{links} = [($mail->{text} // '') =~ m{(https?://[^\s<>"]+)}g];
    $mail->{link}  = (grep {/#/} @{ $mail->{links} })[0];
    # What follows the # of a link is a secret.
    AuthPlatform::Httpd::note_secrets(map { /#(.+)/ ? $1 : () } @{ $mail->{links} });
    return $read{$file} = $mail;
}

sub mails {
    my ($self) = @_;
    my @files = sort glob "$self->{dir}/mails/*.json";
    return map { read_mail($_) } @files[$self->{from} .. $#files];
}

sub mail {
    my ($self, %o) = @_;
    my $end = time + ($o{wait} // 30);
    while (1) {
        my @found = grep { my $mail = $_; !defined $o{to} || grep { $_ eq $o{to} } @{ $mail->{to} } } $self->mails;
        return $found[-1] if @found || time > $end;
        sleep 0.05;
    }
}

sub commands {
    my ($self) = @_;
    my @lines = split /\n/, AuthPlatform::Httpd::slurp("$self->{dir}/commands");
    return @lines[$self->{from_command} .. $#lines];
}

sub forget {
    my ($self) = @_;
    $self->{from}         = () = glob "$self->{dir}/mails/*.json";
    $self->{from_command} = () = AuthPlatform::Httpd::slurp("$self->{dir}/commands") =~ /\n/g;
    return $self;
}

# --- orders ------------------------------------------------------------------------------------------------------------
sub rule_of { my (%rule) = @_; return exists $rule{at} ? {%rule} : map { { at => $_, do => $rule{$_} } } sort keys %rule }

# Returns when the server has taken the order. With a server that is stopped, the order counts from its start.
sub fault {
    my ($self, @told) = @_;
    my @rules = !@told ? () : ref $told[0] ? map { rule_of(@$_) } @told : @told == 1 ? { at => 'connect', do => $told[0] } : rule_of(@told);
    $_->{times} += 0 for grep { defined $_->{times} } @rules;
    AuthPlatform::Httpd::write_file("$self->{dir}/told.new", $json->encode({ number => ++$self->{number}, rules => \@rules }));
    rename "$self->{dir}/told.new", "$self->{dir}/told.json" or die "told: $!\n";
    my $end = time + 30;
    while ($self->{pid} && AuthPlatform::Httpd::slurp("$self->{dir}/taken") ne $self->{number}) {
        die "smtp_server.py takes no orders:\n" . AuthPlatform::Httpd::slurp("$self->{dir}/said") if time > $end;
        sleep 0.01;
    }
    return $self;
}

END {
    my $status = $?;
    for my $smtp (@all) {
        next if $smtp->{owner} != $$;
        $smtp->stop;
        File::Path::remove_tree($smtp->{dir});
    }
    $? = $status;
}

1;
