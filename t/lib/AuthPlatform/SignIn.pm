# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::SignIn;
# Signing in at an identity provider as a browser does, without a browser.
#   my $site    = AuthPlatform::SignIn->site(google => $realm, corp => [$realm, LABEL => 'Corp']);   an httpd of its own with these providers
#   my $visitor = $site->visitor;                                               somebody with a cookie jar
#   my $answer  = $visitor->sign_in('google', role => 'candidate', login_hint => 'alice');   the callback's answer
# or in steps: $visitor->begin(...), $visitor->at_provider($answer), $visitor->open($url). Redirects to pages of the site are not followed.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd ();
use AuthPlatform::Ports ();
use Digest::SHA 'sha256';
use HTTP::Tiny;
use MIME::Base64 'encode_base64url';
use URI        ();
use URI::Escape 'uri_escape_utf8';

# --- the site --------------------------------------------------------------------------------------------------------
# settings => TEXT and more => TEXT (configuration) add to those of AuthPlatform::Httpd. A provider is what has issuer, client_id and
# client_secret, or [that, NAME => VALUE...] with more of its settings. The log has everything.
sub site {
    my ($class, %o) = @_;
    my ($settings, $more) = (delete $o{settings} // '', delete $o{more} // '');
    my $port = AuthPlatform::Ports::free_port();
    my $self = bless { port => $port, origin => "http://127.0.0.1:$port" }, $class;
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
    $self->{httpd} = AuthPlatform::Httpd->new(port => $port, settings => $settings, more => "LogLevel auth_platform:trace8\n$more")->start;
    return $self;
}

sub redirect_uri { my ($self, $name) = @_; return "$self->{origin}/api/auth" . ($name eq 'google' ? '' : '/oidc') . "/$name/callback" }
sub origin       { return $_[0]{origin} }
sub httpd        { return $_[0]{httpd} }

# For a provider that must know the redirect URI before the site has a port: real(...) of AuthPlatform::Oidc.
sub visitor { my ($self) = @_; return AuthPlatform::SignIn::Visitor->new($self) }

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

# A person that no account knows yet: a name for login_hint.
sub somebody { return sprintf 'p%d-%d', $$, ++$serial }

# --- somebody with a browser -----------------------------------------------------------------------------------------
package AuthPlatform::SignIn::Visitor;

# Cookies by host and port, so that a provider's do not reach the site.
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

# What may not be in a log, out of a link.
sub note {
    my ($url) = @_;
    return if !defined $url;
    my $query = AuthPlatform::SignIn::query_of($url);
    AuthPlatform::Httpd::note_secrets(@$query{qw(code state nonce login_code link_code ticket)});
    return;
}

# One request to the site, as this visitor: a path, or a URL of it. %o as AuthPlatform::Httpd::request.
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

# The answer of /NAME/login. Its headers, if any, in headers => {}.
sub begin {
    my ($self, $name, %query) = @_;
    my $headers = delete $query{headers} || {};
    my $path = $name eq 'google' ? '/google/login' : "/oidc/$name/login";
    return $self->open(AuthPlatform::SignIn::with_query("/api/auth$path", %query), headers => $headers);
}

# Follows the provider's redirects; the address below the site that it leads back to, or undef (`said` has what came instead).
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

# The whole way. What is not begun or does not come back dies: steps that may fail are asked for one by one.
sub sign_in {
    my ($self, $name, %query) = @_;
    my $headers = $query{headers} || {};
    my $login = $self->begin($name, %query);
    $login->{status} == 302 or die "login at $name: $login->{status} $login->{body}";
    my $back = $self->at_provider($login) // die "the provider does not come back: $self->{said}{status} $self->{said}{content}";
    return $self->open($back, headers => $headers);
}

1;
