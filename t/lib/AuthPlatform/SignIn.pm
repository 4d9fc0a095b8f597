# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::SignIn;
# Sign-in at an identity provider with the requests that a browser makes.
#   my $site    = AuthPlatform::SignIn->site(google => $realm, corp => [$realm, LABEL => 'Corp']);   an httpd of its own with these providers
#   my $visitor = $site->visitor;                                                            a cookie jar
#   my $answer  = $visitor->sign_in('google', role => 'candidate', login_hint => 'alice');   the callback's answer
# The same in steps: $visitor->begin(...), $visitor->at_provider($answer), $visitor->open($url). Redirects to pages of the site are not followed.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd ();
use AuthPlatform::Ports ();
use AuthPlatform::Test  ();
use Digest::SHA 'sha256';
use Exporter 'import';
use HTTP::Tiny;
use MIME::Base64 'encode_base64url';
use URI        ();
use URI::Escape 'uri_escape_utf8';

our @EXPORT_OK = qw(challenge query_of somebody verifier with_query words);

# --- the site --------------------------------------------------------------------------------------------------------
# Starts an httpd of its own, which logs at trace8. A provider is an object of AuthPlatform::Oidc, or [object, NAME => VALUE...] with further
# settings of that provider. settings, more, limits and mpm are those of AuthPlatform::Httpd. port => chooses the port, for
# a provider that must know the redirect URI before the site starts. mount => is the mount of the redirect URIs.
sub site {
    my ($class, %o) = @_;
    my ($settings, $more, $limits) = map { delete $o{$_} // '' } qw(settings more limits);
    my $mpm  = delete $o{mpm} || 'event';
    my $port = delete $o{port} || AuthPlatform::Ports::free_port();
    my $self = bless { port => $port, origin => "http://127.0.0.1:$port", mount => delete $o{mount} || '/api/auth' }, $class;
    my @others = grep { $_ ne 'google' } sort keys %o;
    for my $name (sort keys %o) {
        my ($provider, %more) = ref $o{$name} eq 'ARRAY' ? @{ $o{$name} } : $o{$name};
        my $prefix = $name eq 'google' ? 'GOOGLE' : 'OIDC_' . uc $name;
        my $redirect = $name eq 'google' ? 'GOOGLE_OAUTH_REDIRECT_URI' : "${prefix}_REDIRECT_URI";
        my %all = ("${prefix}_ISSUER" => $provider->issuer, "${prefix}_CLIENT_ID" => $provider->client_id,
            "${prefix}_CLIENT_SECRET" => $provider->client_secret, $redirect => $self->redirect_uri($name), map { +"${prefix}_$_" => $more{$_} } keys %more);
        $settings .= join '', map {"$_='$all{$_}'\n"} sort keys %all;
    }
    $settings .= 'OIDC_PROVIDERS=' . join(',', @others) . "\n" if @others;
    $self->{httpd} = AuthPlatform::Httpd->new(port => $port, mpm => $mpm, settings => $settings, limits => $limits,
        more => "LogLevel auth_platform:trace8\n$more")->start;
    return $self;
}

sub redirect_uri { my ($self, $name) = @_; return $self->{origin} . ($self->{mount} || '/api/auth') . ($name eq 'google' ? '' : '/oidc') . "/$name/callback" }
sub origin       { return $_[0]{origin} }
sub httpd        { return $_[0]{httpd} }

sub visitor { my ($self) = @_; return AuthPlatform::SignIn::Visitor->new($self) }

# --- accounts --------------------------------------------------------------------------------------------------------
# One request of an administrator below /api/auth: as_admin(GET => '/users/...').
sub as_admin {
    my ($self, $method, $path, %o) = @_;
    return $self->{httpd}->request($method, "/api/auth$path", bearer => $self->admin->{access_token}, %o);
}

# The administrator, made at the first call: {email, password, access_token, user}.
sub admin {
    my ($self) = @_;
    return $self->{admin} ||= $self->made_by_tool('admin');
}

sub made_by_tool {
    my ($self, $role, $email, @options) = @_;
    $email //= somebody() . '@gmail.test';
    my $password = 'a word of the tool ' . int rand 1e9;
    local $ENV{AUTHP_ENV_FILE} = "$self->{httpd}{dir}/.env";
    my ($status, undef, $error) = AuthPlatform::Test::cli([qw(user create --role), $role, '--email', $email, @options], "$password\n");
    $status == 0 or die "authplatform user create: $error";
    my $answer = $self->{httpd}->api('/login', { email => $email, password => $password });
    return { email => $email, password => $password, %{ $answer->{json} || {} }, login => $answer };
}

# Registers a person with a password: {email, password, access_token, refresh_token, user}.
sub registered {
    my ($self, $email) = @_;
    my $password = 'my own pass word ' . int rand 1e9;
    my $answer = $self->{httpd}->api('/register', { email => $email, password => $password });
    $answer->{status} == 201 or die "register: $answer->{status} $answer->{body}";
    return { email => $email, password => $password, %{ $answer->{json} } };
}

# The accounts with this address, each as GET /users/{id} answers it.
sub accounts {
    my ($self, $email) = @_;
    my @found = grep { ($_->{email} // '') eq lc $email } @{ $self->as_admin(GET => with_query('/users', email => $email))->{json}{items} };
    return map { $self->as_admin(GET => "/users/$_->{id}")->{json} } @found;
}

sub invite {
    my ($self, $email) = @_;
    my $answer = $self->as_admin(POST => '/recruiter/invites', json => { email => $email });
    $answer->{status} == 201 or die "invite: $answer->{status} $answer->{body}";
    AuthPlatform::Httpd::note_secrets($answer->{json}{code});
    return $answer->{json};
}

# --- links and PKCE --------------------------------------------------------------------------------------------------
sub query_of {
    my ($url) = @_;
    return { URI->new($url)->query_form };
}

sub with_query {
    my ($url, %query) = @_;
    my $text = join '&', map { uri_escape_utf8($_) . '=' . uri_escape_utf8($query{$_}) } grep { defined $query{$_} } sort keys %query;
    return length $text ? $url . ($url =~ /\?/ ? '&' : '?') . $text : $url;
}

my $serial = 0;
sub verifier {
    open my $random, '<:raw', '/dev/urandom' or die "urandom: $!\n";
    read $random, my $bytes, 32;
    my $verifier = encode_base64url($bytes);
    AuthPlatform::Httpd::note_secrets($verifier);
    return $verifier;
}
sub challenge { my ($verifier) = @_; return encode_base64url(sha256($verifier)) }

# An answer in short: "200 tokens", "403 recruiter_pending", "204 ".
sub words {
    my ($answer) = @_;
    my $json = ref $answer->{json} eq 'HASH' ? $answer->{json} : {};
    return "$answer->{status} " . ($json->{code} // ($json->{access_token} ? 'tokens' : ''));
}

# A new name for login_hint.
sub somebody { return sprintf 'p%d-%d', $$, ++$serial }

# --- a visitor -------------------------------------------------------------------------------------------------------
package AuthPlatform::SignIn::Visitor;

# One cookie jar for each host and port. Paths and attributes of cookies are ignored, except that an expired cookie is removed.
sub new {
    my ($class, $site) = @_;
    return bless { site => $site, jars => {} }, $class;
}

sub jar { my ($self, $url) = @_; return $self->{jars}{ URI->new($url || $self->{site}->origin)->host_port } ||= {} }

sub keep {
    my ($self, $jar, @set) = @_;
    for my $line (@set) {
        my ($name, $value) = $line =~ /^([^=]+)=([^;]*)/ or next;
        if (!length $value || $line =~ /;\s*max-age=0\b/i) { delete $jar->{$name} }
        else {
            $jar->{$name} = $value;
            AuthPlatform::Httpd::note_secrets($value);
        }
    }
    return;
}

# Notes the parts of a link that no log may have.
sub note {
    my ($url) = @_;
    return if !defined $url;
    my $query = AuthPlatform::SignIn::query_of($url);
    AuthPlatform::Httpd::note_secrets(@$query{qw(code state nonce login_code link_code ticket)});
    return;
}

# One request to the site with the visitor's cookies. $path may be a whole URL of the site. %o is that of AuthPlatform::Httpd::request.
sub request {
    my ($self, $method, $path, %o) = @_;
    $path =~ s/^\Q$self->{site}{origin}\E//;
    my $jar = $self->jar;
    my %headers = (%{ $o{headers} || {} }, (%$jar ? (Cookie => join '; ', map {"$_=$jar->{$_}"} sort keys %$jar) : ()));
    my $answer = $self->{site}->httpd->request($method, $path, %o, headers => \%headers);
    $self->keep($jar, @{ $answer->{headers}{'set-cookie'} || [] });
    $answer->{location} = $answer->{headers}{location}[0];
    note($answer->{location});
    AuthPlatform::Httpd::note_secrets(ref $answer->{json} eq 'HASH' ? $answer->{json}{link_code} : ());
    return $answer;
}

sub open { my ($self, $path, %o) = @_; return $self->request(GET => $path, %o) }
sub api  { my ($self, $method, $path, %o) = @_; return $self->request($method => "/api/auth$path", %o) }

# Requests /NAME/login with this query. headers => {} has further headers of the request.
sub begin {
    my ($self, $name, %query) = @_;
    my $headers = delete $query{headers} || {};
    my $path = $name eq 'google' ? '/google/login' : "/oidc/$name/login";
    return $self->open(AuthPlatform::SignIn::with_query("/api/auth$path", %query), headers => $headers);
}

# Follows the redirects of the provider. Returns the first address that is on the site, or undef; $self->{said} has the provider's last answer.
sub at_provider {
    my ($self, $login) = @_;
    my $url = ref $login ? $login->{location} : $login;
    my $http = HTTP::Tiny->new(max_redirect => 0, timeout => 20, verify_SSL => 0);
    for (1 .. 10) {
        return if !defined $url;
        if ($url =~ m{^\Q$self->{site}{origin}\E/}) {
            note($url);
            return $url;
        }
        my $jar = $self->jar($url);
        my $answer = $http->get($url, { headers => { %$jar ? (Cookie => join '; ', map {"$_=$jar->{$_}"} sort keys %$jar) : () } });
        my $set = $answer->{headers}{'set-cookie'} // [];
        $self->keep($jar, ref $set ? @$set : $set);
        $self->{said} = $answer;
        my $location = $answer->{headers}{location};
        $url = defined $location ? URI->new_abs($location, $url)->as_string : undef;
    }
    return;
}

# begin(), at_provider() and the callback. Dies if one of the first two fails.
sub sign_in {
    my ($self, $name, %query) = @_;
    my $headers = $query{headers} || {};
    my $login = $self->begin($name, %query);
    $login->{status} == 302 or die "login at $name: $login->{status} $login->{body}";
    my $back = $self->at_provider($login) // die "the provider does not come back: $self->{said}{status} $self->{said}{content}";
    return $self->open($back, headers => $headers);
}

1;
