#!/usr/bin/perl
# Processes of the hubs are killed during traffic, whichever and whenever: nothing is lost, nothing is in clear, no
# plaintext is left behind. KILLS and SEED in the environment: another number, the same choices again.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use POSIX qw(setsid);
use Test::More;

my $kills = $ENV{KILLS} || 200;
my $seed = $ENV{SEED} || time;
srand $seed;
note "SEED=$seed";
my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my @as = $> == 0 ? qw(setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups) : ();
my $secret = 'kept-from-all-but-the-partner-' . join '-', time, $$; # no other run leaves it in /tmp
my %arrived;
$ENV{TMPDIR} = "$dir/tmp"; # of what is started again here

# The hubs' processes: pid => command line.
sub processes {
    my %found;
    for my $proc (glob '/proc/[0-9]*') {
        open my $f, '<', "$proc/cmdline" or next;
        my $line = join ' ', split /\0/, scalar(<$f>) // '';
        next unless $line =~ m{\Q$dir\E/[ab]/exim\.conf|\Q$dir\E/bin/seemail-};
        $found{$1} = $line if $proc =~ /(\d+)/;
    }
    return \%found;
}

sub alive {
    my ($pid) = @_;
    open my $f, '<', "/proc/$pid/stat" or return 0;
    return scalar(<$f>) !~ /\) Z/;
}

# The listener of each hub, also when it is started again.
my %listener = map { my $x = $_; $x => (grep { (processes()->{$_} // '') =~ /\Q$dir\E\/$x\/exim\.conf -bdf/ } split /\n/,
        Bed::read_file("$dir/pids"))[0] } qw(a b);

# A listener is started again when it was killed, as an init would do.
sub restart {
    for my $x (qw(a b)) {
        next if alive($listener{$x});
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            setsid();
            open STDIN, '<', '/dev/null';
            open STDOUT, '>>', "$dir/output";
            open STDERR, '>>', "$dir/output";
            exec @as, '/usr/sbin/exim4', '-C', "$dir/$x/exim.conf", '-bdf', '-q1s' or POSIX::_exit(1);
        }
        $listener{$x} = $pid;
        open my $f, '>>', "$dir/pids" or die "pids: $!";
        print $f "$pid\n";
    }
}

# Exim freezes a mail whose transport process was killed, for a person to look; it thaws by itself where it is told to.
for my $x (qw(a b)) {
    Bed::change("$dir/$x/exim.conf", sub { s/^begin acl$/auto_thaw = 1s\n\nbegin acl/m });
    kill 'KILL', $listener{$x};
    Bed::wait_for(sub { !alive($listener{$x}) }) or die "$x goes on";
}
restart();

# Kills until it has killed enough; runs beside the traffic. Its last words are what it killed.
sub killer {
    my ($out) = @_;
    my %kinds;
    $SIG{CHLD} = 'IGNORE';
    for (my $killed = 0; $killed < $kills;) {
        my $found = processes();
        my %listens = map { $_ => 1 } values %listener;
        my @pids = sort { $a <=> $b } keys %$found;
        # The listeners are always there; what runs for a moment gets its share.
        @pids = grep { !$listens{$_} } @pids if rand() < 0.95;
        my $pid = @pids ? $pids[rand @pids] : undef;
        if ($pid && kill 'KILL', $pid) {
            $killed++;
            Bed::wait_for(sub { !alive($pid) }) if $listens{$pid}; # or it would not be started again after the last kill
            $kinds{ $listens{$pid} ? 'listener' : $found->{$pid} =~ m{bin/(seemail-\S+)} ? $1 : 'exim' }++;
        }
        restart();
        select undef, undef, undef, rand 0.05;
    }
    print $out join(', ', map { "$_ $kinds{$_}" } sort keys %kinds), "\n";
    close $out;
}

sub collect {
    for my $name (qw(b outside)) {
        for my $path (glob $bed->maildir($name) . '/new/*') {
            my $text = Bed::read_file($path);
            unlink $path;
            my ($id) = $text =~ /^id=(\S+)/m;
            push @{ $arrived{ $id // 'other' } }, { where => $name, text => $text };
        }
    }
    return scalar grep { $_ ne 'other' } keys %arrived;
}

# Every third is plain and for somebody else; of the others half are marked.
sub mail_number {
    my ($n) = @_;
    my ($to, $subject) = $n % 3 == 2 ? ("pat$n\@far.test", 'x') : ("bob$n\@b.test", $n % 3 ? '[SEEMAIL] x' : 'x');
    my $body = $n % 3 == 2 ? "id=m$n\n" : "id=m$n\n$secret\n";
    return ($to, Bed::mail(To => $to, Subject => $subject, body => $body));
}

my ($sent, $attempts, $done) = (0, 0, '');
my $pid = open(my $words, '-|') // die "fork: $!";
if (!$pid) { killer(\*STDOUT); POSIX::_exit(0) }
my $bits = '';
vec($bits, fileno $words, 1) = 1;
until (select my $ready = $bits, undef, undef, 0) {
    my ($to, $mail) = mail_number($sent);
    my $answer = '';
    # What was not accepted is the sender's still: it tries again.
    until ($answer =~ /^250/) {
        select undef, undef, undef, 0.05 if $answer;
        $answer = $bed->send('a', 'inside', 'alice@a.test', $to, $mail);
        $attempts++;
    }
    $sent++;
    collect();
}
$done = <$words> // '';
close $words;
like $done, qr/seemail-filter \d/, "$kills processes were killed during $sent mails ($attempts attempts): $done";

ok Bed::wait_for(sub { collect() >= $sent }), 'each mail that was accepted arrived'
    or diag join ' ', 'missing:', grep { !$arrived{$_} } map { "m$_" } 0 .. $sent - 1;
ok Bed::wait_for(sub { collect(); $bed->queue('a') + $bed->queue('b') == 0 }), 'nothing is left in the queues';
my $copies = 0;
$copies += @{ $arrived{$_} } - 1 for grep { $_ ne 'other' } keys %arrived;
# A server that dies between the last dot and its answer has the mail, and so has its client (RFC 1047).
cmp_ok $copies, '<=', $kills, "$copies copies, no more than SMTP itself may make";
is scalar(grep { $_->{where} eq 'outside' && $_->{text} =~ /$secret/ } map { @$_ } values %arrived), 0, 'nothing went out in clear';
is scalar(grep { $_->{where} eq 'b' && $_->{text} !~ /^X-SEEMAIL-Verified: good/m } map { @$_ } grep { defined } @arrived{ map { "m$_" }
    grep { $_ % 3 != 2 } 0 .. $sent - 1 }), 0, 'and all that came sealed was verified';
is Bed::output("grep -rl $secret $dir/b --exclude-dir=maildir; ls $ENV{TMPDIR} 2>/dev/null"), '', 'no plaintext is left at the partner';
is Bed::output("grep -rl $secret $dir/a --exclude-dir=input; grep -l $secret /tmp/* 2>/dev/null"), '', 'nor here but in Exim\'s own spool';
done_testing;
