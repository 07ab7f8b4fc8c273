#!/usr/bin/perl
# The store of partners' certificates: taken in, found again, shown, given out, forgotten; and which one is used.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use JSON::PP;
use Test::More;

my $bed = Bed->up('b');
my $dir = $bed->{dir};
my $pki = "$Bed::top/tests/bed/pki";
my $dca = 'domain-confidentiality-authority';
my $policy = $bed->{TB_B_POLICY};
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups ' : '';
my $certs = "$as$dir/bin/seemail-certs --policies $policy";
mkdir "$dir/work";
system "chown Debian-exim: $dir/work" if $> == 0;
Bed::write_file("$policy/partners", join '', map { "*\@$_.test\n" } qw(p q r s t u));

sub shell { my $out = Bed::output("cd $dir/work && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }
sub certs { return Bed::output("cd $dir/work && $certs $_[0]") }
sub status { return $? >> 8 }
sub json { return decode_json(certs("--json $_[0]")) }

# A certificate: its name, domains and, of an older one, its first and last day.
sub cert {
    my ($name, $domains, $from, $to) = @_;
    my $times = $from ? "FROM=${from}000000Z TO=${to}000000Z " : '';
    shell("${times}CRL_URL='$bed->{TB_CRL_URL}' $pki cert $dir/ca $name $dca " . join ',', map { "$dca\@$_.test" } split ' ', $domains);
    my ($fingerprint) = shell("openssl x509 -in ../ca/$name.pem -noout -fingerprint -sha256") =~ /=(.*)/;
    return lc $fingerprint =~ s/://gr;
}

sub pin { shell("${as}certutil -A -d sql:$dir/b/nssdb -f $dir/b/nssdb/password -n '$_[0]' -t ,, -i ../ca/$_[0].der") }
sub unpin { shell("${as}certutil -D -d sql:$dir/b/nssdb -n '$_[0]'") }

# Whose key opens what is sent to the domain?
sub opened_by {
    my ($domain, @names) = @_;
    my $answer = $bed->send('b', 'inside', 'bob@b.test', "x\@$domain.test", Bed::mail(From => 'bob@b.test', To => "x\@$domain.test"));
    return $answer unless $answer =~ /^250/;
    Bed::write_file("$dir/work/wire", $bed->take('outside') // return 'nothing came');
    return join ' ', grep { Bed::output("cd $dir/work && openssl cms -decrypt -in wire -inkey ../ca/$_.key -recip ../ca/$_.pem -out inner"); $? == 0 } @names;
}

my %mark;
$mark{p1} = cert('p1', 'p', '20260101', '20400101');
$mark{p2} = cert('p2', 'p', '20260201', '20400101');
$mark{p3} = cert('p3', 'p', '20260301', '20400101');
$mark{p_old} = cert('p_old', 'p q', '20240101', '20250101');
$mark{q1} = cert('q1', 'r q', '20260101', '20400101');

subtest '2.8-store: files of all kinds are taken in' => sub {
    shell("openssl crl2pkcs7 -nocrl -certfile ../ca/p2.pem -certfile ../ca/ca.pem -outform DER -out p2.p7b");
    like certs("import --source learned - <../ca/p1.pem"), qr/^1 certificates are kept as "learned"$/m, 'standard input';
    like certs("import --source learned ../ca/p1.pem"), qr/^1 certificates are kept as "learned"$/m, 'PEM';
    like certs("import p2.p7b"), qr/^1 certificates are kept as "directory"\n1 are left out: without an address/, 'certs-only, with its CA';
    like certs("import --source seemail ../ca/q1.der ../ca/p_old.pem"), qr/^2 certificates/, 'DER, several';
    my $list = certs('list certificates');
    like $list, qr/^FINGERPRINT +SOURCE +UNTIL +ADDRESS$/m, 'a table';
    like $list, qr/^\Q@{[substr $mark{p1}, 0, 16]}\E  learned +2040-01-01 +$dca\@p\.test$/m, 'a row';
    like $list, qr/^\Q@{[substr $mark{p_old}, 0, 16]}\E  seemail +2025-01-01 expired $dca\@q\.test$/m, 'one for each address';
    is_deeply [sort map { $_->{fingerprint} } grep { $_->{address} eq "$dca\@p.test" } @{ json('list certificates') }],
        [sort @mark{qw(p1 p2 p_old)}], 'for programs';
    is scalar(@{ json("list certificates \U$dca\E\@q.test") }), 2, 'of one address';
    is scalar(@{ json('list certificates p.test') }), 3, 'of one domain';
    is scalar(@{ json('list certificates x.test') }), 0, 'of none';
    is json('list SEEMAIL')->[0]{address}, '*@b.test', 'lists for programs too';
};

subtest '2.8-store: what is broken is not taken in, no part of it' => sub {
    my $before = certs('list certificates');
    Bed::write_file("$dir/work/broken.pem", substr Bed::read_file("$dir/ca/p3.pem"), 0, 500);
    Bed::write_file("$dir/work/empty", '');
    if ($> == 0) {
        Bed::write_file("$dir/work/roots", Bed::read_file("$dir/ca/p3.pem"));
        chmod 0600, "$dir/work/roots";
        like certs('import roots'), qr/^seemail-certs: roots: Permission denied, .* - <roots$/m, 'what root alone may read is to come another way';
    }
    for my $files ('../ca/p3.pem broken.pem', '../ca/p3.pem empty', '../ca/p3.pem ../ca/p3.key', '../ca/p3.pem missing') {
        like certs("import $files"), qr/^seemail-certs: nothing was imported$/m, $files;
        isnt status(), 0, 'and the status says so';
    }
    certs('import --source pinned ../ca/p3.pem');
    is status(), 64, 'pinned is for certutil';
    is certs('list certificates'), $before, 'nothing has changed';
};

subtest '2.8-store: which one of several is used' => sub {
    my @all = qw(p1 p2 p3 p_old);
    is opened_by('p', @all), 'p2', 'the better source, though an expired one of the best is there';
    certs('import ../ca/p3.pem');
    is opened_by('p', @all), 'p3', 'of one source the newer';
    is opened_by('r', 'q1'), 'q1', '2.8-many-addr: by the first of its addresses';
    is opened_by('q', 'q1', 'p_old'), 'q1', '2.8-many-addr: by its second, beside an expired one';
    my $undo = Bed::change("$policy/settings", sub { $_ .= "seal-source seemail\n" });
    $bed->mark('b');
    like $bed->send('b', 'inside', 'bob@b.test', 'x@p.test', Bed::mail(From => 'bob@b.test', To => 'x@p.test')), qr/^250/;
    ok $bed->wait_log('b', 'only directory, which is not enough by the policy|certificate of .*expired'), 'the policy wants a better source: it waits';
    is $bed->waiting('outside'), 0, 'and does not leave';
    $undo->();
    ok $bed->take('outside'), 'it leaves when the policy is content';
};

subtest '2.8-store: what an administrator puts in with certutil is used, and wins' => sub {
    pin('p1');
    is opened_by('p', qw(p1 p2 p3)), 'p1', 'pinned, though it is the oldest';
    unpin('p1');
    pin('p_old');
    is opened_by('p', qw(p1 p2 p3 p_old)), 'p3', 'an expired pinned one stops nothing';
    pin('p2');
    is opened_by('p', qw(p1 p2 p3 p_old)), 'p2', 'nor beside a pinned one that is valid';
    cert('s_two', 'x1 x2 s');
    pin('s_two');
    is opened_by('s', 's_two'), 's_two', '2.8-many-addr: a pinned one by its third address';
};

subtest '2.8-store: show tells all' => sub {
    my @shown = @{ json("show $dca\@p.test") };
    is_deeply [map { $_->{fingerprint} } @shown], [@mark{qw(p2 p_old p3 p1)}], 'all of an address, the best first';
    my ($one) = @{ json("show $mark{p3}") };
    is_deeply [@$one{qw(fingerprint source where)}], [$mark{p3}, 'directory', '../ca/p3.pem'], 'by fingerprint';
    like $one->{'to-verify'}, qr/^good$|^crl-/, 'what it is worth';
    is_deeply $one->{addresses}, ["$dca\@p.test"], 'its addresses';
    like certs('show ' . substr($mark{p3}, 0, 8)), qr/^$mark{p3}\n  subject +CN=$dca,O=p3,C=NZ\n  issuer +CN=Test Root.*\n  serial +\S+\n  addresses .*\n  from +2026-03-01\n  until +2040-01-01\n  key +RSA, 2048 bits\n  source +directory\n/m,
        'its beginning is enough';
    like certs('show "b DCA"'), qr/^  where +key store$/m, 'our own by its nickname';
    like certs("show $mark{p_old}"), qr/^  to-seal +expired: /m, 'why one cannot be used';
    certs('show nobody@x.test');
    is status(), 69, 'none';
    certs('show');
    is status(), 64, 'usage';
};

subtest '2.8-store: given out as files that others read' => sub {
    certs('export --p7c all.p7c');
    is scalar(() = shell('openssl pkcs7 -inform DER -in all.p7c -print_certs -noout') =~ /^subject=/mg), 6, 'p7c';
    like certs("export $dca\@r.test -"), qr/\A-----BEGIN CERTIFICATE-----\n(?:[^-]+)-----END CERTIFICATE-----\n\z/, 'PEM to standard output';
    certs("export --der $dca\@r.test q1.out");
    is Bed::read_file("$dir/work/q1.out"), Bed::read_file("$dir/ca/q1.der"), 'DER';
    like certs("export --der $dca\@p.test x"), qr/--der is for one/, 'DER of several is none';
    certs("export $dca\@nobody.test x");
    is status(), 69, 'none';
    certs('export /proc/x');
    is status(), 75, 'a file that cannot be written';
};

subtest '2.8-store: forgotten' => sub {
    like certs("forget $mark{p3}"), qr/: 1 forgotten$/, 'by fingerprint';
    certs("forget $mark{p3}");
    is status(), 69, 'once';
    certs('forget p3');
    is status(), 64, 'neither an address nor a fingerprint';
    like certs("forget $dca\@p.test"), qr/: 3 forgotten$/, 'all of an address';
    is_deeply [map { $_->{source} } @{ json("show $dca\@p.test") }], ['pinned', 'pinned'], 'but not what is pinned';
    is scalar(@{ json("list certificates $dca\@q.test") }), 1, 'under its other addresses too';
};

subtest '2.8-store: a refresh forgets what expired long ago, and ranks by directory' => sub {
    shell("chown -R Debian-exim: $dir/work") if $> == 0;
    certs('import ../ca/p_old.pem');
    like certs('refresh'), qr/^1 certificates that expired over 90 days ago are forgotten$/m, 'an expired one';
    my ($b) = @{ json("list certificates $dca\@b.test") };
    is $b->{source}, 'seemail', 'the directory that has the SEEMAIL list';
    my $undo = Bed::change("$policy/settings", sub { $_ .= "known-days 36500\n" });
    certs('import ../ca/p_old.pem');
    unlike certs('refresh'), qr/forgotten/, 'after a time that the policy says';
    $undo->();
};

subtest '2.8-store: two who write at once, and one that is killed' => sub {
    shell("$as true; for i in 1 2 3 4 5 6; do $certs import --source learned ../ca/p$_.pem & done; wait") for 1, 3;
    is scalar(grep { $_->{source} eq 'learned' } @{ json("list certificates $dca\@p.test") }), 2, 'all is there';
    for my $n (1 .. 10) {
        Bed::output("cd $dir/work && $certs forget $dca\@p.test; timeout -s KILL 0.0$n $certs import ../ca/p1.pem ../ca/p2.pem ../ca/p3.pem");
        my $count = @{ json("list certificates $dca\@p.test") };
        ok $count == 0 || $count == 3, "killed: all or none ($count)";
    }
};

subtest '2.8-store: each command answers to programs' => sub {
    my $mark = cert('j1', 'p', '20260101', '20400101');
    certs('import ../ca/j1.pem');
    my $refreshed = json('refresh');
    is $refreshed->{directories}[0]{name}, 'lists', 'refresh: directories';
    ok exists $refreshed->{forgotten}, 'what was forgotten';
    is ref $refreshed->{crls}, 'ARRAY', 'and CRLs';
    is_deeply json("export --p7c $dca\@p.test all.p7c")->{file}, 'all.p7c', 'export';
    certs('--json export -');
    is status(), 64, 'only one thing goes to standard output';
    is_deeply json("forget $mark"), { forgotten => 1 }, 'forget';
};

subtest '2.8-store: pinned wins over what was learned, also when its CRL cannot be had' => sub {
    shell("CA_NAME=Other $pki ca $dir/other && certutil -A -d sql:$dir/b/nssdb -f $dir/b/nssdb/password -n other -t CT,C,C -i ../other/ca.pem"
            . ($> == 0 ? " && chown -R Debian-exim: $dir/b/nssdb" : ''));
    shell("CRL_URL='' FROM=20260101000000Z TO=20400101000000Z $pki cert $dir/other r1 $dca $dca\@t.test && cp ../other/r1.* ../ca/");
    cert('r2', 't', '20250101', '20400101');
    pin('r1');
    is opened_by('t', 'r1', 'r2'), 'r1', 'pinned, nobody can check it';
    certs('import --source learned ../ca/r2.pem');
    is opened_by('t', 'r1', 'r2'), 'r1', 'one that is good was learned: pinned still';
    unpin('r1');
    is opened_by('t', 'r1', 'r2'), 'r2', 'pinned no more';
};

subtest '2.9-validkey: a partner\'s key that was revoked is not used with an older certificate' => sub {
    cert('p8', 'u', '20250101', '20400101');
    shell("cd ../ca && openssl req -new -key p8.key -subj /CN=$dca -out p9.csr && : >dated.txt && openssl ca -batch -config dated.conf "
            . "-cert ca.pem -keyfile ca.key -notext -startdate 20260101000000Z -enddate 20400101000000Z -extfile p8.ext -in p9.csr -out p9.pem 2>&1 "
            . '&& cp p8.key p9.key && chmod a+r p9.pem');
    certs('import ../ca/p8.pem ../ca/p9.pem');
    is opened_by('u', 'p9'), 'p9', 'the newest';
    my ($serial) = shell('openssl x509 -in ../ca/p9.pem -noout -serial') =~ /=(\w+)/;
    my $crl = sub { shell("$Bed::top/tests/bed/crl ../ca ../http/ca.crl number=$_[0] next=864000 revoked=$serial:$_[1]"); certs("crl import $dir/http/ca.crl") };
    $crl->(900, 1);
    my $filter = sub { local $ENV{SEEMAIL_HOME} = "$dir/b"; return Bed::output("$as env SEEMAIL_HOME=$dir/b $dir/bin/seemail-filter ready seal 1abc b.test 0 '' x\@u.test") };
    like $filter->(), qr/revoked/, 'revoked for its key: the older one is not used, mail waits';
    $crl->(901, 4);
    is $filter->(), '', 'superseded: the older one is used';
};

done_testing;
