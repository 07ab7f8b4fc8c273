#!/usr/bin/perl
# Our keys on a PKCS#11 token (SoftHSM): sealing and opening work, and mail waits while the token or its PIN is not right.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

$ENV{TB_KEYS} = 'softhsm';
my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
Bed::change("$_/events", sub { s/^(\S+\s+)(?:mail|digest)/$1log/mg }) for @$bed{qw(TB_A_POLICY TB_B_POLICY)}; # what arrives is to be counted
my ($store_a, $store_b) = @$bed{qw(TB_A_NSSDB TB_B_NSSDB)};
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';

sub to_partner { return $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[seemail] x')) }
sub arrives { my ($what) = @_; like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, $what }

# The module finds no token, as when it was pulled out.
sub pulled {
    my ($path) = @_;
    rename $path, "$path.away";
    mkdir $path, 0755;
    return sub { rmdir $path; rename "$path.away", $path };
}

# Something is wrong with hub A's token: its mail waits, and goes out when that is mended.
sub waits {
    my ($what, $reason, $mend) = @_;
    $bed->mark('a');
    like to_partner(), qr/^250/, "$what: accepted";
    ok $bed->wait_log('a', "bob\@b.test .*defer.*$reason"), "$what: waits, and the log says why";
    is $bed->waiting('b') + $bed->waiting('outside'), 0, "$what: nothing went out";
    $mend->();
    arrives("$what: goes out, sealed, when that is mended");
}

# With hub B's: what comes for it stays with the sender's hub.
sub not_taken {
    my ($what, $mend) = @_;
    $bed->mark('a', 'b');
    like to_partner(), qr/^250/, "$what: hub A takes the mail";
    ok $bed->wait_log('a', 'bob@b.test .*SMTP error.*451.*SEEMail'), "$what: hub B answers 451";
    is $bed->waiting('b'), 0, "$what: nothing unverified is delivered";
    $mend->();
    arrives("$what: arrives when B is well");
}

subtest '2.4-hsm: sealing and opening with the keys on a token' => sub {
    my $keys = Bed::output("SOFTHSM2_CONF=$store_a/softhsm2.conf certutil -K -d sql:$store_a -f $store_a/password -h all");
    like $keys, qr/token "hub".*\n< 0> rsa +[0-9a-f]+ +a DCA/, 'the key is on the token';
    like $keys, qr/"NSS Certificate DB".*\ncertutil: no keys found/, 'and not in the store';
    to_partner();
    arrives('sealed and opened');
    my $undo = Bed::change("$bed->{TB_A_POLICY}/identity", sub { s/"a DCA"/"hub:a DCA"/g });
    to_partner();
    arrives('the nickname may name the token');
    $undo->();
    like Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} status"), qr/^good "a DCA"/m, 'status finds it';
};

subtest '2.4-hsm: a hub announces only what its token can open' => sub {
    # SoftHSM knows OAEP with SHA-1 alone, and says no more than that it knows OAEP.
    like $bed->send('b', 'inside', 'bob@b.test', 'alice@a.test', Bed::mail(From => 'bob@b.test', To => 'alice@a.test', Subject => '[seemail] x')),
        qr/^250/, 'B writes to A';
    like $bed->take('a') // '', qr/^X-SEEMAIL-Verified: good/m, 'so A knows what B reads';
    ok Bed::wait_for(sub { $bed->queue('a') == 0 }), 'and keeps it';
    to_partner();
    arrives('what A makes of that is opened');
    my $line = Bed::wait_for(sub { (grep { /filter=seal.*bob\@b\.test.*gcm/ } split /\n/, Bed::read_file("$dir/a/log/seemail"))[-1] });
    like $line // '', qr/cipher=aes-256-gcm transport=rsa(?= |$)/, 'it has the best that B announced, and no OAEP';
};

subtest '2.4-hsm: the token is away' => sub {
    waits('no token', 'no certificate "a DCA"', pulled("$store_a/softhsm"));
    waits('no module', 'PKCS#11 module "softhsm" cannot be loaded', Bed::change("$store_a/pkcs11.txt", sub { s/^library=.*softhsm.*/library=\/nowhere/m }));
    waits('not its environment', 'key store', Bed::change("$store_a/environment", sub { $_ = "SOFTHSM2_CONF=/nowhere\n" }));
    waits('a broken environment', 'no NAME=value', Bed::change("$store_a/environment", sub { $_ = "nonsense\n" }));
    not_taken('no token', pulled("$store_b/softhsm"));
    not_taken('no module', Bed::change("$store_b/pkcs11.txt", sub { s/^library=.*softhsm.*/library=\/nowhere/m }));
    Bed::output("$Bed::top/tests/bed/pki cert $dir/ca bob Bob bob\@b.test; printf 'Content-Type: text/plain\\n\\nx\\n' >$dir/in");
    my $personal = "From: x\@elsewhere.test\n" . Bed::output("openssl cms -encrypt -aes256 -in $dir/in $dir/ca/bob.pem") =~ s/\r\n/\n/gr;
    like $bed->send('b', 'outside', 'x@elsewhere.test', 'bob@b.test', $personal), qr/^250/, 'for an individual: accepted';
    is Bed::body($bed->take('b')), Bed::body($personal), 'and delivered closed';
    my $back = pulled("$store_b/softhsm");
    like $bed->send('b', 'outside', 'x@elsewhere.test', 'bob@b.test', $personal), qr/^451/, 'with the token away it might be ours: 451';
    $back->();
};

subtest '2.4-hsm: a PIN that is wrong or missing' => sub {
    waits('wrong', 'token "hub": the password is wrong', Bed::change("$store_a/password", sub { s/^hub:.*/hub:999999/m }));
    waits('missing', 'token "hub": no password for it', Bed::change("$store_a/password", sub { s/^hub:.*\n//m }));
    not_taken('wrong', Bed::change("$store_b/password", sub { s/^hub:.*/hub:999999/m }));
};

subtest '2.4-sanitise: a token that is sanitised as written has no keys any more' => sub {
    my $procedure = Bed::read_file("$Bed::top/doc/keys.md") =~ s/.*^## When media leave//smr;
    like $procedure, qr/$_/i, "the procedure is about: $_" for 'Disk encrypted', 'Disk not encrypted', 'Token', '\.p12', 'Backups';
    my ($command) = $procedure =~ /`(softhsm2-util --delete-token)`/ or return fail 'and names the command';
    my $as_a = "SOFTHSM2_CONF=$store_a/softhsm2.conf";
    Bed::output("$as_a $command --token hub");
    is $? >> 8, 0, 'done';
    unlike Bed::output("$as_a certutil -K -d sql:$store_a -f $store_a/password -h all"), qr/a DCA/, 'the key is gone';
    $bed->mark('a');
    to_partner();
    ok $bed->wait_log('a', 'bob@b.test .*defer.*no certificate "a DCA"'), 'and nothing can be signed with it';
    like Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} status"), qr/^critical "a DCA"/m, 'which status tells';
};

done_testing;
