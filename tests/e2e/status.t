#!/usr/bin/perl
# Is the hub well? For people, programs and monitors: seemail status and seemail-metrics.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use JSON::PP;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $exim = $ENV{EXIM} || '/usr/sbin/exim4';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my $env = "SEEMAIL_HOME=$dir/a SEEMAIL_EXIM=$exim SEEMAIL_EXIM_CONFIG";

# By the front command, as whoever we are.
sub seemail { return Bed::output("$env=$bed->{TB_A_CONF} $dir/bin/seemail @_") }
sub status { my $out = seemail('status'); return ($? >> 8, $out) }

sub moved {
    my ($path) = @_;
    rename $path, "$path.away" or die "$path: $!";
    return sub { rename "$path.away", $path or die "$path: $!" };
}

subtest 'A-nontech: one command for all' => sub {
    my $out = seemail();
    is $? >> 8, 64, 'exit status 64';
    like $out, qr/^ +queue$/m, 'names the others';
    like seemail('nonsense'), qr/^seemail: nonsense: no such command/, 'an unknown one';
    like seemail('../bin/seemail-queue'), qr/no such command/, 'and no path';
    like seemail('queue', 'list'), qr/^nothing waits$/, 'runs them';
    like seemail('policy', 'check'), qr{^\Q$bed->{TB_A_POLICY}\E: good:}, 'with arguments, and knows where the policy is';
};

subtest 'A-nontech: all is well' => sub {
    my ($level, $out) = status();
    is $level, 0, '1.9-failaware: exit status 0' or diag $out;
    like $out, qr/^good: the hub is well\n/, 'in a line';
    for my $section (qw(policy programs exim hook certificates queue notices errors log disk)) {
        like $out, qr/^good +$section +\S/m, $section;
    }
    like $out, qr/^ +good "a DCA": signs, .* until 20\d\d-\d\d-\d\d \(\d+ days\)$/m, 'certificates';
    like $out, qr/^ +SEEMAIL: 2 entries, fetched \d+ \w+ ago$/m, 'lists and their age';
    my $object = decode_json(seemail('status', '--json'));
    is $object->{level}, 'good', 'as JSON';
    is $object->{certificates}{own}[0]{nickname}, 'a DCA', 'with all that seemail-certs knows';
};

# What is said of one kind of trouble: the level, the words, the next step.
sub trouble {
    my ($what, $level, $pattern, $step, $mend) = @_;
    my ($got, $out) = status();
    is $got, $level, "1.9-failaware: $what: exit status $level" or diag $out;
    like $out, qr/^(?:warning|critical) +\w+ +$pattern.*\n(?: +next: $step)/m, "A-nontech: $what: is told, with the next step" or diag $out;
    my $object = decode_json(seemail('status', '--json'));
    ok scalar(grep { $_->{level} ne 'good' && $_->{text} =~ /$pattern/ && $_->{step} =~ /$step/ } @{ $object->{findings} }), "$what: as JSON";
    $mend->();
}

subtest '1.9-failaware: what does not work is told' => sub {
    trouble('a broken table', 2, '.*hosts:\d+', 'seemail policy check names each error',
        Bed::change("$bed->{TB_A_POLICY}/hosts", sub { $_ .= "\"x\n" }));
    trouble('no hook', 2, 'the hook .*seemail.so cannot be read', 'install it there', moved("$dir/bin/seemail.so"));
    my $events = "$bed->{TB_A_STATE}/events";
    Bed::write_file($events, "\n" . (time - 3 * 86400) . "\theld\n");
    trouble('events that nobody counts', 1, 'events wait for 3 days', 'run seemail responder flush', sub { unlink $events });
    my $syslog = Bed::change("$bed->{TB_A_POLICY}/settings", sub { s{^log .*}{log syslog}m });
    my ($word) = (status())[1] =~ /^(\w+) +log /m;
    is $word, -S '/dev/log' ? 'good' : 'warning', 'a syslog that is there, or is not';
    $syslog->();
    Bed::output("$as mkdir $dir/a/log/closed; chmod 500 $dir/a/log/closed");
    trouble('a log that cannot be written', 1, "$dir/a/log/closed/x cannot be written: Permission denied", 'give it to Exim\'s user',
        Bed::change("$bed->{TB_A_POLICY}/settings", sub { s{^log .*}{log $dir/a/log/closed/x}m }));
    trouble('no filter', 2, '.*seemail-filter cannot be run', 'make install', moved("$dir/bin/seemail-filter"));
    trouble('no key store', 2, '.*key4\.db', 'mend it', moved("$bed->{TB_A_NSSDB}/key4.db"));
    trouble('no state', 2, 'something is wrong with keys, certificates or lists', 'see below', moved("$bed->{TB_A_STATE}/data.mdb"));
};

subtest '1.9-failaware: notices that do not go out' => sub {
    # A clock that is behind by so many seconds.
    Bed::write_file("$dir/past.c", "#include <stdlib.h>\n#include <time.h>\ntime_t time(time_t *to) { struct timespec now; clock_gettime(CLOCK_REALTIME, &now); "
            . "now.tv_sec -= atol(getenv(\"PAST\")); if (to) *to = now.tv_sec; return now.tv_sec; }\n");
    is Bed::output("gcc -shared -fPIC -o $dir/past.so $dir/past.c"), '', 'a library';
    my $flush = sub { Bed::output("$as env ASAN_OPTIONS=verify_asan_link_order=0 PAST=$_[0] LD_PRELOAD=$dir/past.so $dir/bin/seemail-responder --policies $bed->{TB_A_POLICY} flush") };
    my $event = sub { my $when = time - $_[0]; Bed::write_file("$bed->{TB_A_STATE}/events", "\n$when\theld\t0\t\t\tc.test\tx\t.\n"); chown((getpwnam 'Debian-exim')[2, 3], "$bed->{TB_A_STATE}/events") if $> == 0 };
    my @undo = (Bed::change("$bed->{TB_A_POLICY}/settings", sub { s/^sendmail.*$/sendmail \/bin\/false\nnotices-at-once 0/m }),
        Bed::change("$bed->{TB_A_POLICY}/events", sub { $_ = "held mail\n" }));
    $event->(3 * 86400);
    $flush->(0);
    my ($level, $out) = status();
    is $level, 1, 'an event that was counted and not told: a warning';
    like $out, qr/^warning +notices +events wait for 3 days/m, 'with its age';
    push @undo, Bed::change("$bed->{TB_A_POLICY}/events", sub { $_ = "held digest 1\n" });
    $flush->(3 * 3600);
    ($level, $out) = status();
    is $level, 1, 'a mail that is not taken: a warning' or diag $out;
    like $out, qr/^warning +notices +mails that tell of events wait for 3 hours.*\n +next: .*sendmail/m, 'with its age, and what to do';
    Bed::write_file("$dir/a/log/seemail", '');
    $flush->(-8 * 86400);
    like Bed::read_file("$dir/a/log/seemail"), qr/responder=drop to=postmaster\@a\.test id=\S+ failure=child reason=".*false: did not take/, 'after a week it is thrown away, and that is logged';
    $_->() for reverse @undo;
    like +(status())[1], qr/^good +notices +/m, 'then all is well';
};

subtest '1.9-failaware: Exim that does not run, or not with SEEMail' => sub {
    my $try = sub {
        my ($code) = @_;
        local $_ = Bed::read_file($bed->{TB_A_CONF});
        $code->();
        Bed::write_file("$dir/other.conf", $_);
        return Bed::output("$env=$dir/other.conf $dir/bin/seemail status");
    };
    like $try->(sub { s/^daemon_smtp_ports.*/daemon_smtp_ports = 1/m }), qr/^critical +exim +nobody answers at 127\.0\.0\.1:1: no mail/m, 'not running';
    is $? >> 8, 2, 'exit status 2';
    like $try->(sub { s/^\.include .*seemail_routers//m }), qr/^critical +hook +Exim has no routers of SEEMail's/m, 'without the routers';
    like $try->(sub { s/^(begin routers\n)/$1\nearly:\n  driver = accept\n  transport = plain\n/m }),
        qr/^critical +hook +the router early comes before SEEMail's: mail may pass by/m, 'with a router before them';
    like $try->(sub { s{^log_file_path.*}{log_file_path = $dir/nowhere/%slog}m }), qr{^critical +errors +\S+/nowhere/mainlog: No such file}m, 'no log';
    like $try->(sub { s{^spool_directory.*}{spool_directory = $dir/other.conf}m }), qr{^critical +queue +\S+/other.conf/input: Not a dir}m, 'no queue';
    my ($in, $ext) = @$bed{qw(TB_A_INSIDE_PORT TB_A_OUTSIDE_PORT)};
    my $good = $try->(sub { s/^(?:local_interfaces|daemon_smtp_ports).*\n//mg; s/^(?=tls_adv)/local_interfaces = 127.0.0.1.$in : 127.0.0.1.$ext\n/m });
    is join(' ', $good =~ /Exim answers at (\S+)/g), "127.0.0.1:$in 127.0.0.1:$ext", 'ports within local_interfaces';
    my $silent = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die $!; # waits for the client's first byte, as TLS does
    my $port = $silent->sockport;
    like $try->(sub { s/^daemon_smtp_ports.*/daemon_smtp_ports = $in : $port\ntls_on_connect_ports = $port/m }),
        qr/^good +exim +Exim answers at 127\.0\.0\.1:$port$/m, 'no greeting is expected where TLS comes first';
    my $none = $try->(sub { s{^log_file_path.*}{log_file_path = $dir/%slog}m });
    like $none, qr/^good +errors /m, 'a log that was just rotated away is an empty one';
    my $out = Bed::output("SEEMAIL_HOME=$dir/a SEEMAIL_EXIM=/nonexistent $as $dir/bin/seemail-status");
    is $? >> 8, 2, 'no Exim at all: exit status 2';
    like $out, qr{/nonexistent: no Exim there}, 'is said';
};

subtest '1.9-failaware: mail that waits, and mail that was refused' => sub {
    my $partners = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "*\@c.test\n" });
    $bed->mark('a');
    my ($id) = $bed->send('a', 'inside', 'alice@a.test', 'x@c.test', Bed::mail()) =~ /id=(\S+)/;
    ok $bed->wait_log('a', "$id == x\@c.test"), 'waits';
    trouble('mail without a certificate', 1, '1 message waits: no-certificate', 'seemail certs refresh', sub { });
    seemail('queue', 'bounce', $id);
    my $mend = Bed::change("$bed->{TB_A_POLICY}/triggers", sub { $_ = "\"x\n" });
    like $bed->send('a', 'inside', 'alice@a.test', 'x@c.test', Bed::mail()), qr/^451/, 'refused for now';
    $mend->();
    ok $bed->take_matching('a', qr/^Subject: Mail delivery failed/m), 'the one that waited came back';
    like $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', Bed::mail()), qr/^250/, 'and later it works';
    trouble('mail that was refused', 1, '\d mails? (?:was|were) answered 4xx in the last 24 hours, the last \d+ \w+ ago: policy: .*triggers:1',
        'none, if that is over', sub { });
    $partners->();
};

sub metrics {
    my $out = Bed::output("$env=$bed->{TB_A_CONF} $as $dir/bin/seemail-metrics 2>&1");
    my %value = $out =~ /^(seemail_\w+(?:\{[^}\n]*\})?) (-?\d+)$/mg;
    return wantarray ? %value : $out;
}

# What comes on top of the counters by some mail.
sub difference {
    my ($before, $after) = @_;
    return join ' ', map { my $d = $after->{$_} - ($before->{$_} // 0); $d ? "$_ $d" : () } sort grep { /_total/ && !/deferrals/ } keys %$after;
}

subtest '1.9-logs: counters for a monitor' => sub {
    ok Bed::wait_for(sub { $bed->queue('a') == 0 }), 'nothing goes on';
    my $out = metrics();
    is $? >> 8, 0, 'exit status 0' or diag $out;
    is scalar(grep { !/^(?:# (?:HELP|TYPE) seemail_\w+ \S.*|seemail_\w+(?:\{\w+="[^"\n]*"\})? -?\d+)$/ } split /\n/, $out), 0, 'in Prometheus\' format';
    my %before = metrics();
    is difference(\%before, { metrics() }), '', 'counted once';
    $bed->mark('a', 'b');
    $bed->send('a', 'inside', 'alice@a.test', ['bob@b.test', 'eve@elsewhere.test'], Bed::mail());
    $bed->take('b');
    $bed->take('outside');
    ok Bed::wait_for(sub { $bed->queue('a') == 0 }), 'done';
    my %after = metrics();
    is difference(\%before, \%after), 'seemail_deliveries_total{how="other"} 1 seemail_deliveries_total{how="sealed"} 1 '
        . 'seemail_messages_total{direction="inside"} 1 seemail_recipients_total{class="plain"} 1 seemail_recipients_total{class="seal"} 1',
        'what happened';
    cmp_ok $after{'seemail_certificate_expiry_days{nickname="a DCA"}'}, '>', 300, 'days to expiry';
    is $after{'seemail_queue_messages{reason="no-certificate"}'}, 0, 'the queue';
    ok exists $after{'seemail_list_age_seconds{list="SEEMAIL"}'}, 'the age of lists';
    is $after{seemail_crls_failing}, 0, 'CRLs';
    cmp_ok $after{'seemail_failures_total{failure="policy"}'}, '>=', 1, 'failures';
};

subtest '1.9-failaware: metrics tell what they can' => sub {
    my $mend = Bed::change("$bed->{TB_A_POLICY}/hosts", sub { $_ .= "\"x\n" });
    my %value = metrics();
    is metrics() && $? >> 8, 75, 'a broken policy: exit status 75';
    is $value{'seemail_queue_messages{reason="no-certificate"}'}, 0, 'the queue is told';
    is $value{seemail_metrics_failed}, 2, 'and how many parts are not';
    $mend->();
    like Bed::output("SEEMAIL_HOME=$dir/a SEEMAIL_EXIM=/nonexistent $as $dir/bin/seemail-metrics"),
        qr{^seemail_certificates_level 0\n.*^seemail_metrics_failed 2\n}ms, 'no Exim: what is known of certificates';
    unlink glob "$bed->{TB_A_STATE}/metrics*";
    Bed::output("$env=$bed->{TB_A_CONF} $dir/bin/seemail-metrics"); # as root too
    is_deeply [map { (stat "$bed->{TB_A_STATE}/$_")[4] } 'metrics', 'metrics.lock'], [((stat $bed->{TB_A_STATE})[4]) x 2], 'what root has kept is the hub\'s';
    like Bed::output("$env=$bed->{TB_A_CONF} $as $dir/bin/seemail-metrics --json"), qr/^usage: seemail-metrics \[--policies DIR\] \[--output FILE\]$/, 'no JSON';
    is $? >> 8, 64, 'exit status 64';
};

# Logs that nobody wrote, and an Exim that only tells where they are.
my $logs = "$dir/logs";
my $file = "$bed->{TB_A_STATE}/metrics";
sub fake_exim { Bed::write_file("$dir/fake", "#!/bin/sh\n[ \$2 = log_file_path ] && echo log_file_path = $logs/%slog || echo \$2 = $logs\n") ; chmod 0755, "$dir/fake" }
sub from_logs {
    my $out = Bed::output("SEEMAIL_HOME=$dir/a SEEMAIL_EXIM=$dir/fake $as $dir/bin/seemail-metrics 2>&1");
    my %value = $out =~ /^(seemail_\S+) (-?\d+)$/mg;
    return $value{'seemail_messages_total{direction="inside"}'} // $out;
}
sub decisions { return join '', map { "2026-01-01 00:00:0$_ 1aaaaa-00000$_-00 seemail direction=inside seal=1\n" } @_ }

subtest '1.9-logs: counters are right over rotation, restarts and many processes' => sub {
    fake_exim();
    mkdir $logs;
    unlink $file;
    Bed::write_file("$logs/mainlog", decisions(1, 2) . '2026-01-01 00:00:03 1aaaaa-000003-00 seem');
    is from_logs(), 2, 'whole lines only';
    Bed::write_file("$logs/mainlog", decisions(1 .. 4));
    is from_logs(), 4, 'what came on top';
    rename "$logs/mainlog", "$logs/mainlog.1";
    Bed::write_file("$logs/mainlog.1", decisions(1 .. 5));
    Bed::write_file("$logs/mainlog", decisions(6));
    is from_logs(), 6, 'rotated: the rest of the old one, and the new one';
    rename "$logs/mainlog.1", "$logs/mainlog.01"; # as exicyclog names it
    rename "$logs/mainlog", "$logs/mainlog.1" and rename "$logs/mainlog.01", "$logs/mainlog.02";
    is from_logs(), 6, 'no log, since it was just rotated away: nothing is new';
    Bed::write_file("$logs/mainlog.01", Bed::read_file("$logs/mainlog.1") . decisions(7));
    unlink "$logs/mainlog.1";
    is from_logs(), 7, 'the rest of one that exicyclog has named';
    system 'gzip', "$logs/mainlog.01";
    Bed::write_file("$logs/mainlog", decisions(8));
    is from_logs(), 8, 'or that is packed by now';
    unlike Bed::read_file($file), qr/gaps/, 'without a gap';
    unlink glob "$logs/mainlog*";
    unlink $file;
    Bed::write_file("$logs/mainlog", decisions(1 .. 6));
    is from_logs(), 6, 'begun anew';
    system "for i in 1 2 3 4 5 6; do SEEMAIL_HOME=$dir/a SEEMAIL_EXIM=$dir/fake $as $dir/bin/seemail-metrics >/dev/null & done; wait";
    is from_logs(), 6, 'many at once count no line twice';
    Bed::write_file("$logs/mainlog", decisions(7));
    unlink "$logs/mainlog.1";
    is from_logs(), 7, 'the old one is gone: counting goes on';
    like Bed::read_file($file), qr/^seemail_log_gaps_total 1$/m, 'and says that something is missing';
    Bed::write_file($file, "garbage\n");
    is from_logs(), 1, 'a damaged file is begun anew';
    my $kept = Bed::read_file($file);
    Bed::write_file("$logs/mainlog", decisions(7, 8));
    my $full = Bed::output("bash -c 'trap \"\" XFSZ; ulimit -f 0; SEEMAIL_HOME=$dir/a SEEMAIL_EXIM=$dir/fake exec $as $dir/bin/seemail-metrics --output $dir/x' 2>&1");
    is $? >> 8, 75, 'a full disk: exit status 75';
    is Bed::read_file($file), $kept, 'what was kept stays';
    ok !-e "$dir/x", 'and no half of an answer';
    is from_logs(), 2, 'and nothing is lost';
    Bed::write_file("$logs/mainlog", decisions(7, 8) . "2026-01-01 00:00:00 1aaaaa-000009-00 seemail direction=\"x\\x22} 9\\x0A\" verdict=<b>\n" x 3);
    from_logs();
    like Bed::read_file($file), qr/direction="other"\} 3$/m, 'no text of others becomes a counter';
    unlink $file;
    Bed::write_file("$logs/mainlog", "2026-01-01 00:00:00 1aaaaa-000001-00 seemail direction=inside seal=100\n" x 60_000);
    my $limit = ($ENV{B} // '') =~ /sanitize/ ? '' : 'ulimit -v 60000; '; # which the sanitizer's own memory is over
    $as = "bash -c '${limit}exec $as \"\$0\" \"\$\@\"'";
    is from_logs(), 60_000, 'many lines in little memory';
    like Bed::read_file($file), qr/class="seal"\} 6000000$/m, 'all recipients';
    unlink $file, "$file.lock";
};

done_testing;
