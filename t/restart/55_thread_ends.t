# SPDX-License-Identifier: Apache-2.0
# A child that ends calls exit() while threads of mod_watchdog, which sent its mails, may be ending, too. exit() frees what OpenSSL keeps for each
# thread, and the end of a thread frees that of the thread. However these two meet, the child does not crash.
# Plain: the sanitizers have a heap of their own.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Mailed;
use AuthPlatform::Shim qw(build_shim);
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'the sanitizers have a heap of their own' if $ENV{AUTHP_SANITIZE};

# OPENSSL_cleanup(), which exit() calls, deletes some keys of thread-specific data. Here it rests before each one. A thread of mod_watchdog, which is
# not a thread of the MPM, waits until the key whose number is in the file has its turn.
my $meeting = build_shim(<<'END');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
static atomic_int turn; /* 0: the process does not exit */
static void rest(int ms)
{
    struct timespec time = {.tv_nsec = ms * 1000000L};
    nanosleep(&time, NULL);
}
static int wanted(void)
{
    int number = 0;
    FILE *file = fopen(getenv("TURN_FILE"), "r");
    if (file != NULL) {
        if (fscanf(file, "%d", &number) != 1) {
            number = 0;
        }
        fclose(file);
    }
    return number;
}
void exit(int code)
{
    void (*real)(int) = (void (*)(int))dlsym(RTLD_NEXT, "exit");
    turn = 1;
    real(code);
    __builtin_unreachable();
}
int pthread_key_delete(pthread_key_t key)
{
    int (*real)(pthread_key_t) = (int (*)(pthread_key_t))dlsym(RTLD_NEXT, "pthread_key_delete");
    if (turn > 0) {
        turn++;
        rest(60);
    }
    return real(key);
}
int apr_thread_exit(void *thread, int value)
{
    int (*real)(void *, int) = (int (*)(void *, int))dlsym(RTLD_NEXT, "apr_thread_exit");
    Dl_info caller;
    if (dladdr(__builtin_return_address(0), &caller) != 0 && strstr(caller.dli_fname, "mod_mpm") == NULL) {
        const int number = wanted();
        for (int i = 0; i < 2000 && turn < number; i++) {
            rest(5);
        }
        if (turn > 1) {
            rest(10);
            fputs("a thread ends during exit()\n", stderr);
        }
    }
    return real(thread, value);
}
END

for my $mpm (qw(event prefork)) {
    my $turn = File::Temp->new(TEMPLATE => 'authp-turn-XXXXXX', TMPDIR => 1);
    chmod 0644, "$turn";
    local $ENV{TURN_FILE}  = "$turn";
    local $ENV{LD_PRELOAD} = $meeting;
    my $site  = AuthPlatform::Mailed->new(tls => 'starttls', mpm => $mpm);
    my $httpd = $site->httpd;
    delete $ENV{LD_PRELOAD};
    for my $number (2 .. 8) {
        AuthPlatform::Httpd::write_file("$turn", "$number\n");
        my $account = $site->account;
        $site->next_mail($account->{email});
        my %old = map { $_ => 1 } $httpd->children;
        $httpd->graceful;
        $httpd->wait_for(sub { !grep { $old{$_} } $httpd->children }, 'the old children do not end');
    }
    my $met = () = (AuthPlatform::Httpd::slurp("$httpd->{dir}/output") . $httpd->log) =~ /a thread ends during exit/g;
    cmp_ok($met, '>=', 7, "$mpm: threads ended during exit()");
    $httpd->stop;
    unlike($httpd->log, qr/exit signal|AH00046/, "$mpm: no child crashed");
}
done_testing;
