#!/usr/bin/perl
# The key store in NSS's FIPS mode: sealing and opening work; without the password nothing does, and nothing is called verified.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

$ENV{TB_KEYS} = 'fips';
my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
Bed::change("$_/events", sub { s/^(\S+\s+)(?:mail|digest)/$1log/mg }) for @$bed{qw(TB_A_POLICY TB_B_POLICY)}; # what arrives is to be counted

sub to_partner { return $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[seemail] x')) }
sub arrives { my ($what) = @_; like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, $what }

subtest '2.4-fips: sealing and opening in FIPS mode' => sub {
    like Bed::output("modutil -dbdir sql:$bed->{TB_A_NSSDB} -chkfips true"), qr/FIPS mode enabled/, 'it is FIPS mode';
    to_partner();
    arrives('sealed and opened');
};

subtest '2.4-fips: without the password' => sub {
    for my $case (['none', ''], ['wrong', "wrong\n"]) {
        my ($what, $text) = @$case;
        my $mend = Bed::change("$bed->{TB_A_NSSDB}/password", sub { $_ = $text });
        $bed->mark('a');
        to_partner();
        ok $bed->wait_log('a', 'bob@b.test .*defer.*FIPS mode: wrong or missing password'), "$what: mail waits, and the log says why";
        is $bed->waiting('b') + $bed->waiting('outside'), 0, "$what: nothing went out";
        my $out = Bed::output(($> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '')
                . " $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} status");
        is $? >> 8, 2, "$what: status is critical" or diag $out;
        $mend->();
        arrives("$what: goes out when it is there");
    }
};

subtest '2.4-fips: what comes while the password is not there' => sub {
    my $mend = Bed::change("$bed->{TB_B_NSSDB}/password", sub { $_ = '' });
    Bed::write_file("$dir/in", "Content-Type: text/plain\r\n\r\nSigned.\r\n");
    my $signed = "From: alice\@a.test\nTo: bob\@b.test\n"
        . Bed::output("openssl cms -sign -in $dir/in -signer $dir/ca/a.pem -inkey $dir/ca/a.key") =~ s/\r\n/\n/gr;
    my $altered = $signed =~ s/^Signed\./Changed./mr;
    isnt $altered, $signed, 'a signed mail and an altered copy';
    like $bed->send('b', 'outside', 'alice@a.test', 'bob@b.test', $_), qr/^451/, 'is not taken: 451' for $signed, $altered;
    is $bed->waiting('b'), 0, 'nothing is delivered';
    $mend->();
    my %verdict;
    for my $mail ($signed, $altered) {
        # A hub that is busy says 451, and is asked again.
        ok Bed::wait_for(sub { $bed->send('b', 'outside', 'alice@a.test', 'bob@b.test', $mail) =~ /^250/ }), 'it is taken';
        ($verdict{$mail}) = ($bed->take_matching('b', qr/^From: alice\@a\.test/m) // '') =~ /^X-SEEMAIL-Verified: (\S+)/m;
    }
    is $verdict{$signed}, 'good', 'with it: good';
    is $verdict{$altered}, 'altered', 'and the altered copy is altered';
};

done_testing;
