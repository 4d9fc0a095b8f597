# SPDX-License-Identifier: Apache-2.0
# Runs the blocks of README.md and of conf/guides/*.md as they are written, in a copy-on-write view of this machine with a network of its
# own. The `sh` blocks of a document run in their order in one shell, beside the demo that README.md starts. Each request must get the
# status that its comment names. httpd and the tool check `apache` and `env` blocks. t/browser/46_guide_app.t runs `html` and `js` blocks.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Guide ();
use AuthPlatform::Httpd ();
use AuthPlatform::Mongo ();
use AuthPlatform::Root  ();
use Test::More;

my $top = $ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};
plan skip_all => $@ if !AuthPlatform::Root::possible();

# 10_guide.t runs these, because they need Debian's apache2 package.
my %ELSEWHERE = map { $_ => 1 } qw(production upgrading);
# What a person types where a block asks for input.
my %TYPED = map { ("$_:admin" => "a calm admin password\n") } qw(recruiters providers command-line from-assessment from-ai);
# An httpd of their own runs with the block `apache site` of these guides and the settings of their block `env settings`, while their later
# blocks run. The app on port 8000 is t/install/app.pl.
my %TRIAL = map { $_ => 1 } qw(from-assessment from-jobpath from-ai from-phone own-profile);
my $ENV_FILE = '/etc/auth_platform/.env';
my %BUILD    = (OUT => $ENV{OUT} || 'build/out', DEPS => 'no', INSTALL_PROFILE => 'debug', RUN_PROFILE => 'debug');
my %DEMO     = (%BUILD, ENV_FILE => $ENV_FILE, RUN_DIR => '/run/demo');

my $root = AuthPlatform::Root->new(lower => '/', shared => [$top]);

sub here {
    my ($script, %o) = @_;
    my ($status, $said) = $root->run($script, in => $top, %o);
    is($status, 0, $o{name} || 'a step of the test') or diag "$script\n$said";
    return $said;
}

here(qq{rm -rf /etc/auth_platform /var/lib/auth_platform
    make install
    install -d -m 700 /etc/auth_platform
    (umask 077; printf 'JWT_SECRET_KEY=%s\\nSECURE_COOKIES=false\\nBCRYPT_ROUNDS=4\\nAUTH_STATE_DIR=/var/lib/auth_platform\\n' "\$(authplatform secret)" >$ENV_FILE)}, env => \%BUILD);

my ($shell, $noted) = ('/tmp/shell', '/tmp/statuses');

# The command that starts the demo runs in the foreground of a terminal of its own. It replaces a demo that runs, which keeps its lock until
# its apps have ended.
my %STARTS_DEMO = map { $_ => 1 } qw(README:run providers:run);
sub starts_demo {
    my ($name, $block) = @_;
    here('rm -f /usr/local/bin/curl; [ ! -s /run/demo/httpd.pid ] || kill "$(cat /run/demo/httpd.pid)"; for i in $(seq 100); do [ -e /run/demo/httpd.pid ] || break; sleep 0.1; done; [ ! -e /run/demo/lock ] || flock -w 30 /run/demo/lock true', name => 'no demo runs');
    $root->run("setsid bash -c \"\$BLOCK\" >/run/demo.said 2>&1 </dev/null &", in => $top, env => { %DEMO, BLOCK => $block->{text} });
    here('for i in $(seq 300); do ! grep -q "Ctrl-C ends the server" /run/demo.said || exit 0; sleep 0.1; done; cat /run/demo.said; exit 1', name => "$name, line $block->{line}: the demo runs");
    # From here on curl records the status of each answer. (The lines of an access log have no certain order.)
    here(qq{printf '#!/bin/sh\nexec /usr/bin/curl "\$@" -w "%%{stderr}%%{http_code}\\n" 2>>$noted\n' >/usr/local/bin/curl && chmod 755 /usr/local/bin/curl});
    return;
}

# What a person does after a block, as the guide says, or what is checked there.
my %after;

# The files that moving.md reads.
my $EXPORTS = 'cd t/cli/imports && for pair in firebase-users.json:users.json auth0-hashes.ndjson:auth0.ndjson supabase-users.json:supabase.json '
    . 'keycloak-realm.json:acme-realm.json; do install -m 600 "${pair%:*}" "/root/${pair#*:}"; done';

# own-profile.md builds the module again. Its objects are copies of those that the tests use, so that only what it adds is compiled.
my $OWN = '/tmp/own';
my %ENV_OF = ('own-profile:install' => { %BUILD, OUT => $OWN });

# A folder that is not as the guide says stops the build.
$after{'own-profile:install'} = sub {
    my %wrong = (
        't/profiles/guild /srv/our/guild' => qr/a profile with the same name/,
        '/srv/our/other'                  => qr/\.name must be that of its folder, "other"/,
        '/srv/our/nothing'                => qr{nothing/profile\.c: No such file},
        '/srv/our/No'                     => qr/lower-case letters/,
        '/srv/our/broken'                 => qr{broken/about\.json: this is not JSON},
    );
    here('cp -r /srv/our/guild /srv/our/other; cp -r /srv/our/guild /srv/our/broken; sed -i s/guild/broken/g /srv/our/broken/profile.c; echo "{" >/srv/our/broken/about.json');
    like(here("! perl build/profiles.pl $_ 2>&1 >/tmp/profiles.c"), $wrong{$_}, "... but not $_") for sort keys %wrong;
};

# A mail server of the demo stands in for that of the guide, while the blocks after its settings run.
my $MAILS = '/run/mails';
$after{'mail:production'} = sub {
    here("install -d -m 700 $MAILS; setsid python3 -B conf/demo/mail/server.py $MAILS >/dev/null 2>&1 </dev/null & echo \$! >/run/mails.pid
        for i in \$(seq 300); do [ ! -s $MAILS/port ] || break; sleep 0.1; done
        printf 'MAIL_URL=smtp://127.0.0.1:%s\nMAIL_TLS=off\nMAIL_FROM=accounts\@example.org\nPUBLIC_URL=http://127.0.0.1:8080\n' \"\$(cat $MAILS/port)\" >>$ENV_FILE", name => 'a mail server');
};
$after{'mail:try'} = sub { like(here("cat $MAILS/*.mail"), qr/^to: you\@example\.org$/m, 'the mail is there') };
$after{'mail:templates'} = sub {
    is(here('ls /etc/auth_platform/mails | wc -l'), "60\n", 'a text and a page for each kind in each language');
    here("kill \"\$(cat /run/mails.pid)\"; sed -i -E '/^(MAIL_[A-Z]+|PUBLIC_URL)=/d' $ENV_FILE");
};

# Runs a block in the shell of its document, so that functions and variables stay.
my %network;
sub commands {
    my ($name, $block) = @_;
    my $script = "rm -f $noted\n[ ! -e $shell ] || . $shell\n$block->{text}\n{ declare -f; declare -p | grep -E '^declare -- [A-Z]+=' || true; } >$shell";
    my ($status, $said) = $root->run($script, in => $top, input => $TYPED{"$name:$block->{name}"}, env => $ENV_OF{"$name:$block->{name}"}, %network);
    is($status, 0, "$name, line $block->{line}: $block->{name}") or diag $said;
    is_deeply([split /\n/, $root->file($noted)], [AuthPlatform::Guide::statuses($block)], '... with the statuses that it names') or diag $said;
    return;
}

# The modules that a block needs are loaded first, unless the block loads our module itself.
my @modules = qw(mpm_event authn_core authz_core authz_host authz_user alias dir env headers proxy proxy_http remoteip setenvif);
sub configuration {
    my ($name, $block) = @_;
    my $conf = join '', map {"LoadModule ${_}_module /usr/lib/apache2/modules/mod_$_.so\n"} @modules;
    $conf .= "LoadModule auth_platform_module /usr/lib/apache2/modules/mod_auth_platform.so\n" if $block->{text} !~ /^LoadModule/m;
    $conf .= "ServerRoot /tmp\nServerName 127.0.0.1\nListen 127.0.0.1:8099\nErrorLog /dev/stderr\nUser www-data\nGroup www-data\n$block->{text}";
    $conf .= "AuthPlatformEnvFile $ENV_FILE\n" if $block->{text} !~ /^AuthPlatformEnvFile/m;
    my $said = here('printf "%s" "$CONF" >/tmp/guide.conf; apache2 -t -f /tmp/guide.conf', env => { CONF => $conf }, name => "$name, line $block->{line}: httpd takes $block->{name}");
    # A trial without text messages is told so.
    $said =~ s/^.*AUTHP0515: .* OTP_PROVIDER in \S+ is mock: .*\n// if $name eq 'from-phone';
    is($said, "Syntax OK\n", '... without a warning');
    return if !$TRIAL{$name} || $block->{name} ne 'site';
    here('printf "PidFile /run/trial.pid\n" >>/tmp/guide.conf; apache2 -f /tmp/guide.conf', name => "... and it starts");
    return;
}

# The settings of the block replace those of the demo. A sample key is refused, and another one takes its place. During a trial the file of
# the demo is away.
sub settings {
    my ($name, $block) = @_;
    my $keys = join '|', $block->{text} =~ /^(\w+)=/mg;
    $keys .= '|JWT_SECRET_KEY' if $block->{text} =~ /^SECRET_KEY=/m;
    my $write = qq{(umask 077; { grep -vE '^($keys)=' $ENV_FILE; printf '%s' "\$MORE"; } >/tmp/more.env); };
    my $check = 'authplatform --env-file /tmp/more.env check-config';
    if ($block->{text} =~ /^SECRET_KEY=/m) {
        like(here("$write ! $check 2>&1", env => { MORE => $block->{text} }, name => "$name: not with the sample key"), qr/SECRET_KEY .*is a sample/, '... which is named');
        $write .= q{sed -i "s|^SECRET_KEY=.*|SECRET_KEY=$(authplatform secret)|" /tmp/more.env; };
    }
    here($write . $check, env => { MORE => $block->{text} }, name => "$name, line $block->{line}: the tool takes $block->{name}");
    here("cp -p $ENV_FILE /tmp/demo.env; mv /tmp/more.env $ENV_FILE") if $TRIAL{$name};
    return;
}

sub trial_ends {
    here("kill \"\$(cat /run/trial.pid)\"; mv /tmp/demo.env $ENV_FILE; for i in \$(seq 100); do [ -e /run/trial.pid ] || exit 0; sleep 0.1; done; exit 1", name => 'the trial ends');
    return;
}

# An app is run by the test of the browser.
sub app {
    my ($name, $block) = @_;
    return like(AuthPlatform::Httpd::slurp("$FindBin::Bin/../lib/AuthPlatform/App.pm"), qr/\b\Q$name.md\E\b.*'\Q$block->{name}\E'/, "AuthPlatform::App serves $block->{name}");
}

my %check = (sh => \&commands, apache => \&configuration, env => \&settings, js => \&app, html => \&app);
sub walk {
    my ($name, $file) = @_;
    $root->run("rm -f $shell");
    my @blocks = AuthPlatform::Guide::all($file);
    for my $block (grep { length $_->{name} } @blocks) {
        my $check = $STARTS_DEMO{"$name:$block->{name}"} ? \&starts_demo : $check{ $block->{kind} };
        $check->($name, $block);
        $after{"$name:$block->{name}"}->() if $after{"$name:$block->{name}"};
    }
    return;
}

walk('README', "$top/README.md");
here("setsid perl '$top/t/install/app.pl' >/dev/null 2>&1 </dev/null &", name => 'the app');
my $others = AuthPlatform::Httpd::slurp("$FindBin::Bin/10_guide.t");
for my $file (sort glob "$top/conf/guides/*.md") {
    my ($name) = $file =~ m{([^/]+)\.md\z};
    if ($ELSEWHERE{$name}) {
        like($others, qr/qw\([^)]*\b$name\b[^)]*\)/, "10_guide.t runs $name.md");
        next;
    }
    next if $name =~ /^(?:mongodb|postgresql)$/;
    here($EXPORTS, name => 'files of other systems') if $name eq 'moving';
    here("mkdir -p $OWN/debug; cp -a '$BUILD{OUT}/debug/obj' $OWN/debug/", name => 'copies of objects') if $name eq 'own-profile';
    walk($name, $file);
    trial_ends() if $TRIAL{$name};
    like($root->file('/run/demo/error.log'), qr/AUTHP0500: refused/, 'the log has the line that it names') if $name eq 'troubleshooting';
}

# The guide for MongoDB, with the address of the test's server.
my $mongo = AuthPlatform::Mongo->new(backend => 'memory');
$mongo->start;
here("printf 'AUTH_STORE=mongodb\\nMONGODB_URI=%s\\nMONGODB_DB=jobs\\n' '" . $mongo->uri . "' >>$ENV_FILE");
%network = (network => 'host');
walk('mongodb', "$top/conf/guides/mongodb.md");
$mongo->stop;

# The guide for PostgreSQL, with the cluster that Debian's package makes, and PgBouncer.
%network = ();
here('runuser -u postgres -- true; pg_lsclusters -h | grep -q "^15 main" || pg_createcluster 15 main; pg_ctlcluster 15 main start', name => 'PostgreSQL starts');
my $url = 'DATABASE_URL=postgresql://jobs:served@127.0.0.1:5432/jobs';
here("(umask 077; sed -i -E '/^(AUTH_STORE|MONGODB_[A-Z]+|DATABASE_URL)=/d' $ENV_FILE; echo '$url' >>$ENV_FILE)");
my $superuser = '(cd / && runuser -u postgres -- psql -qAt -v ON_ERROR_STOP=1 ';
my $tool      = "authplatform --env-file $ENV_FILE";
$after{'postgresql:roles'} = sub { here(qq{$superuser -c "ALTER ROLE jobs_owner PASSWORD 'owned'" -c "ALTER ROLE jobs PASSWORD 'served'")}) };
$after{'postgresql:owner-file'} = sub { here("sed -i 's/jobs:served/jobs_owner:owned/' /etc/auth_platform/owner.env") };

# PgBouncer starts with the file of the guide, and lets both roles in.
$after{'postgresql:userlist'} = sub {
    my ($ini) = map { $_->{text} } grep { $_->{text} =~ /^\[databases\]/ } AuthPlatform::Guide::all("$top/conf/guides/postgresql.md");
    here('printf "%s" "$INI" >/etc/pgbouncer/pgbouncer.ini; mkdir -p /var/run/postgresql; runuser -u postgres -- pgbouncer -d /etc/pgbouncer/pgbouncer.ini', env => { INI => $ini }, name => 'PgBouncer starts');
    here(qq{(umask 077; { sed s/:5432/:6432/ "\$FILE"; echo AUTH_DB_PREPARED=off; } >/tmp/pooled.env); authplatform --env-file /tmp/pooled.env user list}, env => { FILE => $_ }, name => "$_ through PgBouncer")
        for $ENV_FILE, '/etc/auth_platform/owner.env';
};

# An account after the moment of the recovery is gone, one before it is there.
$after{'postgresql:backup'} = sub { is(here('stat -c "%a %U" /var/backups/jobs.dump'), "600 root\n", 'nobody else can read the backup') };
$after{'postgresql:restore'} = sub {
    here("(umask 077; sed 's|/jobs\$|/jobs_restored|' $ENV_FILE >/tmp/restored.env); echo 'three calm words' | authplatform --env-file /tmp/restored.env user create --role candidate --email restored\@example.org", name => 'the restored database can be used with the same role');
};
$after{'postgresql:archive'} = sub {
    here("echo 'three calm words' | $tool user create --role candidate --email before\@example.org; sleep 1.1; printf \"UNTIL='%s'\\n\" \"\$(date '+%F %T%:z')\" >>$shell; sleep 1.1
        echo 'three calm words' | $tool user create --role candidate --email after\@example.org; $superuser -c 'SELECT pg_switch_wal()')
        for i in \$(seq 100); do [ -z \"\$(ls /var/lib/postgresql/15/main/pg_wal/archive_status/*.ready 2>/dev/null)\" ] && exit 0; sleep 0.1; done; exit 1");
};
$after{'postgresql:recover'} = sub {
    here('for i in $(seq 100); do ! grep -q "archive recovery complete" /var/log/postgresql/postgresql-15-main.log || exit 0; sleep 0.1; done; tail -20 /var/log/postgresql/postgresql-15-main.log; exit 1', name => 'the recovery ends');
    my $people = here("for i in \$(seq 50); do $tool user list && exit 0; sleep 0.2; done; exit 1");
    like($people, qr/before\@example\.org/, 'what was there at that moment is there');
    unlike($people, qr/after\@example\.org/, 'what came later is gone');
};
my $key = here("grep ^JWT_SECRET_KEY= $ENV_FILE");
walk('postgresql', "$top/conf/guides/postgresql.md");
my $new = here("grep ^JWT_SECRET_KEY $ENV_FILE");
like($new, qr/\AJWT_SECRET_KEY=\S{40,}\n\z/, 'one key');
isnt($new, $key, 'a new one');
here('kill "$(cat /var/run/postgresql/pgbouncer.pid)"; pg_ctlcluster 15 main stop');
done_testing;
