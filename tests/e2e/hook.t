#!/usr/bin/perl
# The hook on its own: addresses in odd spellings, headers in our name, an Exim that is set up wrong.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $exim = $ENV{EXIM} || '/usr/sbin/exim4';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';

# Hub A's configuration, changed, with a spool of its own and no daemon. Gives the path.
sub other_exim {
    my ($name, $code) = @_;
    local $_ = Bed::read_file($bed->{TB_A_CONF});
    s{^spool_directory = .*}{spool_directory = $dir/a/$name}m;
    s{^log_file_path = .*}{log_file_path = $dir/a/$name/%slog}m;
    $code->();
    Bed::write_file("$dir/a/$name.conf", $_);
    mkdir "$dir/a/$name";
    Bed::output("chown Debian-exim: $dir/a/$name") if $> == 0;
    @$bed{qw(TB_N_SPOOL TB_N_LOG)} = ("$dir/a/$name", "$dir/a/$name/mainlog");
    return "$dir/a/$name.conf";
}

# Hands it a mail by local SMTP and delivers at once; what it answers.
sub submit {
    my ($conf, $to, $mail) = @_;
    $mail =~ s/\n/\r\n/g;
    Bed::write_file("$dir/smtp", "EHLO x\r\nMAIL FROM:<alice\@a.test>\r\nRCPT TO:<$to>\r\nDATA\r\n$mail.\r\nQUIT\r\n");
    return Bed::output("$as $exim -C $conf -odi -bs < $dir/smtp");
}

# The system's CAs are 4 MB for each transport that holds them; the bed's own does, and Exim itself is 5.
subtest 'hook: Exim\'s daemon holds no CAs for the transports of SEEMail' => sub {
    my @pids = split /\n/, Bed::read_file("$dir/pids");
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $bed->{TB_B_INSIDE_PORT});
    like Bed::reply($socket), qr/^220/, 'it has all that it will have'; # which it reads after it listens
    my ($kilobytes) = Bed::read_file("/proc/$pids[-1]/status") =~ /^RssAnon:\s+(\d+)/m;
    like Bed::read_file("/proc/$pids[-1]/cmdline"), qr/exim/, 'a hub';
    cmp_ok $kilobytes, '<', 16_000, 'memory of its own, kB';
};

subtest '2.4-keys: Exim\'s process holds no cryptography and no network code of ours' => sub {
    my $needs = Bed::output("ldd $dir/bin/seemail.so");
    like $needs, qr/liblmdb/, 'what the hook is linked with';
    unlike $needs, qr/lib(?:nss|nspr|smime|ldap|curl)/, 'not NSS, not libldap, not libcurl';
    my $filter = Bed::output("ldd $dir/bin/seemail-filter");
    like $filter, qr/libnss3/, 'the filter has the keys';
    unlike $filter, qr/lib(?:ldap|curl)/, 'and does not go to the network itself';
};

subtest '2.1-consistent: an address is the same in every spelling' => sub {
    my $undo = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "pat\@home.test all\n\"\"\"p t\"\"\@home.test\" all\n" });
    my $pki = "$Bed::top/tests/bed/pki";
    my $out = Bed::output("$pki cert $dir/ca pat Pat pat\@home.test && certutil -A -d sql:$bed->{TB_A_NSSDB} "
            . "-f $bed->{TB_A_NSSDB}/password -n pat -t ,, -i $dir/ca/pat.pem");
    is $?, 0, 'a trusted person' or diag $out;
    for my $to ('pat@home.test', 'PAT@Home.Test', '"pat"@home.test', '"p\at"@home.test', '@relay.test:pat@home.test') {
        like $bed->send('a', 'inside', 'alice@a.test', $to, Bed::mail(Subject => '[seemail]')), qr/^250/, "$to: accepted";
        like $bed->take('outside') // '', qr/pkcs7-mime/, "$to: sealed";
    }
    like $bed->send('a', 'inside', 'alice@a.test', ['"pat"@home.test', 'x@home.test'], Bed::mail()), qr/^250/, 'with a stranger';
    my %got = map { /^Envelope-To: (.*)$/m ? ($1 => $_) : () } map { $bed->take('outside') // '' } 1, 2;
    like $got{'pat@home.test'} // '', qr/pkcs7-mime/, 'each gets his own: sealed';
    like $got{'x@home.test'} // '', qr/^Hello\.$/m, 'and plain';
    $bed->mark('a');
    $bed->send('a', 'inside', 'alice@a.test', ['"p t"@home.test', 'x@home.test'], Bed::mail());
    ok $bed->wait_log('a', '== p t@home.test .*cannot seal'), 'one that needs its quotes, and has no certificate, waits';
    like $bed->take('outside'), qr/^Envelope-To: x\@home.test$/m, 'and the stranger gets it';
    is $bed->waiting('outside'), 0, 'nothing else went out';
    for my $to ('eve%b.test@elsewhere.test', '"eve@b.test"@elsewhere.test', '"pat@home.test"@elsewhere.test') {
        like $bed->send('a', 'inside', 'alice@a.test', $to, Bed::mail(Subject => '[seemail]')), qr/^550/, "$to is a stranger";
    }
    like $bed->send('a', 'inside', 'alice@a.test', '"a b"@b.test', Bed::mail()), qr/^250/, 'a partner, with quotes';
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'gets it, sealed';
    $undo->();
    # What waits is none of the other tests' business.
    my ($id) = $bed->log('a') =~ /(\S+) == p t\@home\.test/;
    Bed::output("$as $exim -C $bed->{TB_A_CONF} -Mrm $id");
    ok Bed::wait_for(sub { Bed::output("$as $exim -C $bed->{TB_A_CONF} -Mrm $id"); $bed->queue('a') == 0 }), 'nothing is left';
};

subtest '1.8-tag: what others write in our name is removed' => sub {
    for my $side ('inside', 'outside') {
        my $mail = "X-SEEMAIL-Verified: first\n" . Bed::mail(From => 'x@elsewhere.test', To => 'amy@a.test',
            'x-seemail-verified' => 'good', 'X-Seemail-Version ' => 'blank', "X-SEEMAIL-Other\t" => 'tab',
            'X-SEEMAIL-Folded' => "one\n\ttwo\n three", 'X-Seemaily' => 'stays', 'X-Not-SEEMAIL-Version' => 'stays');
        like $bed->send('a', $side, 'x@elsewhere.test', 'amy@a.test', $mail), qr/^250/, "from $side";
        my $head = Bed::head($bed->take_matching('a', qr/^To: amy/m));
        unlike $head, qr/^X-SEEMAIL-/mi, 'no header of ours';
        unlike $head, qr/two|three/, 'nor a rest of one';
        is scalar(() = $head =~ /: stays$/mg), 2, 'others stay';
    }
};

subtest '1.2-suspend: an Exim that is set up wrong' => sub {
    my @mail = ('bob@b.test', Bed::mail(Subject => '[seemail]'));
    my $conf = other_exim('nohome', sub { s{^(?=\.include .*seemail_main)}{MAIN_ADD_ENVIRONMENT = x\n}m });
    SKIP: {
        skip 'compiled in: it has an option', 2 unless Bed::output("$exim -C /dev/null -bP local_scan_path") =~ /^local_scan_path/;
        like submit($conf, @mail), qr/^451 SEEMail: not possible now/m, 'no SEEMAIL_HOME: 451';
        like $bed->log('n'), qr/SEEMAIL_HOME is not set/, 'and the log says so';
    }
    $conf = other_exim('badhome', sub { s{^SM_HOME = .*}{SM_HOME = $dir/nowhere}m; s{^seemail_home = .*}{seemail_home = $dir/nowhere}m });
    my $said = submit($conf, @mail);
    like $said, qr/^451 SEEMail: not possible now/m, 'a wrong one: 451';
    unlike $said, qr/\Q$dir/, 'the reply has no path of ours';
    like $bed->log('n'), qr/\Q$dir\E\/nowhere/, 'the log has';
    is $bed->waiting('outside') + $bed->waiting('b'), 0, 'nothing went out';
};

subtest '1.2-allsecured: an alias that leads to a partner' => sub {
    my $alias = "alias:\n  driver = redirect\n  domains = list.test\n  data = bob\@b.test\n\n";
    my $conf = other_exim('alias', sub { s/^plain:\n  driver = manualroute/$alias$&/m });
    like submit($conf, 'all@list.test', Bed::mail()), qr/^250 OK id/m, 'accepted';
    ok Bed::wait_for(sub { $bed->log('n') =~ /bob\@b.test .*did not decide on this recipient/ }), 'waits, and the log says why';
    is $bed->queue('n'), 1, 'it is in the queue';
    is $bed->waiting('outside') + $bed->waiting('b'), 0, 'nothing went out in clear';
};

subtest '1.2-suspend: a bounce while the hook cannot decide' => sub {
    my $conf = other_exim('bounce', sub { });
    # The mail is taken, then the policy breaks, then the bounce is due.
    Bed::write_file("$dir/smtp", "EHLO x\r\nMAIL FROM:<alice\@a.test>\r\nRCPT TO:<refused\@a.test>\r\nDATA\r\n"
            . Bed::mail(To => 'refused@a.test') =~ s/\n/\r\n/gr . ".\r\nQUIT\r\n");
    like Bed::output("$as $exim -C $conf -odq -bs < $dir/smtp"), qr/^250 OK id/m, 'a mail is taken';
    my $undo = Bed::change("$bed->{TB_A_POLICY}/triggers", sub { $_ .= "\"broken\n" });
    Bed::output("$as $exim -C $conf -q");
    like $bed->log('n'), qr/no such user/, 'its recipient does not exist';
    is $bed->queue('n'), 1, 'no bounce can be made: the mail stays';
    my $bounces = grep { Bed::read_file($_) =~ /no such user/ } glob $bed->maildir('a') . '/new/*';
    is $bounces, 0, 'and nothing is sent undecided';
    $undo->();
    Bed::output("$as $exim -C $conf -qff");
    ok $bed->take_matching('a', qr/no such user/), 'the sender is told when that is mended';
    ok Bed::wait_for(sub { $bed->queue('n') == 0 }), 'and nothing is left';
};

done_testing;
