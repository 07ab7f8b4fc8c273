#!/usr/bin/perl
# The life of one message, from logs and queue.
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
my $partners = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "*\@c.test\n" });

sub quoted { my ($text) = @_; $text =~ s/'/'\\''/g; return "'$text'" }

sub trace {
    my ($hub, @arguments) = @_;
    my $conf = $bed->{ 'TB_' . uc($hub) . '_CONF' };
    return Bed::output("SEEMAIL_HOME=$dir/$hub SEEMAIL_EXIM=$exim SEEMAIL_EXIM_CONFIG=$conf $as $dir/bin/seemail-trace @arguments");
}
# What happened, one word each; the filter's runs as one, without a queue run that came across.
sub once { my ($words) = @_; $words =~ s{also }{}g; $words =~ s/(seemail )+/$1/g; return $words }
sub words { my ($out) = @_; return once(join ' ', $out =~ /^  \S+ \S+  (\w+)/mg) }

subtest '1.9-logs: a mail that was sealed, at both hubs, by its Message-ID' => sub {
    $bed->mark('a', 'b');
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '{sensitive}', 'Message-ID' => '<one@a.test>')), qr/^250/, 'accepted';
    ok $bed->take('b'), 'arrives';
    ok $bed->wait_log('a', 'Completed'), 'done';
    ok $bed->wait_log('b', 'Completed'), 'there too';
    my $out = trace('a', quoted('<one@a.test>'));
    is $? >> 8, 0, 'exit status 0';
    is words($out), 'decided arrived seemail delivered completed', 'all in order' or diag $out;
    like $out, qr/decided +direction=inside .*marking=SENSITIVE .*seal=1/, 'what was decided';
    like $out, qr/seemail +filter=seal to=bob\@b\.test recipients=1/, 'the filter';
    like $out, qr/delivered +bob\@b\.test R=seemail_seal T=seemail_seal/, 'how it went';
    my ($id) = $out =~ /^(\S+)$/m;
    is trace('a', $id), $out, 'the same by Exim\'s number';
    my $there = trace('b', 'one@a.test');
    like $there, qr/decided +direction=outside .*verdict=good .*inside=1/, 'at the other hub';
    my $object = decode_json(trace('a', '--json', $id));
    is_deeply [$object->{ids}, once(join ' ', map { $_->{event} } @{ $object->{events} })],
        [[$id], 'decided arrived seemail delivered completed'], 'as JSON';
};

subtest '1.9-logs: a mail that waits, and one that came back' => sub {
    $bed->mark('a');
    my ($id) = $bed->send('a', 'inside', 'alice@a.test', 'x@c.test', Bed::mail('Message-ID' => '<two@a.test>')) =~ /id=(\S+)/;
    ok $bed->wait_log('a', "$id == x\@c.test") && Bed::wait_for(sub { trace('a', $id) =~ /times more/ }), 'is tried several times';
    my $out = trace('a', $id);
    like $out, qr/waits +x\@c\.test R=seemail_ready defer \(-1\): SEEMail cannot seal: no certificate is known.*\n +[1-9]\d* times more, last at 20/, 'told once';
    like $out, qr/now +in the queue for .*, no-certificate: seemail certs refresh/, 'and what to do';
    Bed::output("$as $exim -C $bed->{TB_A_CONF} -Mg $id");
    ok $bed->take_matching('a', qr/^Subject: Mail delivery failed/m), 'given up';
    ok Bed::wait_for(sub { trace('a', $id) =~ /R=$id/ }), 'the bounce belongs to it';
    like trace('a', $id), qr/^$id\n.*^(?!$id)\S+\n.*decided +direction=own/ms, 'and has been decided on';
};

subtest '1.9-logs: no such message, no log' => sub {
    like trace('a', 'nobody@a.test'), qr/no such message/, 'not found';
    is $? >> 8, 1, 'exit status 1';
    trace('a');
    is $? >> 8, 64, 'which?';
    Bed::write_file("$dir/noexim", "#!/bin/sh\necho \$2 = \n");
    chmod 0755, "$dir/noexim";
    like Bed::output("SEEMAIL_EXIM=$dir/noexim $dir/bin/seemail-trace x\@y"), qr{log/mainlog: No such file}, 'no log';
    is $? >> 8, 75, 'exit status 75';
};

# Logs that nobody wrote, and an Exim that only tells where they are.
sub logs {
    my (%files) = @_;
    mkdir "$dir/logs";
    Bed::write_file("$dir/logs/$_", $files{$_}) for keys %files;
    Bed::write_file("$dir/logs/exim", "#!/bin/sh\n[ \$2 = log_file_path ] && echo log_file_path = syslog : $dir/logs/%slog || echo \$2 = $dir/logs\n");
    chmod 0755, "$dir/logs/exim";
    return "SEEMAIL_EXIM=$dir/logs/exim $dir/bin/seemail-trace";
}

subtest '1.9-logs: old logs, packed ones too, and hostile ones' => sub {
    my $id = '1aaaaa-000001-00';
    my $trace = logs('mainlog' => "2026-01-03 00:00:00 $id Completed\nhalf a li",
        'mainlog.1' => "2026-01-02 00:00:00 $id == x\@y R=r defer (0): \e[2J\x9b \xe2\x80\xae\n\0\0\n" . ('x' x 100_000) . "\n2026-01-02 00:00:01 $id => x\@y\n",
        'mainlog.2' => "2026-01-01 00:00:00 $id <= a\@b id=m\@x\n" . "2026-01-01 00:00:00 $id <= a\@b H=(x) S=1 id=m\@x\n");
    system 'gzip', "$dir/logs/mainlog.2";
    my $out = Bed::output("$trace m\@x");
    is words($out), 'arrived arrived waits delivered completed', 'all, in order' or diag $out;
    unlike $out, qr/[^\x20-\x7e\n]/, 'nothing for the terminal in it';
    rename "$dir/logs/mainlog", "$dir/logs/away";
    is words(Bed::output("$trace m\@x")), 'arrived arrived waits delivered', 'also when the log was just rotated away';
    rename "$dir/logs/away", "$dir/logs/mainlog";
    ok decode_json(Bed::output("$trace --json m\@x")), 'JSON';
};

subtest '1.9-logs: many recipients, many times, and too much of all' => sub {
    my $id = '1aaaaa-000002-00';
    my $waits = join '', map { my $at = sprintf '2026-01-01 00:%02d:%02d', $_ / 60, $_ % 60; map { "$at $id == r$_\@x R=r defer (0): no\n" } 1 .. 7 } 0 .. 3599;
    my $trace = logs(mainlog => "2026-01-01 00:00:00 $id <= a\@b\n${waits}2026-01-02 00:00:00 $id Completed\n");
    my $out = Bed::output("$trace $id");
    is words($out), 'arrived ' . ('waits ' x 7) . 'completed', 'each recipient is told once' or diag substr $out, 0, 1000;
    is scalar(() = $out =~ /3599 times more, last at 2026-01-01 00:59:59/g), 7, 'and how often';
    $trace = logs(mainlog => "2026-01-01 00:00:00 $id <= a\@b\n" . join '', map { "2026-01-01 00:00:01 $id == r$_\@x R=r defer (0): no\n" } 1 .. 20_009);
    $out = Bed::output("$trace $id");
    is $? >> 8, 0, 'too many: exit status 0';
    like $out, qr/waits +r19999\@x .*^10 events more, beyond the first 20000, are not shown$/ms, 'what fits is shown, and how many are not';
    is decode_json(Bed::output("$trace --json $id"))->{'left-out'}, 10, 'as JSON';
};

$partners->();
done_testing;
