#!/usr/bin/perl
# CRLs: fetched, verified, kept, refreshed; and all that can go wrong with them.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use JSON::PP;
use POSIX qw(_exit WIFSIGNALED);
use Test::More;
use Time::HiRes qw(time);

my $bed = Bed->up('a');
my $dir = $bed->{dir};
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my ($base) = $bed->{TB_CRL_URL} =~ m{^(.*)/};
my $certs = "$dir/bin/seemail-certs --policies $bed->{TB_A_POLICY}";

sub shell { my $out = Bed::output("cd $dir && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }
sub certs { return Bed::output("$as $certs @_") }
sub crl { return certs("crl @_") }
sub setting { my ($text) = @_; return Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ .= "$text\n" }) }
sub make { my ($name, @options) = @_; shell("$Bed::top/tests/bed/crl $dir/ca $name @options"); return "$dir/$name" }

# What the server was asked since the last call, as "status path" lines.
my $seen = 0;

sub asked {
    my $log = Bed::read_file("$dir/http.port.log");
    my $new = substr $log, $seen;
    $seen = length $log;
    return join ', ', split /\n/, $new;
}

# The CRLs of the index, by issuer and kind: "number entries".
sub crls {
    my $answer = eval { decode_json(certs('--json crl list 2>/dev/null')) } or return {};
    return { map { ("$_->{issuer} $_->{kind}" => "$_->{number} $_->{entries}") } @{ $answer->{list} } };
}
my $root = 'CN=Test Root,O=Test,C=NZ';
sub listed { my ($serial) = @_; return crl("show 'Test Root' $serial") =~ /^serial: +(\w+)/m ? $1 : 'none' }

subtest '2.8-crl-fetch: refresh fetches what certificates point to, by http' => sub {
    like asked(), qr{^200 /ca\.crl}, 'when the hub was set up';
    make('http/ca.crl', 'number=16', 'revoked=1010:1,1011:6');
    like crl("fetch --again $base/ca.crl"), qr{^\Q$base/ca.crl\E: good$}m, 'fetched on demand';
    is $? >> 8, 0, 'exit status 0';
    is crls()->{"$root complete"}, '10 2', 'in the index';
    is listed('1010'), 'revoked', 'a revoked one is found';
    is listed('1012'), 'not', 'another is not';
    my ($one) = @{ decode_json(certs("--json crl fetch --again $base/ca.crl")) };
    is "$one->{where} $one->{outcome}", "$base/ca.crl good", 'for programs';
};

subtest '2.8-crl-fetch: cached until nextUpdate, and refreshed before it' => sub {
    asked();
    like certs('refresh'), qr/^CRLs: \d+ good, 0 refused, 0 failed$/m, 'refresh says how it went';
    is asked(), '', 'one in time is not asked for';
    make('http/ca.crl', 'number=17', 'next=20', 'revoked=1010:1');
    crl("fetch --again $base/ca.crl");
    is crls()->{"$root complete"}, '11 1', 'one that ends soon';
    make('http/ca.crl', 'number=18', 'revoked=1010:1');
    asked();
    crl('refresh');
    is asked(), '', 'is not asked for again at once';
    my $undo = setting('crl-retry 0');
    ok Bed::wait_for(sub { crl('refresh'); crls()->{"$root complete"} eq '12 1' }), 'but when half of its time is over';
    $undo->();
};

subtest '2.8-crl-fetch: a server that has nothing new need not send it again' => sub {
    asked();
    crl("fetch --again $base/ca.crl");
    is asked(), '200 /ca.crl', '--again asks for all of it';
    my $undo = setting('crl-retry 0');
    like crl("fetch $base/ca.crl"), qr/: good$/m, 'asked without';
    is asked(), '304 /ca.crl', 'not modified';
    $undo->();
    like crl("fetch $base/ca.crl"), qr/: good \(not asked again\)$/m, 'nor within a minute';
    is asked(), '', 'indeed';
};

subtest '2.8-crl-fetch: PEM and DER, whatever it is called; ldap' => sub {
    make('http/pem.crl', 'number=20', 'pem=1');
    like crl("fetch $base/pem.crl"), qr/: good$/m, 'PEM';
    is crls()->{"$root complete"}, '14 0', 'taken in';
    make('der.crl', 'number=21', 'revoked=2020');
    Bed::write_file("$dir/crl.ldif", "dn: cn=crl,c=NZ\nobjectClass: cRLDistributionPoint\ncn: crl\n"
            . "certificateRevocationList;binary:< file://$dir/der.crl\n");
    shell("ldapadd -x -H $bed->{TB_LDAP_URI} -D $bed->{TB_LDAP_BINDDN} -w $bed->{TB_LDAP_PASSWORD} -f crl.ldif");
    my $url = "$bed->{TB_LDAP_URI}/cn=crl,c=NZ?certificateRevocationList;binary?base";
    like crl("fetch '$url'"), qr/: good$/m, 'B-interfaces: by ldap';
    is crls()->{"$root complete"}, '15 1', 'taken in';
    like crl("fetch '$bed->{TB_LDAP_URI}/cn=a.test,ou=SEEMAIL,c=NZ'"), qr/failed: no CRL is there/, 'an entry without one';
};

subtest 'B-interfaces: CRLs as files, one by one and by the folder' => sub {
    my $file = make('file.crl', 'number=22', 'pem=1');
    like crl("import $file"), qr/^\Q$file\E: good$/m, 'import';
    is crls()->{"$root complete"}, '16 0', 'taken in';
    mkdir "$dir/a/crls";
    make('a/crls/new.crl', 'number=23', 'revoked=3030');
    certs('refresh');
    is crls()->{"$root complete"}, '17 1', 'refresh takes the folder in';
    Bed::write_file("$dir/a/crls/bad.crl", 'no CRL');
    like certs('refresh'), qr{^\Q$dir\E/a/crls/bad\.crl: invalid: malformed: CRL: it is no CertificateList}m, 'refused, and said so';
    is $? >> 8, 0, 'no fault of the refresh';
    like crl("import $dir/nowhere"), qr{^seemail-certs: \Q$dir\E/nowhere: No such file}, 'a file that is not there';
    is $? >> 8, 64, 'exit status 64';
    unlike certs('status'), qr/nowhere/, 'and no CRL that status would miss';
    unlink "$dir/a/crls/bad.crl";
};

subtest '2.8-always: a bad CRL beside a good one disturbs nothing' => sub {
    shell('openssl genrsa -out other.key 2048 2>/dev/null');
    make('http/good.crl', 'number=40', 'revoked=4040:1');
    make('http/bad.crl', 'number=41', "key=$dir/other.key");
    like crl("fetch $base/bad.crl $base/good.crl"), qr/bad\.crl: invalid: bad-signature: .*\n.*good\.crl: good$/m, 'bad, then good';
    is $? >> 8, 65, 'exit status 65: one was refused';
    is listed('4040'), 'revoked', 'the good one counts';
    make('http/good.crl', 'number=42', 'revoked=4040:1');
    crl("fetch --again $base/good.crl $base/bad.crl");
    is crls()->{"$root complete"}, '2A 1', 'good, then bad';
    is listed('4040'), 'revoked', 'the good one counts';
};

subtest '2.8-always: each CRL that cannot be relied on is refused and named' => sub {
    shell("CA_NAME='Other Root' $Bed::top/tests/bed/pki ca other");
    shell("$Bed::top/tests/bed/crl other http/foreign.crl number=1");
    make('http/old.crl', 'number=7');
    make('http/critical.crl', 'number=50', 'unknown=1');
    make('http/future.crl', 'number=51', 'this=86400', 'next=96400');
    make('http/noend.crl', 'number=52', 'next=-10');
    make('cut.crl', 'number=53', 'revoked=1010');
    Bed::write_file("$dir/http/cut.crl", substr Bed::read_file("$dir/cut.crl"), 0, -9);
    my %expected = (foreign => 'unknown-issuer', old => 'older: ', critical => 'malformed: CRL: it has a critical extension',
        future => 'not-yet-valid', noend => 'undated', cut => 'malformed');
    for my $name (sort keys %expected) {
        like crl("fetch $base/$name.crl"), qr/: invalid: \Q$expected{$name}\E/, $name;
    }
    is crls()->{"$root complete"}, '2A 1', 'what was there is there still';
    like crl('list'), qr/foreign\.crl: invalid: unknown-issuer/, 'and the list tells';
    like certs('status'), qr/^CRLs: \d+, \d+ entries, the next expires in \d+ \w+$/m, 'status has their number';
    like certs('status'), qr{^CRL \Q$base\E/cut\.crl: invalid: malformed: .*; good never$}m, 'and what is wrong';
    is $? >> 8, 1, 'as a warning';
};

subtest '2.8-crl-fetch: servers that misbehave, each within its limits' => sub {
    my $began = time;
    like crl("fetch $base/garbage/104857600"), qr/: invalid: malformed/, '100 MB of garbage';
    my $undo = setting('crl-limit 1m');
    like crl("fetch --again $base/garbage/104857600"), qr/: failed: /, 'more than the limit';
    $undo->();
    like crl("fetch $base/redirect/good.crl"), qr/: good$/m, 'a redirect is followed';
    like crl("fetch $base/loop"), qr/: failed: /, 'a loop of redirects is not';
    like crl("fetch $base/ftp"), qr/: failed: /, 'nor one to another scheme';
    $undo = setting('crl-timeout 2');
    like crl("fetch $base/drip/good.crl"), qr/: failed: /, 'a server that drips';
    $undo->();
    like crl("fetch --seconds 2 --again $base/drip/good.crl"), qr/: failed: /, 'likewise by --seconds';
    like crl("fetch http://127.0.0.1:9/x.crl"), qr/: failed: /, 'a server that is gone';
    like crl("fetch $base/nowhere.crl"), qr/: failed: /, 'a file that is gone';
    cmp_ok time - $began, '<', 240, 'all of it in time'; # one that drips would take longer than that alone
    for my $bad ('file:///etc/passwd', "''") {
        like crl("fetch $bad"), qr/is no URL/, "$bad: no other scheme";
        is $? >> 8, 64, 'exit status 64';
    }
    like Bed::read_file("$bed->{TB_A_STATE}/events"), qr/crl-failed.*nowhere\.crl/, 'and is an event';
    is crls()->{"$root complete"}, '2A 1', 'what was there is there still';
};

subtest '2.8-crl-fetch: many that want one CRL ask for it once' => sub {
    asked();
    my @pids;
    for my $n (1 .. 12) {
        my $pid = fork // die;
        if (!$pid) { certs("crl fetch --seconds 5 $base/gone.crl"); _exit(0) }
        push @pids, $pid;
    }
    waitpid $_, 0 for @pids;
    is asked(), '404 /gone.crl', 'one request';
    crl("fetch $base/gone.crl");
    is asked(), '', 'and none for a while';
};

subtest '2.8-crl-fetch: a slow server leaves time for the next, and is not asked again when its fetcher was killed' => sub {
    make('http/slow.crl', 'number=60');
    asked();
    like crl("fetch --seconds 6 $base/drip/slow.crl $base/slow.crl"), qr{drip/slow\.crl: failed.*\n.*/slow\.crl: good$}m, 'the other is got';
    my $pid = fork // die;
    if (!$pid) { open STDOUT, '>', '/dev/null'; exec "exec $as $certs crl fetch $base/drip/old.crl" }
    my $log;
    ok Bed::wait_for(sub { ($log .= asked()) =~ m{/drip/old\.crl} }), 'asks';
    kill 'KILL', $pid;
    waitpid $pid, 0;
    like crl("fetch $base/drip/old.crl"), qr/not asked again/, 'not again at once';
};

subtest '2.8-crl-fetch: two writers at once, and readers' => sub {
    make("big$_.crl", 'number=' . (100 + $_), "count=20000", "revoked=5050") for 1 .. 2;
    my @pids;
    for my $n (1 .. 2) {
        my $pid = fork // die;
        if (!$pid) { crl("import $dir/big$n.crl"); _exit($? >> 8) }
        push @pids, $pid;
    }
    my %seen;
    while (@pids) {
        my $now = crls()->{"$root complete"} // 'nothing';
        $seen{$now}++;
        @pids = grep { waitpid($_, 1) == 0 } @pids;
    }
    is_deeply [grep { !/^(3C 0|65 20001|66 20001)$/ } sort keys %seen], [], 'readers see one or the other whole';
    is crls()->{"$root complete"}, '66 20001', 'the newer one stays';
};

subtest '2.8-crl-fetch: killed in the middle, the old one stays whole' => sub {
    my $number = 200;
    my $before = '66 20001';
    for my $n (1 .. 6) {
        $number++;
        my $file = make('killed.crl', "number=$number", 'count=150000');
        my $pid = fork // die;
        if (!$pid) { open STDOUT, '>', '/dev/null'; exec "exec $as $certs crl import $file" }
        select undef, undef, undef, 0.025 * $n;
        kill 'KILL', $pid;
        waitpid $pid, 0;
        my $now = crls()->{"$root complete"} // 'nothing';
        my $after = sprintf '%02X 150000', $number;
        ok $now eq $before || $now eq $after, "$now: the old or the new";
        is listed('5050'), $now =~ / 20001$/ ? 'revoked' : 'not', 'and its entries';
        $before = $now;
    }
    my $file = make('killed.crl', "number=999", 'count=10');
    like crl("import $file"), qr/: good$/m, 'nothing stands in the way of the next';
    is crls()->{"$root complete"}, '03E7 10', 'which is there whole';
};

subtest '2.8-crl-fetch: a full disk is said, and the old one stays' => sub {
    my $file = make('full.crl', 'number=1000', 'count=300000');
    my $size = int((-s "$bed->{TB_A_STATE}/data.mdb") / 1024) + 2000;
    my $out = Bed::output("trap '' XFSZ; ulimit -f $size; $as $certs crl import $file");
    is $? >> 8, 75, 'exit status 75';
    like $out, qr/state .*: (File too large|No space left|the disk is full or broken)/, 'and why';
    is crls()->{"$root complete"}, '03E7 10', 'what was there is there still';
    like crl("import $file"), qr/: good$/m, 'with room it is taken in';
    is crls()->{"$root complete"}, '03E8 300000', 'whole';
};

subtest '2.8-crl-fetch: a CA that begins anew is forgotten first' => sub {
    make('http/anew.crl', 'number=1', 'revoked=1010:1');
    like crl("fetch $base/anew.crl"), qr/invalid: older/, 'refused before';
    is crl("forget 'CN=Test Root'"), "1 forgotten\n", 'forgotten';
    is crls()->{"$root complete"}, undef, 'gone';
    is listed('1010'), 'none', 'with its entries';
    is crl("forget 'CN=Test Root'"), "0 forgotten\n", 'nothing is left';
    is $? >> 8, 69, 'exit status 69';
    like crl("fetch --again $base/anew.crl"), qr/: good$/m, 'taken in after';
    is crls()->{"$root complete"}, '01 1', 'from the start';
};

subtest '2.8-crl-fetch: of all known partners, from each of their points' => sub {
    local $ENV{CRL_URL} = "$base/first.crl,URI:$base/nowhere/second.crl,URI:$base/third.crl";
    make("http/$_.crl", 'number=2') for qw(first third);
    shell("$Bed::top/tests/bed/pki cert $dir/ca partner domain-confidentiality-authority domain-confidentiality-authority\@p.test");
    Bed::write_file("$dir/partner.ldif", "dn: cn=p,ou=agencies,c=NZ\nobjectClass: organizationalRole\n"
            . "objectClass: extensibleObject\ncn: p\nmail: domain-confidentiality-authority\@p.test\n"
            . "userCertificate;binary:< file://$dir/ca/partner.der\n");
    shell("ldapadd -x -H $bed->{TB_LDAP_URI} -D $bed->{TB_LDAP_BINDDN} -w $bed->{TB_LDAP_PASSWORD} -f partner.ldif");
    asked();
    like certs('refresh'), qr{^\Q$base\E/nowhere/second\.crl: failed: }m, 'one of three does not answer, which is said';
    my $log = asked();
    like $log, qr{\Q$_\E}, $_ for '200 /first.crl', '404 /nowhere/second.crl', '200 /third.crl';
};

subtest '2.8-crl-fetch: of a CA whose certificate came with a message alone' => sub {
    Bed::write_file("$dir/sub.ext", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n");
    mkdir "$dir/sub";
    shell('openssl req -new -newkey rsa:2048 -nodes -subj "/CN=Sub CA" -keyout sub/ca.key -out sub.csr 2>/dev/null && '
            . 'openssl x509 -req -in sub.csr -CA ca/ca.pem -CAkey ca/ca.key -set_serial 99 -days 30 -extfile sub.ext -out sub/ca.pem '
            . "2>/dev/null && $Bed::top/tests/bed/crl sub http/sub.crl number=1 revoked=77");
    like crl("fetch $base/sub.crl"), qr/unknown-issuer/, 'without it';
    like Bed::output("$as $certs crl fetch --again --certificates - $base/sub.crl <$dir/sub/ca.pem"), qr/: good$/m, 'with it';
    is crls()->{'CN=Sub CA complete'}, '01 1', 'taken in';
    shell("$Bed::top/tests/bed/crl sub http/sub.crl number=2 revoked=77,78");
    like crl("fetch --again $base/sub.crl"), qr/: good$/m, 'and known from then on';
    is crls()->{'CN=Sub CA complete'}, '02 2', 'taken in';
};

subtest '2.8-crl-fetch: the timer that is installed runs refresh' => sub {
    Bed::output("make -s -C $Bed::top install DESTDIR=$dir/root prefix=/usr SANITIZE=");
    is $?, 0, 'installed';
    my $unit = Bed::read_file("$dir/root/usr/lib/systemd/system/seemail-refresh.service");
    my ($run) = $unit =~ m{^ExecStart=/usr/bin/(.*)$}m;
    my ($home) = $unit =~ m{^Environment=(SEEMAIL_HOME=/etc/seemail)$}m;
    is "$run, $home", 'seemail-certs refresh, SEEMAIL_HOME=/etc/seemail', 'the service';
    like Bed::output("$as env SEEMAIL_HOME=$dir/a $dir/bin/$run"), qr/^CRLs: \d+ good/m, 'what it runs refreshes CRLs';
    like Bed::read_file("$dir/root/usr/lib/systemd/system/seemail-refresh.timer"), qr/^OnCalendar=hourly$/m, 'each hour';
    like Bed::read_file("$dir/root/usr/share/doc/seemail/seemail-refresh.cron"),
        qr{^17 \* \* \* \*  Debian-exim  SEEMAIL_HOME=/etc/seemail /usr/bin/seemail-certs refresh}m, 'or by cron';
};

done_testing;
