# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Families;
# The route families of `make run` (conf/demo-phone.conf and conf/demo-families.conf), with their pages and apps, in an httpd of the test's own:
#   my $site = AuthPlatform::Families->new;          starts httpd and both apps
#   $site->url('assessment');                        http://127.0.0.1:PORT of that family
#   $site->request(ai => POST => '/rag/rag_query', bearer => $token, json => {...});
# Everything ends with the object.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd;
use AuthPlatform::Ports 'free_port';
use AuthPlatform::Test ();
use AuthPlatform::Uvicorn;
use File::Temp ();
use JSON ();

my @NAMES = qw(assessment jobpath ai phone);

# The lines of the demo that set the headers of its pages.
sub headers {
    my ($conf) = @_;
    my @lines = AuthPlatform::Httpd::slurp("$conf/demo.conf") =~ /^(Header always setifempty .*)$/mg;
    @lines or die "demo.conf sets no headers\n";
    return join "\n", @lines, '';
}

sub new {
    my ($class, %o) = @_;
    my $conf    = AuthPlatform::Test::stage() . '/conf';
    my $modules = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
    my $sockets = File::Temp->newdir('authp-apps-XXXXXX', TMPDIR => 1);
    chmod 0755, "$sockets";
    my $self = bless { sockets => $sockets, port => { map { $_ => free_port() } @NAMES } }, $class;
    $self->{apps} = [map { AuthPlatform::Uvicorn->new($_, socket => "$sockets/$_.sock") } qw(ai assessment)];
    my %define = (MODULES => $modules, SITE => "$conf/demo/site", FAMILIES => "$conf/demo/families", APPS => "$sockets",
        map { ('PORT_' . uc $_ => $self->{port}{$_}) } @NAMES);
    $self->{httpd} = AuthPlatform::Httpd->new(settings => "SECURE_COOKIES=false\nAPP_ENV=development\nOTP_PROVIDER=mock\n" . ($o{settings} || ''),
        more => join '', (map {"Define AUTHP_$_ \"$define{$_}\"\n"} sort keys %define),
        "LoadModule mime_module \"$modules/mod_mime.so\"\nTypesConfig /dev/null\nAddType text/html .html\nAddType text/css .css\n",
        "AddType text/javascript .js\nAddType image/svg+xml .svg\n<Directory \"$conf/demo/site\">\nRequire all granted\n</Directory>\n",
        headers($conf), "AuthPlatformMount /api/auth\nAuthPlatformTokenDelivery ask\nInclude \"$conf/demo-phone.conf\"\nInclude \"$conf/demo-families.conf\"\n");
    $self->{httpd}->start;
    return $self;
}

sub httpd { return $_[0]{httpd} }
sub port  { my ($self, $family) = @_; return $self->{port}{$family} }
sub url   { my ($self, $family) = @_; return "http://127.0.0.1:$self->{port}{$family}" }

# As AuthPlatform::Httpd::request().
sub request {
    my ($self, $family, @request) = @_;
    local $self->{httpd}{port} = $self->{port}{$family};
    return $self->{httpd}->request(@request);
}

# Makes an account with the command line tool: a role that nobody gets by signing up.
sub account {
    my ($self, $email, $password, @options) = @_;
    local $ENV{AUTHP_ENV_FILE} = $self->{httpd}{dir} . '/.env';
    AuthPlatform::Httpd::note_secrets($password);
    my ($status, undef, $error) = AuthPlatform::Test::cli(['user', 'create', '--email', $email, @options], "$password\n");
    $status == 0 or die "authplatform user create: $error";
    return;
}

# What the pages have in common, for a test in a browser: page($browser)->fill(FORM, BUTTON, FIELD => TEXT...)->says(ID, PATTERN).
sub page {
    my ($browser) = @_;
    return bless { browser => $browser }, 'AuthPlatform::Families::Page';
}

package AuthPlatform::Families::Page;

# Types into fields of the form and presses the button, or the form's first one.
sub fill {
    my ($self, $form, $button, %values) = @_;
    for my $name (sort keys %values) {
        my $field = "#$form [name=$name]";
        AuthPlatform::Httpd::note_secrets($values{$name}) if $name eq 'password';
        $self->{browser}->run('document.querySelector(arguments[0]).value = ""', $field);
        $self->{browser}->type($field, $values{$name});
    }
    $self->{browser}->click($button ? "#$button" : "#$form button[type=submit]");
    return $self;
}

sub says {
    my ($self, $id, $pattern) = @_;
    return $self->{browser}->until("new RegExp(" . JSON->new->allow_nonref->encode($pattern) . ").test(document.getElementById('$id').innerText)", 30);
}

# All cookies of the browser by name, also those of another path than the page's.
sub cookies {
    my ($self) = @_;
    my $answer = $self->{browser}->call(POST => "$self->{browser}{session}/goog/cdp/execute", { cmd => 'Network.getAllCookies', params => {} });
    return map { $_->{name} => $_ } @{ $answer->{cookies} };
}

sub is_shown { my ($self, $id) = @_; return $self->{browser}->run('return document.getElementById(arguments[0]).offsetParent !== null', $id) }
sub text     { my ($self) = @_; return $self->{browser}->run('return document.body.innerText') }

1;
