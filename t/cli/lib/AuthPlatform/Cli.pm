# SPDX-License-Identifier: Apache-2.0
# Runs the command line tool for t/cli/*.t in a folder of its own with a .env and a clean environment, and returns its output. AUTHP_CLI
# names the program.
package AuthPlatform::Cli;
use strict;
use warnings;
use Carp qw(croak);
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP ();

our @EXPORT_OK = qw(program folder write_file env_file run json slurp sql SECRET);

use constant SECRET => 'Zm9yIHRlc3RzIG9ubHkgLSBub3QgYSByZWFsIHNlY3JldCEh';

my $root = abs_path("$FindBin::Bin/../..");
my $given = $ENV{AUTHP_CLI} // ($ENV{OUT} // "$root/build/out") . '/debug/authplatform';
my $program;

# Makes a copy that every user may run, because the checkout may lie below a folder that only root may enter.
sub program {
    return $program if defined $program;
    croak "no program $given: run make debug, or set AUTHP_CLI" if !-x $given;
    my $dir = folder();
    copy($given, "$dir/authplatform") or croak "copy: $!";
    chmod 0755, "$dir/authplatform" or croak "chmod: $!";
    return $program = "$dir/authplatform";
}

# Makes an empty folder that is removed at the end.
sub folder {
    my $dir = tempdir('authp-cli-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $dir or croak "chmod: $!";
    return $dir;
}

sub write_file {
    my ($path, $text, $mode) = @_;
    open my $file, '>', $path or croak "$path: $!";
    print {$file} $text;
    close $file or croak "$path: $!";
    chmod $mode // 0600, $path or croak "$path: $!";
    return $path;
}

sub slurp {
    my ($path) = @_;
    open my $file, '<', $path or croak "$path: $!";
    local $/ = undef;
    my $text = <$file>;
    return $text // '';
}

# Writes a .env in $dir with what every test needs, and further settings by name. undef leaves a setting out.
sub env_file {
    my ($dir, %more) = @_;
    my %settings = (
        JWT_SECRET_KEY => SECRET,
        AUTH_STATE_DIR => "$dir/state",
        BCRYPT_ROUNDS  => 4,
        %more,
    );
    my $text = join '', map { defined $settings{$_} ? "$_=$settings{$_}\n" : '' } sort keys %settings;
    return write_file("$dir/.env", $text);
}

# run([args], stdin => text, dir => where, env => {..}, uid => n): {status, out, err}
sub run {
    my ($args, %how) = @_;
    my $binary = program();
    my $dir    = folder();
    write_file("$dir/in", $how{stdin} // '', 0644);
    my $pid = fork() // croak "fork: $!";
    if (!$pid) {
        open STDIN,  '<', "$dir/in"  or die "stdin: $!";
        open STDOUT, '>', "$dir/out" or die "stdout: $!";
        open STDERR, '>', "$dir/err" or die "stderr: $!";
        chdir($how{dir} // $dir) or die "chdir: $!";
        if (defined $how{uid}) {
            $( = $how{uid};
            $) = "$how{uid} $how{uid}";
            ($<, $>) = ($how{uid}, $how{uid});
            die 'setuid failed' if $> != $how{uid};
        }
        my %sanitizers = map { $_ => $ENV{$_} } grep { /^[A-Z]+SAN_OPTIONS$/ } keys %ENV;
        # libmongoc makes a file for each process before main(), and warns if a killed process with the same id has left its file.
        %ENV = (PATH => '/usr/bin:/bin', MONGOC_DISABLE_SHM => 1, %sanitizers, %{ $how{env} // {} });
        alarm 300;    # ends a tool that does not end
        exec {$binary} 'authplatform', @{$args} or die "exec: $!";
    }
    waitpid $pid, 0;
    my $status = $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
    return { status => $status, out => slurp("$dir/out"), err => slurp("$dir/err") };
}

# Runs statements with sqlite3 on the database of env_file($dir). Returns a list of columns for each row.
sub sql {
    my ($dir, @statements) = @_;
    my $file = write_file(folder() . '/sql', join('', map { "$_;\n" } @statements));
    open my $out, '-|', "sqlite3 -bail -cmd '.timeout 5000' '$dir/state/auth_platform.db' <'$file'" or croak "sqlite3: $!";
    my @rows = map { chomp; [split /\|/, $_, -1] } <$out>;
    close $out or croak 'sqlite3 failed';
    return @rows;
}

# Decodes the one JSON document of an output.
sub json {
    my ($answer) = @_;
    return JSON::PP->new->utf8->decode($answer->{out});
}

1;
