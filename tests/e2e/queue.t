#!/usr/bin/perl
# What waits: seen, explained, tried again, released and given up with seemail-queue.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Fcntl ();
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $log = "$dir/a/log/seemail";
my $exim = $ENV{EXIM} || '/usr/sbin/exim4';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my $partners = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "*\@c.test\n*\@d.test\n*\@e.test\n" });

sub setting { my ($text) = @_; return Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ .= "$text\n" }) }
sub exim { return Bed::output("$as $exim -C $bed->{TB_A_CONF} @_") }

sub queue {
    return Bed::output("SEEMAIL_HOME=$dir/a SEEMAIL_EXIM=$exim SEEMAIL_EXIM_CONFIG=$bed->{TB_A_CONF} $as $dir/bin/seemail-queue @_");
}
sub objects { return map { decode_json($_) } split /\n/, queue('--json list', @_) }

# Sends a mail that will wait, and gives its number once Exim has tried it.
sub waiting {
    my ($to, %h) = @_;
    $bed->mark('a');
    my $answer = $bed->send('a', 'inside', $h{sender} // 'alice@a.test', $to, Bed::mail(Subject => $h{Subject} // 'x', %{ $h{mail} // {} }));
    my ($id) = $answer =~ /^250 OK id=(\S+)/ or die "not accepted: $answer";
    my ($address) = ref $to ? @$to : $to;
    ok $bed->wait_log('a', "$id == \Q$address\E R="), 'accepted, and waits' or diag $bed->log('a');
    return $id;
}
sub gone { my ($id) = @_; return Bed::wait_for(sub { !grep { $_->{id} eq $id } objects() }) }

subtest '2.8-hold: what waits, since when, why, and what to do' => sub {
    like queue('list'), qr/^nothing waits$/, 'nothing yet';
    my $first = waiting('x@c.test', Subject => '{sensitive}');
    my $second = waiting(['y@d.test', 'z@d.test'], sender => 'amy@a.test');
    my $out = queue('list');
    is $? >> 8, 0, 'exit status 0';
    like $out, qr/^$first +\d+ \w+ +no-certificate +alice\@a\.test -> x\@c\.test$/m, 'a line each';
    like $out, qr/^$second .* amy\@a\.test -> y\@d\.test and 1 more$/m, 'with several recipients';
    like $out, qr/^2 wait\n +2 no-certificate: seemail certs refresh, or pin/m, 'and how many why, with the next step';
    my $why = queue("why $first");
    like $why, qr/decided +direction inside, marking SENSITIVE\n/, 'why: what was decided';
    like $why, qr/for +x\@c\.test: seal\n/, 'for whom';
    like $why, qr/waits +SEEMail cannot seal: no certificate is known for domain-confidentiality-authority\@c\.test/, 'what Exim says';
    like $why, qr/in clear +never: it is marked/, 'that it never goes in clear';
    like $why, qr/next +no-certificate: seemail certs refresh/, 'the next step';
    my ($object) = objects($second);
    is_deeply [@$object{qw(id sender direction marking clear reason)}, map { "$_->{address} $_->{class}" } @{ $object->{recipients} }],
        [$second, 'amy@a.test', 'inside', '', 'may', 'no-certificate', 'y@d.test seal', 'z@d.test seal'], 'as JSON';
    is join(' ', map { $_->{id} } objects('--partner c.test')), $first, 'by partner';
    is join(' ', map { $_->{id} } objects('--sender amy@a.test')), $second, 'by sender';
    is join(' ', map { $_->{id} } objects('--reason filter')), '', 'by reason';
    is scalar(my @both = objects('--reason no-certificate')), 2, 'by reason, both';
    like queue("why 1aaaaa-000000-00"), qr/1 of these messages are not in the queue/, 'one that is not there';
    is $? >> 8, 1, 'exit status 1';
};

subtest '2.8-hold: given up, the sender is told' => sub {
    my ($id) = map { $_->{id} } objects('--sender amy@a.test');
    like queue("bounce $id"), qr/^bounce: 1 message$/, 'done';
    like $bed->take_matching('a', qr/^Subject: Mail delivery failed/m) // '', qr/y\@d\.test/, 'the sender gets it back';
    ok gone($id), 'and it is gone';
    like Bed::read_file($log), qr/ queue=bounce by=\S+ sender=amy\@a\.test to=y\@d\.test recipients=2 id=$id$/m, 'the log has who did it';
    queue('bounce');
    is $? >> 8, 64, 'not without saying which';
};

subtest '2.8-hold: repaired and released' => sub {
    my ($id) = map { $_->{id} } objects('--partner c.test');
    exim("-Mf $id");
    ok Bed::wait_for(sub { (objects($id))[0]{frozen} }), 'frozen by hand';
    like queue("why $id"), qr/frozen +\d+ \w+ ago/, 'is told';
    my $pki = "$Bed::top/tests/bed/pki";
    my $dca = 'domain-confidentiality-authority';
    Bed::output("$pki cert $dir/ca c $dca $dca\@c.test && certutil -A -d sql:$bed->{TB_A_NSSDB} -f $bed->{TB_A_NSSDB}/password "
            . "-t ,, -n c -i $dir/ca/c.pem");
    is $bed->waiting('outside'), 0, 'a frozen mail does not go by itself';
    like queue("release --partner c.test"), qr/^release: 1 message$/, 'released';
    like $bed->take('outside') // '', qr/pkcs7-mime/, 'goes out, sealed';
    ok gone($id), 'and is gone';
};

subtest '2.8-hold: in clear never by itself, and only where the policy lets it' => sub {
    my $id = waiting('x@d.test');
    queue("release --in-clear $id");
    is $? >> 8, 77, 'not by default';
    my $undo = setting('release-in-clear yes');
    like queue("release --in-clear $id"), qr/^release: 1 message$/, 'but where the policy says so';
    like $bed->take('outside') // '', qr/^Hello\.$/m, 'it goes as it came';
    ok gone($id), 'and is gone';
    like Bed::read_file($log), qr/ queue=release clear=yes by=\S+ .* id=$id$/m, 'who did it is in the log';
    like Bed::read_file($log), qr/ filter=released to=x\@d\.test clear=yes by=\S+ id=$id$/m, 'and that the filter let it';
    $undo->();
};

# The owner of a file or folder, by name.
sub owner { my ($path) = @_; return getpwuid((stat $path)[4] // 0) }

subtest '2.8-hold: only who was chosen goes in clear, or is given up' => sub {
    my $undo = setting('release-in-clear yes');
    my $id = waiting(['x@d.test', 'z@e.test']);
    unlink $log;
    Bed::output("rm -rf $bed->{TB_A_STATE}/released");
    is queue("bounce --partner d.test") =~ /$id: not given up: it waits for z\@e\.test too/ ? $? >> 8 : -1, 1, 'bounce gives up nobody else\'s copy';
    is scalar(my @still = objects($id)), 1, 'it waits';
    # As whoever runs the tests, root too: what is written belongs to the hub.
    my $out = Bed::output("SEEMAIL_HOME=$dir/a SEEMAIL_EXIM=$exim SEEMAIL_EXIM_CONFIG=$bed->{TB_A_CONF} $dir/bin/seemail-queue release --in-clear --partner d.test");
    like $out, qr/^release: 1 message$/, 'released for one partner';
    like $bed->take('outside') // '', qr/^Hello\.$/m, 'his copy goes';
    is join(' ', grep { /z\@/ } map { $_->{address} } map { @{ $_->{recipients} } } objects($id)), 'z@e.test', 'another partner\'s waits on';
    like Bed::read_file("$bed->{TB_A_STATE}/released/$id"), qr/\Aseemail approval 2\n\S+ x\@d\.test\n\z/, 'the word is for him alone';
    is_deeply [Bed::read_file($log) =~ / queue=release clear=yes by=\S+ sender=alice\@a\.test to=(\S+) recipients=1 id=$id$/mg], ['x@d.test'], 'the log names him';
    like Bed::read_file($log), qr/ event=released about=d\.test id=$id reason="\S+ let it go in clear to x\@d\.test"$/m, 'an event has who and whom';
    is owner($_), owner($bed->{TB_A_STATE}), "$_ is the hub's" for "$bed->{TB_A_STATE}/released", "$bed->{TB_A_STATE}/released/$id", $log;
    like queue("release --in-clear --partner nobody.test $id"), qr/^release: 0 messages$/m, 'nobody of another domain';
    like queue("release --in-clear --partner e.test"), qr/^release: 1 message$/, 'for the other one, by another word';
    ok $bed->take('outside'), 'goes';
    queue("bounce $id");
    $undo->();
};

subtest '2.8-hold: the other side does not choose the reason' => sub {
    my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die $!;
    my $port = $listener->sockport;
    my $pid = fork // die $!;
    if ($pid == 0) { # a server that refuses for now, in words of ours
        my $ours = 'SEEMail holds this message for an administrator, our own certificate, key store';
        while (my $client = $listener->accept) {
            print $client "220 x\r\n";
            while (<$client>) { print $client /^RCPT/ ? "451 $ours R=seemail_hold defer (-1): $ours\r\n" : "250 x\r\n" }
        }
        POSIX::_exit(0);
    }
    my $undo = Bed::change($bed->{TB_ROUTES}, sub { $_ .= "c.test: 127.0.0.1::$port\n" });
    my $id = waiting('x@c.test');
    my ($object) = objects($id);
    like $object->{text}, qr/451 SEEMail holds/, 'its words are shown';
    is $object->{reason}, 'delivery', 'and are no reason of ours';
    $undo->();
    kill 'KILL', $pid;
    waitpid $pid, 0;
    queue("bounce $id");
};

subtest '2.8-hold: what was not done is not counted' => sub {
    my $id = waiting('x@d.test');
    my ($data) = grep { -e } "$bed->{TB_A_SPOOL}/input/$id-D", map { "$_/$id-D" } glob "$bed->{TB_A_SPOOL}/input/?";
    open my $file, '+<', $data or die "$data: $!";
    my $lock = pack 's s l! l! i', Fcntl::F_WRLCK(), 0, 0, 0, 0; # as another delivery has it
    ok Bed::wait_for(sub { fcntl $file, Fcntl::F_SETLK(), $lock }), 'another process has it';
    for my $command ('retry', 'bounce') {
        unlink $log;
        like queue("$command $id"), qr/$id: not tried: another process delivers it just now.*^$command: 0 messages$/ms, "$command says so";
        is $? >> 8, 1, 'exit status 1';
        unlike -e $log ? Bed::read_file($log) : '', qr/queue=$command/, 'nor is it in the log';
    }
    close $file;
    like queue("bounce $id"), qr/^bounce: 1 message$/, 'later it is';
};

subtest '2.8-hold: a command line that is wrong' => sub {
    my $id = waiting('x@d.test');
    for (['list --reason nonsense', 'no reason; they are: frozen own-certificate'], ['retry --in-clear --all', 'retry: it has no --in-clear'],
        ['bounce --json --all', 'bounce: it has no --json'], ['watch --json', 'watch: it has no --json'], ['list --interval 3', 'list: it has no --interval']) {
        like queue($_->[0]), qr/$_->[1]/, $_->[0];
        is $? >> 8, 64, 'exit status 64';
    }
    like queue('list --partner nobody.test'), qr/^nothing of what was asked for waits$/, 'not "nothing waits" while something does';
    is scalar(() = queue("why $id $id") =~ /^$id /mg), 1, 'the same number twice is one';
    is $? >> 8, 0, 'and all right';
    queue("bounce $id");
};

# The file that lets a message go, as if somebody had written it.
sub approve {
    my ($id, @addresses) = @_;
    my $folder = "$bed->{TB_A_STATE}/released";
    mkdir $folder;
    Bed::write_file("$folder/$id", join "\n", 'seemail approval 2', (map { "eve $_" } @addresses), '');
    Bed::output("chown -R Debian-exim: $folder") if $> == 0;
    chmod 0600, "$folder/$id";
    return "$folder/$id";
}

sub stays {
    my ($id, $what) = @_;
    $bed->mark('a');
    queue("retry $id");
    ok $bed->wait_log('a', "$id == x\@d.test R=seemail"), "$what: tried again";
    is $bed->waiting('outside'), 0, "$what: nothing went out";
}

subtest '2.8-hold: marked mail never goes in clear, whatever is tried' => sub {
    my $undo = setting('release-in-clear yes');
    my $marked = waiting('x@d.test', Subject => '[in confidence]');
    like queue("release --in-clear $marked"), qr/$marked: is marked.*never/, 'not by release';
    is $? >> 8, 1, 'exit status 1';
    ok !-e "$bed->{TB_A_STATE}/released/$marked", 'no word is given';
    approve($marked, 'x@d.test');
    stays($marked, 'a forged word');
    queue("bounce $marked");
    gone($marked);
    my $nested = "multipart/mixed; boundary=b";
    my $deep = setting("mime-depth 1");
    my $unread = waiting('x@d.test', mail => { 'Content-Type' => $nested, 'MIME-Version' => '1.0',
        body => "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c--\n--b--\n" });
    like queue("why $unread"), qr/in clear +never/, 'mail that could not be searched counts as marked';
    approve($unread, 'x@d.test');
    stays($unread, 'not searched');
    queue("bounce $unread");
    gone($unread);
    $deep->();
    $undo->();
};

subtest '2.8-hold: the word counts as it stands at delivery' => sub {
    my $undo = setting('release-in-clear yes');
    my $id = waiting('x@d.test');
    my $file = approve($id, 'y@d.test');
    stays($id, 'for another address');
    Bed::write_file($file, "x\@d.test\n");
    stays($id, 'damaged');
    approve($id, 'x@d.test');
    $undo->();
    stays($id, 'forbidden meanwhile');
    my $again = setting('release-in-clear yes');
    chmod 0666, $file;
    stays($id, 'that anybody could have written');
    chmod 0600, $file;
    queue("retry $id");
    like $bed->take('outside') // '', qr/^Hello\.$/m, 'otherwise it goes';
    ok gone($id), 'and is gone';
    my $other = waiting('x@d.test');
    queue("release --in-clear $other");
    ok $bed->take('outside'), 'the next one';
    ok !-e $file, 'words for messages that are gone are removed';
    $again->();
};

subtest '2.8-hold: what the policy holds for an administrator' => sub {
    my $undo = setting("unscannable hold\nmime-depth 1\nrelease-in-clear yes");
    my $id = waiting('eve@elsewhere.test', mail => { 'Content-Type' => 'multipart/mixed; boundary=b', 'MIME-Version' => '1.0',
        body => "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nHello.\n--c--\n--b--\n" });
    is((objects($id))[0]{reason}, 'administrator', 'is seen');
    like queue("release $id"), qr/is on no list of secure mail: eve\@elsewhere\.test: release --in-clear, or bounce/, 'release says how';
    is $bed->waiting('outside'), 0, 'and lets nothing go';
    queue("release --in-clear $id");
    like $bed->take('outside') // '', qr/^Hello\.$/m, 'by his word it goes';
    $undo->();
};

subtest '2.8-hold: watch tells what comes and goes' => sub {
    my $command = "SEEMAIL_HOME=$dir/a SEEMAIL_EXIM=$exim SEEMAIL_EXIM_CONFIG=$bed->{TB_A_CONF} exec $as $dir/bin/seemail-queue";
    my $pid = open my $out, '-|', "$command watch --interval 1" or die;
    my $seen = '';
    my $line = sub { # the line that fits, of those that it says in two minutes
        my ($pattern) = @_;
        local $SIG{ALRM} = sub { kill 'TERM', $pid };
        alarm 120;
        while (defined(my $line = <$out>)) { $seen .= $line; if ($line =~ $pattern) { alarm 0; return $line } }
        return diag "watch has said: $seen";
    };
    my $id = waiting('x@d.test');
    like $line->(qr/[+*] $id +no-certificate/), qr/$id .* alice\@a\.test -> x\@d\.test/, 'comes';
    queue("bounce $id");
    like $line->(qr/ $id +gone/), qr/^\d\d:\d\d:\d\d - $id +gone/, 'and goes';
    kill 'TERM', $pid;
    close $out;
};

# A spool of its own, of messages that nobody sent, and an Exim that only tells where it is.
sub spool_of {
    my ($name, $write) = @_;
    my $spool = "$dir/$name";
    mkdir $_ for $spool, "$spool/input", "$spool/msglog";
    $write->($spool);
    Bed::write_file("$dir/$name.exim", "#!/bin/sh\necho spool_directory = $spool\n");
    chmod 0755, "$dir/$name.exim";
    return "SEEMAIL_EXIM=$dir/$name.exim $dir/bin/seemail-queue";
}

sub envelope {
    my ($id, $sender, @to) = @_;
    my $count = @to;
    return "$id-H\nexim 1 1\n<$sender>\n1700000000 0\n--aclm _x 5\n-loca\n--local_scan v=\"1\" dir=\"inside\" marking=\"\" from=\"a.test\" "
        . "verdict=\"\" clear=\"may\" all=\"seal\"\nXX\n$count\n" . join('', map { "$_\n" } @to) . "\n012 Subject: x\n";
}

subtest '2.8-hold: hostile envelopes and damaged files' => sub {
    my %files = (
        '1aaaaa-000001-00' => envelope('x', "a\e[2J\x9b\xe2\x80\xae", "\"x y\"\@c.test\e]0;t\a", '"<b>"@d.test 12,0#1'),
        '1aaaaa-000002-00' => '', '1aaaaa-000003-00' => "x\n" x 20, '1aaaaa-000004-00' => "x-H\nu 1 1\n<>\n1 0\nYY a\nYY b\n",
        '1aaaaa-000005-00' => envelope('x', '') =~ s/XX\n0/XX\n99999999/r, '1aaaaa-000006-00' => "\0" x 100_000,
        '1aaaaa-000007-00' => envelope('x', 'b@b.test', 'x@c.test', 'y@c.test') =~ s/XX/YN x\@c.test\nNN a\@c.test/r);
    my $command = spool_of('hostile', sub {
        Bed::write_file("$_[0]/input/$_-H", $files{$_}) for keys %files;
        Bed::write_file("$_[0]/input/../../passwd-H", 'x');
        Bed::write_file("$_[0]/msglog/1aaaaa-000001-00", "2026-01-01 00:00:00 <b>\@d.test <\"<b>\"\@d.test> R=seemail_ready defer (-1): SEEMail cannot seal: \e[2J\x07 x\n");
    });
    my $out = Bed::output("$command list 2>/dev/null");
    is $? >> 8, 1, 'exit status 1';
    like $out, qr/^1aaaaa-000001-00 .* certificate .*a\?\[2J.* -> "x y"\@c\.test\?\]0;t\? and 1 more$/m, 'the first is shown';
    unlike $out, qr/[^\x20-\x7e\n]/, 'nothing for the terminal in it';
    like $out, qr/^1aaaaa-000007-00 .* -> y\@c\.test$/m, 'who has got it is not listed';
    my $err = Bed::output("$command why 2>&1 >/dev/null");
    is scalar(() = $err =~ /^seemail-queue: 1aaaaa-00000[23456]-00: a message in Exim's queue: /mg), 5, 'the damaged ones are named';
    unlike Bed::output("$command why"), qr/[^\x20-\x7e\n]/, 'nor in why';
    my @objects = map { decode_json($_) } split /\n/, Bed::output("$command --json list 2>/dev/null");
    is $objects[0]{recipients}[1]{address}, '"<b>"@d.test', 'JSON has the address';
};

subtest '2.8-hold: each recipient has a reason of his own, and none hides another' => sub {
    my $id = '1aaaaa-000001-00';
    my $command = spool_of('mixed', sub {
        Bed::write_file("$_[0]/input/$id-H", envelope($id, 'a@a.test', 'x@c.test', 'y@d.test', 'z@e.test'));
        Bed::write_file("$_[0]/msglog/$id", join '', map { "2026-01-01 00:00:00 $_\n" }
                'x@c.test R=seemail_ready defer (-1): SEEMail cannot seal: our own certificate "a DCA": expired',
                'y@d.test R=seemail_hold defer (-1): SEEMail holds this message for an administrator: marked',
                'z@e.test R=seemail_seal T=seemail_seal defer (-44) H=mx [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<z@e.test>: 451 key store');
    });
    my $out = Bed::output("$command list");
    like $out, qr/^$id .* own-certificate +a\@a\.test/m, 'list shows the gravest';
    like $out, qr/^ +1 own-certificate: .*^ +1 administrator: .*^ +1 delivery: /ms, 'and counts all';
    for (['own-certificate', 'c.test'], ['administrator', 'd.test'], ['delivery', 'e.test']) {
        like Bed::output("$command list --reason $_->[0] --partner $_->[1]"), qr/^$id /m, "found by $_->[0] of $_->[1]";
    }
    unlike Bed::output("$command list --reason delivery --partner d.test"), qr/^$id /m, 'but not by one\'s reason and another';
    my $why = Bed::output("$command why");
    like $why, qr/x\@c\.test: seal\n +waits .*own certificate.*y\@d\.test: seal\n +waits .*holds.*\n.*\n +next +administrator.*z\@e\.test: seal\n.*\n.*\n +next +delivery/s, 'why tells each';
    my $metrics = Bed::output("SEEMAIL_HOME=$dir/a SEEMAIL_EXIM=$dir/mixed.exim $as $dir/bin/seemail-metrics 2>&1");
    like $metrics, qr/reason="$_"\} 1$/m, "metrics count $_" for 'own-certificate', 'administrator', 'delivery';
};

subtest '2.8-hold: thousands of messages in little memory' => sub {
    my $count = 3000;
    my $command = spool_of('many', sub {
        my ($spool) = @_;
        for my $n (1 .. $count) {
            my $id = sprintf '1%05d-000000-00', $n;
            mkdir "$spool/$_/" . substr $id, 5, 1 for 'input', 'msglog';
            Bed::write_file("$spool/input/" . substr($id, 5, 1) . "/$id-H", envelope($id, 'a@a.test', map { "x$_\@c.test" } 1 .. 20));
        }
    });
    my $limit = ($ENV{B} // '') =~ /sanitize/ ? '' : 'ulimit -v 40000; '; # which the sanitizer's own memory is over
    my $out = Bed::output("bash -c '${limit}exec env $command list'");
    is $? >> 8, 0, 'within 40 MB' or diag $out;
    is scalar(() = $out =~ /^1\d{5}-000000-00 /mg), $count, 'all are there';
    is_deeply [$out =~ /^(1\d{5}-000000-00) /mg], [sort $out =~ /^(1\d{5}-000000-00) /mg], 'the oldest first';
};

subtest '2.8-hold: no queue to look at' => sub {
    like Bed::output("SEEMAIL_EXIM=/nonexistent $dir/bin/seemail-queue list"), qr{/nonexistent: no Exim there}, 'no Exim';
    is $? >> 8, 75, 'exit status 75';
    my $command = spool_of('none', sub { system 'rm', '-r', $_[0] });
    like Bed::output("$command list"), qr{none/input: No such file}, 'no spool';
    is $? >> 8, 75, 'exit status 75';
};

$partners->();
done_testing;
