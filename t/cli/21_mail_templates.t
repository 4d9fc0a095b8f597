#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# mail templates: the built-in texts as files, which never replace a file and which the server takes as they are.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use AuthPlatform::Cli qw(run json folder env_file write_file slurp);
use Test::More;

my @KINDS = qw(verify_email reset_password set_password address_taken password_changed email_changed new_device identity_linked factor_changed invite);
my @names = sort map { my $kind = $_; map { my $language = $_; map {"$kind.$language.$_"} qw(txt html) } qw(en de hi) } @KINDS;

my $dir    = folder();
my $answer = run([qw(mail templates --out), "$dir/mails"]);
is($answer->{status}, 0, 'mail templates, without settings') or diag $answer->{err};
is($answer->{out}, "60 files written to $dir/mails\n", '... says what it did');
is_deeply([sort map {s{.*/}{}r} glob "$dir/mails/*"], \@names, '... each kind and language as text and HTML');
like(slurp("$dir/mails/reset_password.en.txt"), qr/\ASubject: \S.*\n\n.*^\{\{link\}\}$/ms, '... with subject and placeholder');
like(slurp("$dir/mails/reset_password.en.html"), qr/\A<!doctype html>\n<html lang="en" dir="ltr">.*href="\{\{link\}\}"/s, '... also in the HTML');
is((stat "$dir/mails/invite.en.txt")[2] & 0777, 0600, '... for their owner');

my $settings = env_file(folder(), MAIL_TEMPLATE_DIR => "$dir/mails");
is(run(['--env-file', $settings, 'check-config'])->{status}, 0, 'the server takes these files');

write_file("$dir/mails/invite.en.txt", "Subject: Mine\n\n{{code}}\n");
unlink "$dir/mails/address_taken.de.html";
$answer = run([qw(mail templates --out), "$dir/mails"]);
isnt($answer->{status}, 0, 'again: refused');
like($answer->{err}, qr{/mails/\S+ is there already; nothing was written}, '... with the reason');
is(slurp("$dir/mails/invite.en.txt"), "Subject: Mine\n\n{{code}}\n", '... a file that was changed stays');
ok(!-e "$dir/mails/address_taken.de.html", '... and a file that was removed, too');

is_deeply([sort @{ json(run([qw(--json mail templates --out), "$dir/more"]))->{files} }], \@names, '--json names the files');

write_file("$dir/file", 'x');
for my $row (["$dir/none/mails", qr{cannot make \S*/none/mails: No such file}], ["$dir/file", qr{cannot open \S*/file: Not a directory}]) {
    $answer = run([qw(mail templates --out), $row->[0]]);
    isnt($answer->{status}, 0, "--out $row->[0]");
    like($answer->{err}, $row->[1], '... says why not');
}
is(run([qw(mail templates)])->{status}, 2, 'without --out: a wrong call');

done_testing;
