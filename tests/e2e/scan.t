#!/usr/bin/perl
# A virus scanner sees mail from partners when it was opened, and mail to them before it is sealed.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use IO::Socket::INET;
use POSIX ();
use Test::More;

my $exim = $ENV{EXIM} || (grep { -x } qw(/usr/sbin/exim4 /usr/sbin/exim))[0];
plan skip_all => "$exim has no content scanning (exim4-daemon-heavy has): the scanner was not tested"
    unless Bed::output("$exim -bV") =~ /Content_Scanning/;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
# The test file of the EICAR, in pieces, so that no scanner minds this one.
my @pieces = ('X5O!P%@AP[4\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTI', 'VIRUS-TEST-FILE!$H+H*');
my $virus = join '', @pieces;

# A scanner: notes what it was shown.
Bed::write_file("$dir/scanner", <<'END' =~ s/DIR/$dir/r);
#!/usr/bin/perl
@ARGV = glob "$ARGV[0]/*" if -d $ARGV[0];
my $mail = do { local $/; <> };
open my $notes, '>>', 'DIR/scanned';
printf $notes "%s %s\n", $mail =~ /^Subject: (.*)$/m, $mail =~ /pkcs7-mime/ ? 'sealed' : 'open';
print $mail =~ /EICAR-STANDARD-ANTI[V]IRUS/ ? "FOUND Eicar-Test\n" : "fine\n";
END
chmod 0755, "$dir/scanner";
sub scanned { return -e "$dir/scanned" ? Bed::read_file("$dir/scanned") : '' }

# Hub A with a second port of its own.
my $port = Bed::free_port();
Bed::change($bed->{TB_A_CONF}, sub {
    s/^SM_INSIDE_ROUTE = (.*)$/SM_INSIDE_ROUTE = \${if eq{\$received_port}{$port}{$1}{127.0.0.1::$port}}/m or die;
    s{^(daemon_smtp_ports = .*)$}{$1 : $port\nexim_path = $exim\nav_scanner = cmdline:$dir/scanner %s:FOUND:FOUND (.*)\nacl_smtp_data = acl_data}m or die;
    s/^(begin acl\n)/$1\nacl_data:\n  deny malware = *\n    message = This mail contains \$malware_name\n  accept\n/m or die;
});
Bed::change("$bed->{TB_A_POLICY}/hosts", sub { $_ .= "127.0.0.1  $port\n" });
Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ .= "scan-port  $port\n" });
my ($daemon) = grep { -r "/proc/$_/cmdline" && Bed::read_file("/proc/$_/cmdline") =~ m{\Q$bed->{TB_A_CONF}\E} } split /\n/,
    Bed::read_file("$dir/pids");
kill 'TERM', $daemon;
ok Bed::wait_for(sub { !IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $bed->{TB_A_OUTSIDE_PORT}) }), 'Exim stops';
my @as = $> == 0 ? qw(setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups) : ();
my $pid = fork // die "fork: $!";
if (!$pid) {
    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', "$dir/output";
    open STDERR, '>&', \*STDOUT;
    exec(@as, $exim, '-C', $bed->{TB_A_CONF}, '-bdf', '-q1s') or POSIX::_exit(1);
}
open my $pids, '>>', "$dir/pids" or die "$dir/pids: $!";
print $pids "$pid\n";
close $pids;
ok Bed::wait_for(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) }), 'Exim listens at the second port';
ok Bed::wait_for(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $bed->{TB_A_OUTSIDE_PORT}) }), 'and at the others';

sub from_partner { return $bed->send('b', 'inside', 'bob@b.test', 'alice@a.test', Bed::mail(From => 'bob@b.test', To => 'alice@a.test', @_)) }

subtest 'A-smtp: mail from a partner is scanned when it was opened' => sub {
    $bed->mark('a');
    like from_partner(Subject => 'fine'), qr/^250/, 'a clean one';
    my $mail = $bed->take('a') // '';
    like $mail, qr/^X-SEEMAIL-Verified: good \S+\@b\.test$/m, 'arrives, and says that it was verified';
    like Bed::body($mail), qr/^Hello\.$/m, 'opened';
    is scanned(), "fine sealed\nfine open\n", 'the scanner has seen it';
    ok $bed->wait_log('a', 'seemail direction=inside again=yes inside=1'), 'the log tells that it came again';
    like from_partner(Subject => 'bad', body => "$virus\n"), qr/^250/, 'one with a virus';
    like $bed->take_matching('b', qr/^Subject: Mail delivery failed/m) // '', qr/^X-SEEMAIL-Verified: good.*This mail contains Eicar-Test/ms,
        'the sender is told, by sealed mail';
    is $bed->waiting('a'), 0, 'it has not arrived';
    ok Bed::wait_for(sub { $bed->queue('a') == 0 }), 'nor waits';
};

subtest 'A-smtp: mail to a partner is scanned before it is sealed' => sub {
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[seemail]', body => "$virus\n")),
        qr/^550.*This mail contains Eicar-Test/, 'refused at once';
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[seemail] fine')), qr/^250/, 'a clean one';
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'arrives, sealed';
};

subtest 'A-smtp: what others write in our name is removed all the same' => sub {
    for my $side ('inside', 'outside') {
        my $from = $side eq 'inside' ? 'alice@a.test' : 'eve@elsewhere.test';
        like $bed->send('a', $side, $from, 'alice@a.test', Bed::mail(From => $from, 'X-SEEMAIL-Verified' => 'good forged')), qr/^250/, $side;
        my $mail = $bed->take('a') // '';
        like $mail, qr/^Hello\.$/m, 'arrives';
        unlike $mail, qr/forged/, 'without it';
    }
};

subtest 'A-smtp: a scanner that does not work: mail waits' => sub {
    $bed->mark('a');
    chmod 0, "$dir/scanner";
    like from_partner(Subject => 'later'), qr/^250/, 'the partner sends';
    ok $bed->wait_log('a', 'malware acl condition: cmdline'), 'it cannot be scanned';
    is $bed->waiting('a'), 0, 'it does not arrive unseen';
    chmod 0755, "$dir/scanner";
    like $bed->take('a') // '', qr/^Subject: later$/m, 'it does when the scanner works';
    like scanned(), qr/^later open$/m, 'and was scanned';
};

done_testing;
