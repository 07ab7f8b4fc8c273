#!/usr/bin/perl
# Our own certificates in all layouts, partners below a domain, and lists of vendors.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $pki = "$Bed::top/tests/bed/pki";
my $dca = 'domain-confidentiality-authority';
my $dsa = 'domain-signing-authority';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';

sub store {
    my ($name, $cn, $addresses, $nickname, @more) = @_;
    local $ENV{CRL_URL} = $bed->{TB_CRL_URL};
    my $out = Bed::output("$pki cert $dir/ca $name $cn $addresses @more && $pki store $dir/ca $bed->{TB_A_NSSDB} $name '$nickname'"
            . ($> == 0 ? " && chown -R Debian-exim: $bed->{TB_A_NSSDB}" : ''));
    $? == 0 or die $out;
}

sub arrives_good {
    my ($from, $signer, $what) = @_;
    like $bed->send('a', 'inside', $from, 'bob@b.test', Bed::mail(From => $from)), qr/^250/, "$what: accepted";
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good $signer$/m, "$what: verified, by $signer";
}

subtest '2.6-3183-dsa: a certificate of its own to sign' => sub {
    store('a-dsa', $dsa, "$dsa\@a.test", 'a DSA');
    my $undo = Bed::change("$bed->{TB_A_POLICY}/identity", sub { $_ = "a.test  \"a DSA\"  \"a DCA\"\n" });
    arrives_good('alice@a.test', "$dsa\@a.test", 'DSA and DCA');
    like $bed->send('b', 'inside', 'bob@b.test', 'alice@a.test', Bed::mail(From => 'bob@b.test')), qr/^250/, 'and an answer';
    like $bed->take('a') // '', qr/^X-SEEMAIL-Verified: good/m, 'is opened with the DCA';
    $undo->();
};

subtest '2.6-3183-dsa: an ECDSA key to sign' => sub {
    store('a-ec', $dsa, "$dsa\@a.test", 'a EC', 365, 'ec');
    my $undo = Bed::change("$bed->{TB_A_POLICY}/identity", sub { $_ = "a.test  \"a EC\"  \"a DCA\"\n" });
    arrives_good('alice@a.test', "$dsa\@a.test", 'ECDSA');
    $undo->();
};

subtest '1.5-ca: an EC key to sign and to open' => sub {
    local $ENV{KEY_USAGE} = 'digitalSignature,keyAgreement'; # as CAs have it for EC keys
    store('a-ec-dca', $dca, "$dca\@a.test", 'a EC DCA', 365, 'ec');
    my $undo = Bed::change("$bed->{TB_A_POLICY}/identity", sub { $_ = "a.test  \"a EC DCA\"\n" });
    arrives_good('alice@a.test', "$dca\@a.test", 'signed with it');
    if (($ENV{TB_KEYS} // '') eq 'softhsm') { # has ECDH without a KDF alone
        my $status = Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} status");
        is $? >> 8, 2, 'status: critical';
        like $status, qr/critical: its token cannot open what is encrypted to it/, 'a token that cannot open with it is found';
        $undo->();
        return;
    }
    my $b = $bed->{TB_B_NSSDB};
    Bed::output("certutil -A -d sql:$b -f $b/password -n 'a EC DCA' -t ,, -i $dir/ca/a-ec-dca.pem"); # before what B learned
    is $?, 0, 'B knows it';
    like $bed->send('b', 'inside', 'bob@b.test', 'alice@a.test', Bed::mail(From => 'bob@b.test')), qr/^250/, 'an answer';
    like $bed->take('a') // '', qr/^X-SEEMAIL-Verified: good/m, 'is opened';
    like Bed::read_file("$bed->{dir}/b/log/seemail"), qr/filter=seal .*alice\@a\.test.*transport=ecdh(?= |$)/m, 'with that key';
    $undo->();
};

subtest '2.6-one-or-many: one certificate for several domains of ours' => sub {
    store('many', $dca, "$dca\@one.test,$dca\@two.test", 'many');
    store('three', $dca, "$dca\@three.test", 'three');
    my $undo = Bed::change("$bed->{TB_A_POLICY}/identity",
        sub { $_ .= "one.test  many\ntwo.test  many\n.two.test  many\nthree.test  three\n" });
    arrives_good('x@one.test', "$dca\@one.test", 'the first domain');
    arrives_good('x@two.test', "$dca\@one.test", 'the second');
    arrives_good('x@sub.two.test', "$dca\@one.test", 'and one below it');
    arrives_good('x@three.test', "$dca\@three.test", 'another domain, another certificate');
    arrives_good('alice@a.test', "$dca\@a.test", 'and the first one still');
    $undo->();
};

subtest '2.1-trusted-list: the suffix rule' => sub {
    my $lists = Bed::change("$bed->{TB_A_POLICY}/directories", sub { $_ = '' });
    for my $case (['*@b.test', 'x@b.test', 250], ['*@b.test', 'x@sub.b.test', 550], ['*@.b.test', 'x@sub.b.test', 250],
        ['*@.b.test', 'x@b.test', 250], ['*@b.test', 'x@bb.test', 550], ['x@b.test', 'y@b.test', 550]) {
        my ($entry, $to, $code) = @$case;
        my $undo = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ = "$entry\n" });
        my $answer = $bed->send('a', 'inside', 'alice@a.test', $to, Bed::mail(Subject => '[seemail]'));
        like $answer, qr/^$code/, "$entry for $to: $code";
        $undo->();
    }
    $lists->();
};

subtest '2.15-lists: vendors only as the policy allows' => sub {
    my $add = "dn: cn=v.test,ou=VENDOR,c=NZ\nobjectClass: organizationalRole\nobjectClass: extensibleObject\n"
        . "cn: v.test\nmail: *\@V.test\nmail: no entry\n";
    Bed::write_file("$dir/add.ldif", $add);
    my $out = Bed::output("ldapadd -x -H $bed->{TB_LDAP_URI} -D $bed->{TB_LDAP_BINDDN} -w $bed->{TB_LDAP_PASSWORD} -f $dir/add.ldif");
    is $?, 0, 'a vendor joins' or diag $out;
    my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
    $out = Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} refresh");
    is $?, 0, 'refresh';
    like $out, qr/"no entry" is no \*\@domain: left out/, 'what is no entry is told';
    my @mail = ('a', 'inside', 'alice@a.test', 'x@v.test', Bed::mail(Subject => '[sensitive]'));
    like $bed->send(@mail), qr/^550/, 'by default a vendor gets nothing marked';
    my $undo = Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ .= "vendors  SENSITIVE\n" });
    like $bed->send(@mail), qr/^250/, 'the policy may allow a marking';
    $mail[-1] = Bed::mail(Subject => '[restricted]');
    like $bed->send(@mail), qr/^550/, 'and not another';
    $undo->();
    $out = Bed::output("ldapdelete -x -H $bed->{TB_LDAP_URI} -D $bed->{TB_LDAP_BINDDN} -w $bed->{TB_LDAP_PASSWORD} "
            . "cn=b.test,ou=SEEMAIL,c=NZ && $as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} refresh");
    $mail[3] = 'x@b.test';
    like $bed->send(@mail), qr/^550/, '2.15-removal: who is off the list is no partner';
};

done_testing;
