# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Oidc;
# Identity providers of one test's own on 127.0.0.1 (t/oidc/*.mjs):
#   my $real  = AuthPlatform::Oidc->real([$redirect_uri, ...]);    the npm package oidc-provider, configured like Google
#   my $forge = AuthPlatform::Oidc->forge;                         the forging provider: many issuers in one process
# Both have issuer, client_id and client_secret. One issuer of the forging provider:
#   my $google = $forge->realm('google');
#   $google->plan(jws => { alg => 'none' });     in force until the next plan; plan() makes the issuer right again, counts and records empty
#   $google->seen('token')                       the last record of a token request (in a list: all); counts() has the requests for each path
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd ();
use AuthPlatform::Ports ();
use File::Path          ();
use File::Temp          ();
use HTTP::Tiny;
use JSON  ();
use POSIX ();
use Time::HiRes qw(sleep time);

# The secret has characters that form encoding changes.
use constant { CLIENT_ID => 'test-client.apps.googleusercontent.com', CLIENT_SECRET => 'a:client+secret/with %25&=' };
my $json = JSON->new->utf8->canonical;
my @all;

sub start {
    my ($class, $file, $args, %o) = @_;
    my $dir  = File::Temp::tempdir('authp-oidc-XXXXXX', TMPDIR => 1);
    my $self = bless { dir => $dir, port => AuthPlatform::Ports::free_port(), owner => $$, file => $file, args => $args,
        client_id => CLIENT_ID, client_secret => CLIENT_SECRET, %o }, $class;
    push @all, $self;
    return $self->run;
}

# Starts the provider, after stop() on the same port and with new keys.
sub run {
    my ($self) = @_;
    pipe my $alive_in, my $alive;
    pipe my $said, my $say;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN,  '<&', $alive_in;
        open STDOUT, '>&', $say;
        open STDERR, '>>', "$self->{dir}/said";
        close $_ for $alive, $said;
        # The provider ends at the end of its standard input. A frozen provider does not read it, so the kernel kills it too.
        exec qw(setpriv --pdeathsig KILL), "$ENV{AUTHP_OIDC}/node", "$ENV{AUTHP_STAGE}/t/oidc/$self->{file}", $self->{port}, @{ $self->{args} }
            or POSIX::_exit(127);
    }
    close $_ for $alive_in, $say;
    @$self{qw(pid alive)} = ($pid, $alive);
    my $line = <$said> // '';
    ($self->{base}) = $line =~ /^ready (\S+)/ or die "$self->{file} does not start:\n" . AuthPlatform::Httpd::slurp("$self->{dir}/said");
    return $self;
}

# real([...], host => 'localhost') is another site for a browser than 127.0.0.1.
sub real {
    my ($class, $redirect_uris, %o) = @_;
    AuthPlatform::Httpd::note_secrets(CLIENT_SECRET);
    my $self = $class->start('provider.mjs', [$o{host} || '127.0.0.1', CLIENT_ID, CLIENT_SECRET, @$redirect_uris], %o);
    $self->{issuer} = $self->{base};
    return $self;
}

# forge(tls => [CERTIFICATE, KEY]) accepts TLS only.
sub forge {
    my ($class, %o) = @_;
    AuthPlatform::Httpd::note_secrets(CLIENT_SECRET);
    return $class->start('forge.mjs', $o{tls} || [], %o);
}

sub issuer        { return $_[0]{issuer} }
sub client_id     { return $_[0]{client_id} }
sub client_secret { return $_[0]{client_secret} }

# A frozen provider accepts connections (the kernel does) and does not answer.
sub freeze { my ($self) = @_; kill 'STOP', $self->{pid}; return }
sub thaw   { my ($self) = @_; kill 'CONT', $self->{pid}; return }

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    close delete $self->{alive};
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return;
}

sub realm {
    my ($self, $name) = @_;
    return bless { process => $self, name => $name, issuer => "$self->{base}/$name", client_id => CLIENT_ID, client_secret => CLIENT_SECRET },
        'AuthPlatform::Oidc::Realm';
}

END {
    my $status = $?;
    for my $provider (@all) {
        next if $provider->{owner} != $$;
        $provider->stop;
        File::Path::remove_tree($provider->{dir});
    }
    $? = $status;
}

# --- one issuer of the forging provider ------------------------------------------------------------------------------
package AuthPlatform::Oidc::Realm;
our @ISA = 'AuthPlatform::Oidc';

sub post {
    my ($self, $what, $data) = @_;
    # The certificate of forge(tls => ...) is not checked here.
    my $answer = HTTP::Tiny->new(timeout => 20, verify_SSL => 0)->post("$self->{issuer}/$what", { content => $json->encode($data) });
    $answer->{success} or die "the provider does not take orders: $answer->{status} $answer->{content}";
    return $json->decode($answer->{content});
}

sub control { my ($self, %told) = @_; return $self->post(control => \%told) }

# Replaces the whole plan.
sub plan {
    my ($self, %plan) = @_;
    $self->control(reset => JSON::true, plan => \%plan);
    return $self;
}
sub rotate { my ($self) = @_; $self->control(rotate => JSON::true); return $self }
sub counts { my ($self) = @_; return $self->control->{counts} }

sub seen {
    my ($self, $at) = @_;
    my @records = grep { $_->{at} eq $at } @{ $self->control->{seen} };
    for my $record (@records) {
        AuthPlatform::Httpd::note_secrets(@$record{qw(client_secret access_token id_token state nonce)}, @{ $record->{form} || {} }{qw(code code_verifier)});
    }
    return wantarray ? @records : $records[-1];
}

# Makes an id_token without a sign-in: mint(claims => {}, jws => {}, nonce => ...).
sub mint {
    my ($self, %o) = @_;
    my $token = $self->post(mint => { client_id => $self->{client_id}, secret => $self->{client_secret}, %o })->{id_token};
    AuthPlatform::Httpd::note_secrets($token);
    return $token;
}

1;
