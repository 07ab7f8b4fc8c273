#!/usr/bin/perl
# A storm of failures makes a handful of mails, and no failure is left out of their counts [2.12-principles].
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Fcntl qw(:flock);
use POSIX qw(WNOHANG);
use Test::More;

my $bed = Bed->up('a');
my $dir = $bed->{dir};
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my @domains = map { "d$_.test" } 1 .. 30;
my $mend = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= join '', map { "*\@$_\n" } @domains });

sub flush { return Bed::output("$as $dir/bin/seemail-responder --policies $bed->{TB_A_POLICY} flush @_") }
sub notices { my @mails; while ($bed->waiting('a')) { push @mails, $bed->take('a') } return grep { /^Auto-Submitted: auto-generated/m } @mails }

# How often all these mails say that something happened.
sub told {
    my $sum = 0;
    for my $mail (@_) { $sum += $1 // 1 while $mail =~ /^  - \S+: (?:(\d+) times|once)/mg }
    return $sum;
}

# Many processes at once ask whether a mail could be sealed, as Exim's routers do; each is a message of its own.
sub failures {
    my ($count, $name) = @_;
    my @pids;
    for my $worker (0 .. 3) {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            for (my $i = $worker; $i < $count; $i += 4) {
                Bed::output("$as env SEEMAIL_HOME=$dir/a SEEMAIL_BIN=$dir/bin $dir/bin/seemail-filter ready seal $name$i a.test 0 "
                        . "alice\@a.test x\@$domains[$i % @domains]");
            }
            POSIX::_exit(0);
        }
        push @pids, $pid;
    }
    waitpid $_, 0 for @pids;
}

subtest '2.12-principles: 1,000 failures make one digest' => sub {
    Bed::write_file("$bed->{TB_A_POLICY}/events", "held digest 15\n");
    failures(1000, 'one');
    is $bed->waiting('a'), 0, 'nothing yet';
    flush('--all');
    ok Bed::wait_for(sub { $bed->waiting('a') }), 'a mail';
    my @mails = notices();
    is scalar(@mails), 1, 'one';
    is told(@mails), 1000, 'tells of all';
    cmp_ok length $mails[0], '<', 8000, 'and is no longer than people read';
    like $mails[0], qr/^  - others: \d+ times/m, 'some examples, and the others together';
    flush('--all');
    is $bed->waiting('a'), 0, 'and that is all';
};

subtest '2.12-principles: mailed at once, they are a handful too' => sub {
    Bed::write_file("$bed->{TB_A_POLICY}/events", Bed::read_file("$Bed::top/policies/events")); # as it ships
    failures(200, 'two');
    ok Bed::wait_for(sub { $bed->waiting('a') }), 'a mail comes by itself';
    ok Bed::wait_for(sub { flush(); $? == 0 && !-e "$dir/a/state/events" && !-e "$dir/a/state/events.taken" }), 'all are counted';
    Bed::wait_for(sub { $bed->queue('a') == 0 });
    my @mails = notices();
    cmp_ok scalar(@mails), '<=', 5, 'five in an hour: ' . @mails;
    flush('--all');
    Bed::wait_for(sub { push @mails, notices(); told(@mails) >= 200 });
    cmp_ok scalar(@mails), '<=', 6, 'and one at its end';
    is told(@mails), 200, 'they tell of all';
};

subtest '2.12-principles: real mail, again and again' => sub {
    Bed::write_file("$bed->{TB_A_POLICY}/events", "held digest 15\n");
    for my $i (1 .. 20) {
        $bed->send('a', 'inside', 'alice@a.test', [map { "x\@d$_.test" } 1 .. 3], Bed::mail(Subject => "[seemail] $i"));
    }
    my $tried = 0;
    ok Bed::wait_for(sub { $tried = () = $bed->log('a') =~ /== x\@d3\.test .*cannot seal/g; $tried >= 60 }), 'each was tried several times';
    flush('--all');
    my $mail = $bed->take_matching('a', qr/^Auto-Submitted: auto-generated/m) // '';
    is told($mail), 60, 'and is told once for each domain that it waits for';
    like $mail, qr/d1\.test: 20 times/, 'by domain';
};

subtest '2.12-principles: a flush that is killed loses nothing and tells nothing twice' => sub {
    Bed::write_file("$bed->{TB_A_POLICY}/events", "held digest 15\n");
    my $killed = 0;
    for my $i (1 .. 20) {
        failures(2, "kill$i-");
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            open STDERR, '>', '/dev/null';
            exec split(/ /, $as), "$dir/bin/seemail-responder", '--policies', $bed->{TB_A_POLICY}, 'flush';
        }
        select undef, undef, undef, rand 0.012;
        $killed += kill 'KILL', $pid;
        waitpid $pid, 0;
    }
    cmp_ok $killed, '>=', 1, "killed $killed times";
    flush('--all');
    my $mail = $bed->take_matching('a', qr/^Auto-Submitted: auto-generated/m) // '';
    is told($mail), 40, 'all are told once';
};

subtest '2.12-principles: whoever asks for all gets all, also while another flush runs' => sub {
    open my $lock, '>>', "$dir/a/state/events.lock" or die "events.lock: $!";
    ok Bed::wait_for(sub { flock $lock, LOCK_EX | LOCK_NB }), 'one runs';
    failures(1, 'left');
    rename "$dir/a/state/events", "$dir/a/state/events.taken" or fail 'as one that was killed leaves it';
    failures(1, 'new');
    flush();
    is $?, 0, 'another one leaves it to that';
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        close $lock;
        flush('--all');
        POSIX::_exit($? >> 8);
    }
    my $waits = Bed::wait_for(sub { Bed::read_file('/proc/locks') =~ /^\d+: -> FLOCK /m || waitpid($pid, WNOHANG) });
    is $waits, 1, 'one for all waits';
    close $lock;
    is waitpid($pid, 0), $pid, 'ends';
    is $?, 0, 'well';
    my $mail = $bed->take_matching('a', qr/^Auto-Submitted: auto-generated/m) // '';
    is told($mail), 2, 'and has told all, in one mail';
};

$mend->();
done_testing;
