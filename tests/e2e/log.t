#!/usr/bin/perl
# What is written into logs: a line a decision, the same as JSON, and nothing that a sender could have put there.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use IO::Socket::UNIX;
use JSON::PP;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $log = "$dir/a/log/seemail";
my $user = $> == 0 ? 'Debian-exim:' : '';
Bed::change("$bed->{TB_A_POLICY}/events", sub { s/^(\S+\s+)(?:mail|digest)/$1log/mg }); # notices are mail too, with decisions of their own

sub setting { my ($text) = @_; return Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ .= "$text\n" }) }
sub to { my ($target, $format) = @_; return Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ = "log $target\nlog-format $format\n" }) }
sub fresh { unlink $log }
sub lines { return -e $log ? split /\n/, Bed::read_file($log) : () }
sub stranger { return $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', Bed::mail(@_)) }

subtest '1.9-logs: one line a decision, in Exim\'s log and the same where the policy wants it' => sub {
    fresh();
    $bed->mark('a');
    like stranger(), qr/^250/, 'accepted';
    my $line = $bed->wait_log('a', ' seemail direction=');
    my ($id, $fields) = $line =~ /^\S+ \S+ (\S+) seemail (.*)$/;
    is $fields, 'direction=inside plain=1', 'in Exim\'s log';
    my @ours = grep { /direction=/ } lines();
    is @ours, 1, 'once';
    like $ours[0], qr/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d seemail\[\d+\]: \Q$fields\E id=$id sender=alice\@a\.test host=127\.0\.0\.1$/, 'in ours';
    $bed->take('outside');
};

subtest '1.9-logs: as JSON lines, of decisions and of the filter' => sub {
    my $undo = setting('log-format json');
    fresh();
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '{sensitive}')), qr/^250/, 'accepted';
    ok $bed->take('b'), 'arrives';
    ok Bed::wait_for(sub { grep { /"filter":"seal"/ } lines() }), 'a line of the filter';
    my @objects = map { decode_json($_) } lines();
    my ($decision) = grep { $_->{direction} } @objects;
    is_deeply [@$decision{qw(program direction marking seal sender)}], ['seemail', 'inside', 'SENSITIVE', 1, 'alice@a.test'], 'the decision';
    like $decision->{time}, qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'when';
    my ($seal) = grep { ($_->{filter} // '') eq 'seal' } @objects;
    is_deeply [@$seal{qw(to recipients id)}], ['bob@b.test', 1, $decision->{id}], 'the filter, for the same message';
    fresh();
    my $mend = Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ .= "\"broken\n" });
    $bed->mark('a');
    like stranger(), qr/^451/, 'a broken policy';
    ok $bed->wait_log('a', 'seemail failure=policy reason='), 'is told in Exim\'s log';
    my @ours = lines();
    is scalar(@ours), 0, 'where else, nobody knows';
    $mend->();
    $undo->();
};

# What a sender may try: more fields, more lines, terminal escapes, text that is shown backwards.
my @hostile = (
    "x direction=own verdict=good", "x\r direction=own", "\e[2J\e]0;owned\a", "\x07\x08\x7f", "\xc2\x9b2J \xe2\x80\xae", "\xff\xfe\x80",
    '"quoted" \\x41', '%s%n${run{/bin/false}}', 'a' x 3000);

# What is no decision: lines of other programs, and of events.
my $others = qr/^\S+ \S+ seemail(?:-\w+\[\d+\]: |\[\d+\]: (?:event|filter)=)|^\{"time":"[^"]+","program":"seemail(?:-|","pid":\d+,"(?:event|filter)":)/;

subtest '1.9-logs: nobody can put anything into the log' => sub {
    my $undo = setting('unlisted refuse-unlisted');
    for my $format ('text', 'json') {
        my $again = setting("log-format $format");
        fresh();
        my $before = length $bed->log('a');
        my $accepted = 0;
        for my $text (@hostile) {
            (my $local = substr $text, 0, 50) =~ s/(["\\])/\\$1/g;
            $local =~ s/[\r\n]/ /g;
            my %h = (Subject => "[seemail] $text", From => "\"$text\" <alice\@a.test>", 'Message-ID' => "<$text\@x>",
                'Content-Type' => "text/plain; charset=\"$text\"; name=\"$text\"");
            my @answers = ($bed->send('a', 'inside', "\"$local\"\@a.test", "\"$local\"\@elsewhere.test", Bed::mail(%h)),
                $bed->send('a', 'outside', "\"$local\"\@elsewhere.test", 'alice@a.test', Bed::mail(%h)));
            $accepted += grep { /^250/ } @answers;
        }
        my @exim = grep { /^\S+ \S+ \S+ seemail / } split /\n/, substr $bed->log('a'), $before;
        my @ours = grep { !/$others/ } lines();
        is scalar(@ours), scalar(@exim), "$format: as many lines in each" or diag join "\n", @ours, @exim;
        cmp_ok scalar(@ours), '>=', $accepted, 'one for each that was accepted';
        is scalar(grep { /[^\x20-\x7e]/ } @ours, @exim), 0, 'of printable ASCII alone';
        is scalar(grep { /direction=own/ && !/".*direction=own.*"/ } @exim, $format eq 'text' ? @ours : ()), 0, 'no field was forged';
        if ($format eq 'json') {
            my @objects = map { eval { decode_json($_) } // () } @ours;
            is scalar(@objects), scalar(@ours), 'each is JSON';
            is scalar(grep { ($_->{direction} // '') eq 'own' } @objects), 0, 'of the right direction';
        }
        $again->();
    }
    $undo->();
    1 while $bed->waiting('a') && $bed->take('a');
};

subtest '1.9-logs: to a syslog\'s socket' => sub {
    my $path = "$dir/devlog";
    my $syslog = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path) or die "$path: $!";
    chmod 0777, $path, $dir;
    my $undo = to($path, 'json');
    like stranger(), qr/^250/, 'accepted';
    my $got = '';
    local $SIG{ALRM} = sub { die "no line came\n" };
    alarm 120;
    do { $syslog->recv($got, 10000) } until $got =~ m{"host":"127.0.0.1"};
    alarm 0;
    like $got, qr/^<21>\w{3} [ \d]\d \d\d:\d\d:\d\d seemail\[\d+\]: \{"time":.*"direction":"inside".*\}$/, 'facility mail, level notice';
    $bed->take('outside');
    $syslog->close;
    like stranger(), qr/^250/, '1.2-suspend: a syslog that does not listen stops no mail';
    ok $bed->take('outside'), 'it arrives';
    $undo->();
};

subtest '1.9-logs: a log that cannot be written stops no mail' => sub {
    symlink "$dir/elsewhere", "$dir/a/log/link";
    for my $target ('/dev/full', "$dir/nowhere/log", "$dir/a/log/link", "$dir/a/log") {
        for my $format ('text', 'json') {
            my $undo = to($target, $format);
            $bed->mark('a');
            like stranger(), qr/^250/, "$target: accepted";
            ok $bed->take('outside'), 'arrives';
            ok $bed->wait_log('a', ' seemail direction=inside'), 'Exim\'s log has it';
            $undo->();
        }
    }
    ok !-e "$dir/elsewhere", 'no link was followed';
};

subtest '1.9-logs: the manual page names each field' => sub {
    my $page = Bed::read_file("$Bed::top/doc/seemail-log.5");
    my %named = map { $_ => 1 } map { split /[ ,]+/ } $page =~ /^(?:\.It )?\.?Cm (.+)$/mg, $page =~ /^\.It Cm (.+)$/mg;
    my $interface = Bed::read_file("$Bed::top/policies/base/interface.h");
    my @keys = $interface =~ /^#define LOG_(?!IDENT)\w+ "([\w-]+)"/mg;
    for my $file ('local_scan/hook.c', 'transport/filter_main.c', 'transport/hub/queue_act.c') {
        push @keys, Bed::read_file("$Bed::top/$file") =~ /logline_\w+\([^,;]+,\s*"([\w-]+)"/g;
    }
    cmp_ok scalar(@keys), '>=', 10, 'there are fields';
    is join(' ', grep { !$named{$_} } @keys), '', 'all are there';
};

done_testing;
