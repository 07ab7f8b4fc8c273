#!/usr/bin/perl
# Links are set up and maintained by each side at its own time.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $pki = "$Bed::top/tests/bed/pki";
my $dca = 'domain-confidentiality-authority';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my $admin = "-x -H $bed->{TB_LDAP_URI} -D $bed->{TB_LDAP_BINDDN} -w $bed->{TB_LDAP_PASSWORD}";
$ENV{CRL_URL} = $bed->{TB_CRL_URL};

sub shell { my $out = Bed::output("cd $dir && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }
sub refresh { shell("$as bin/seemail-certs --policies $bed->{ 'TB_' . uc($_) . '_POLICY' } refresh") for @_ }
sub to { my ($from, $to, $subject) = @_; return $bed->send($from, 'inside', "x\@$from.test", "y\@$to.test", Bed::mail(From => "x\@$from.test", To => "y\@$to.test", Subject => $subject)) }

subtest '2.2-async: A has B on its list before B has A' => sub {
    my $undo = Bed::change("$bed->{TB_B_POLICY}/directories", sub { $_ = '' });
    like to('a', 'b', 'first'), qr/^250/, 'A writes';
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'sealed, and B reads it and says who it is from';
    like to('b', 'a', 'second'), qr/^250/, 'B answers, unmarked';
    like $bed->take('a') // '', qr/^Subject: .*second/m, 'it is not lost or refused';
    like to('b', 'a', '[seemail] third'), qr/^550/, 'what B marks does not leave in clear: B is told at once';
    $undo->();
    like to('b', 'a', '[seemail] fourth'), qr/^250/, 'when B has A on its list';
    like $bed->take('a') // '', qr/^X-SEEMAIL-Verified: good/m, 'it goes, sealed';
};

subtest '2.2-async: B changes its key pair; A finds out later' => sub {
    shell("$pki cert ca b2 $dca $dca\@b.test && $pki store ca $bed->{TB_B_NSSDB} b2 'b new'"
            . ($> == 0 ? " && chown -R Debian-exim: $bed->{TB_B_NSSDB}" : ''));
    my $undo = Bed::change("$bed->{TB_B_POLICY}/identity", sub { s/"b DCA"/"b new" "b new, b DCA"/g });
    like to('a', 'b', 'old key'), qr/^250/, 'A still has the old certificate';
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'what is encrypted to the old key is read';
    like to('b', 'a', 'new key'), qr/^250/, 'B signs with the new one, which A has never seen';
    like $bed->take('a') // '', qr/^X-SEEMAIL-Verified: good/m, 'and is verified';
    Bed::write_file("$dir/mod.ldif", "dn: cn=b,ou=agencies,c=NZ\nchangetype: modify\nreplace: userCertificate;binary\n"
            . "userCertificate;binary:< file://$dir/ca/b2.der\n");
    shell("ldapmodify $admin -f mod.ldif");
    refresh('a');
    like to('a', 'b', 'both new'), qr/^250/, 'A has refreshed';
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'mail goes on';
    is $bed->waiting('outside'), 0, 'nothing went elsewhere';
    $undo->();
};

done_testing;
