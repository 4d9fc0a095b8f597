# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::DemoSite;
# The pages of conf/demo on an httpd of one test's own, and what people do with them in a browser.
#   AuthPlatform::Httpd->new(more => AuthPlatform::DemoSite::more())
#   my $visitor = AuthPlatform::DemoSite->visitor("http://127.0.0.1:$port", size => [375, 800], language => 'de');
#   $visitor->at('/signin.html', 'sign-in');              goes there (a path or a URL), and waits until that view is shown
#   $visitor->fill('form-sign-in', 'in-email' => ...);    types into the empty fields and presses the form's button
#   $visitor->shows('sent');  $visitor->said('form-forgot');  $visitor->findings     what axe finds
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Browser;
use AuthPlatform::Httpd ();
use AuthPlatform::Test  ();
use JSON ();

sub more {
    my $modules = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
    my $site    = AuthPlatform::Test::stage() . '/conf/demo/site';
    return <<"END";
LoadModule mime_module "$modules/mod_mime.so"
TypesConfig /dev/null
AddType text/html .html
AddType text/css .css
AddType text/javascript .js
AddType image/svg+xml .svg
DocumentRoot "$site"
<Directory "$site">
    DirectoryIndex index.html
    Require all granted
</Directory>
AuthPlatformTokenDelivery ask
Header always setifempty Content-Security-Policy "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"
<Location "/">
    AuthPlatformSignInPage /signin.html
</Location>
<Location "/candidate">
    AuthType Platform
    AuthName "t"
    Require role candidate
</Location>
END
}

sub visitor {
    my ($class, $origin, %o) = @_;
    my $self = bless { origin => $origin, browser => AuthPlatform::Browser->new }, $class;
    # Chromium has no windows as narrow as a phone.
    $self->emulate('Emulation.setDeviceMetricsOverride', { width => $o{size}[0], height => $o{size}[1], deviceScaleFactor => 1, mobile => JSON::false() }) if $o{size};
    $self->emulate('Emulation.setUserAgentOverride', { userAgent => 'test', acceptLanguage => $o{language} }) if $o{language};
    $self->emulate('Emulation.setEmulatedMedia', { features => [{ name => 'prefers-color-scheme', value => $o{colours} }] }) if $o{colours};
    return $self;
}

sub emulate { my ($self, $cmd, $params) = @_; return $self->{browser}->call(POST => "$self->{browser}{session}/goog/cdp/execute", { cmd => $cmd, params => $params }) }
sub browser { return $_[0]{browser} }

# Cookies are secrets of the logs from the moment they are known.
sub jar { my ($self) = @_; my %jar = map { $_->{name} => $_->{value} } @{ $self->{browser}->cookies }; AuthPlatform::Httpd::note_secrets(values %jar); return \%jar }

sub shows { my ($self, $view) = @_; my $shown = $self->{browser}->until("document.getElementById('view-$view') && !document.getElementById('view-$view').hidden && document.title", 30); $self->jar; return $shown }
sub text { my ($self, $css) = @_; return $self->{browser}->run("return document.querySelector(arguments[0]).innerText.replace(/\\s+/g, ' ').trim()", $css) }
sub said { my ($self, $form) = @_; return $self->{browser}->until("document.querySelector('#$form .alert').innerText.trim()", 30) // '' }

sub at {
    my ($self, $path, $view) = @_;
    $self->{browser}->go('about:blank');    # else another fragment does not load the page again
    $self->{browser}->go($path =~ m{^/} ? "$self->{origin}$path" : $path);
    return $self->shows($view) && $self->{browser}->until("!document.querySelector('main > section:not([hidden]) .reveal')?.hidden");
}

# A field whose value is undef is left as it is.
sub fill {
    my ($self, $form, @values) = @_;
    while (my ($id, $value) = splice @values, 0, 2) {
        next if !defined $value;
        $self->{browser}->run('document.getElementById(arguments[0]).value = ""', $id);
        $self->{browser}->type("#$id", $value);
    }
    return $self->{browser}->click("#$form button[type=submit]");
}

# Forgets the cookies of the site.
sub forget { my ($self) = @_; $self->jar; return $self->{browser}->call(DELETE => "$self->{browser}{session}/cookie") }

# Returns what the accessibility rules of axe find in the page as it is: "" if nothing.
sub findings {
    my ($self) = @_;
    my $browser = $self->{browser};
    my $axe = AuthPlatform::Httpd::slurp($ENV{AUTHP_AXE});
    $browser->run("if (!window.axe) { $axe; window.axe = axe }");
    $browser->run('window.found = null; axe.run({ resultTypes: ["violations"] }).then(all => { window.found = { ran: all.passes.length, violations: all.violations.map('
            . 'one => one.id + ": " + one.nodes.slice(0, 3).map(node => node.target.join(" ")).join(", ")) }; }, error => { window.found = { ran: 0, violations: [String(error)] }; })');
    my $found = $browser->until('window.found', 150) || { ran => 0, violations => ['axe does not end'] };
    return join '; ', @{ $found->{violations} }, ($found->{ran} > 10 ? () : "only $found->{ran} rules ran");
}

sub sticks_out { return $_[0]{browser}->run('return document.documentElement.scrollWidth > window.innerWidth ? document.documentElement.scrollWidth : 0') }

# With AUTHP_PICTURES, the name of a folder: writes what the page looks like, for a person.
sub picture {
    my ($self, $name) = @_;
    my $folder = $ENV{AUTHP_PICTURES} or return;
    require MIME::Base64;
    my $data = $self->{browser}->call(GET => "$self->{browser}{session}/screenshot");
    return AuthPlatform::Httpd::write_file("$folder/$name.png", MIME::Base64::decode_base64($data));
}

1;
