#!/usr/bin/perl
# Our key is compromised: one command takes it out of use, mail waits, and goes out by itself once there is a new one.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use JSON::PP;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $pki = "$Bed::top/tests/bed/pki";
my $dca = 'domain-confidentiality-authority';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my $store = $bed->{TB_A_NSSDB};
$ENV{CRL_URL} = $bed->{TB_CRL_URL};

sub shell { my $out = Bed::output("cd $dir && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }
sub certs { my $out = Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} @_"); return wantarray ? ($out, $? >> 8) : $out }
sub own { my ($name) = grep { $_->{nickname} eq 'a DCA' } @{ decode_json(certs('--json status 2>/dev/null'))->{own} }; return $name }
sub to_partner { return $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[seemail] x', body => "Number $_[0].\n")) }
sub arrives { my ($number) = @_; like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good.*^Number $number\.$/ms, $_[1] }

# A mail to hub A that openssl has encrypted for a certificate of hub A's.
sub opens {
    my ($name, $what) = @_;
    Bed::write_file("$dir/in", "Content-Type: text/plain\r\n\r\nFor $name.\r\n");
    my $mail = "From: x\@elsewhere.test\n" . shell("openssl cms -encrypt -aes256 -in in ca/$name.pem") =~ s/\r\n/\n/gr;
    like $bed->send('a', 'outside', 'x@elsewhere.test', 'alice@a.test', $mail), qr/^250/, "$what: taken";
    ok $bed->take_matching('a', qr/^For $name\.$/m), "$what: opened"; # delay warnings come too
}

# What hub A says of a mail that the holder of its old key has signed as hub A.
sub forged_verdict {
    Bed::write_file("$dir/in", "Content-Type: text/plain\r\n\r\nPay.\r\n");
    my $mail = "From: boss\@a.test\n" . shell("openssl cms -sign -in in -signer ca/a.pem -inkey ca/a.key") =~ s/\r\n/\n/gr;
    $bed->send('a', 'outside', 'boss@a.test', 'alice@a.test', $mail);
    return ($bed->take_matching('a', qr/^From: boss/m) // '') =~ /^X-SEEMAIL-Verified: (\S+)/m ? $1 : 'none';
}

subtest '1.9-compromise: one command suspends the key pair and holds mail' => sub {
    to_partner(0);
    arrives(0, 'before, mail goes out');
    is forged_verdict(), 'good', 'and a signature with our key is good';
    my ($out, $exit) = certs("compromise 'a DCA'");
    is $exit, 0, 'exit status 0';
    like $out, qr/^"a DCA": 1 key pairs suspended.*renew --new-key/s, 'says what to do next';
    $bed->mark('a');
    like to_partner($_), qr/^250/, 'mail is accepted' for 1, 2;
    ok $bed->wait_log('a', 'bob@b.test .*defer.*"a DCA".*suspended'), 'waits, and the log says why';
    is $bed->waiting('b') + $bed->waiting('outside'), 0, 'nothing goes out';
    my @waiting = grep { (eval { Bed::read_file($_) } // '') =~ /^bob\@b\.test$/m } glob "$bed->{TB_A_SPOOL}/input/*-H";
    is scalar @waiting, 2, 'it is in the queue'; # beside what tells of it
    my $own = own();
    is $own->{level}, 'critical', 'status is critical';
    is $own->{findings}[0]{name}, 'suspended', 'and says why';
    like certs("compromise 'a DCA'"), qr/^"a DCA": 0 key pairs/, 'again: it is so already';
    is forged_verdict(), 'revoked', 'who signs with the key now is told of as revoked';
    opens('a', 'what partners still encrypt to it');
};

subtest '1.9-compromise: it stays so' => sub {
    my $request = certs("renew --new-key --out $dir/a/request 'a DCA'");
    {
        local $ENV{REQUEST} = "$dir/ca/a.csr";
        shell("$pki cert $dir/ca again x $dca\@a.test && chmod -R a+rX ca");
    }
    like certs("renew --install $dir/ca/again.pem"), qr/^refused "a DCA".*suspended/m, 'a new certificate for the old key is refused';
    my $mend = Bed::change("$store/suspended", sub { $_ = "nonsense\n" });
    $bed->mark('a');
    ok $bed->wait_log('a', 'bob@b.test .*defer.*suspended: line 1 is damaged'), 'a damaged list of suspended keys: mail waits';
    $mend->();
    chmod 0666, "$store/suspended";
    $bed->mark('a');
    ok $bed->wait_log('a', 'bob@b.test .*defer.*lets others'), 'one that others can write: mail waits';
    chmod 0600, "$store/suspended";
    is $bed->waiting('b') + $bed->waiting('outside'), 0, 'nothing went out';
};

subtest '1.9-compromise: the new pair, and what waited goes out by itself' => sub {
    {
        local $ENV{REQUEST} = "$dir/a/request";
        shell("$pki cert $dir/ca new x $dca\@a.test && chmod -R a+rX ca");
    }
    like certs("renew --install $dir/ca/new.pem"), qr/^installed "a DCA".*new key pair$/m, 'the new pair is taken in';
    my @bodies = sort map { /^X-SEEMAIL-Verified: good.*^(Number \d)/ms ? $1 : 'not good' } map { $bed->take('b') // '' } 1, 2;
    is "@bodies", 'Number 1 Number 2', 'what waited arrives, sealed';
    ok Bed::wait_for(sub { $bed->queue('a') == 0 }), 'the queue is empty';
    is own()->{level}, 'good', 'status is good';
    opens('a', 'old mail, to the old key');
    opens('new', 'mail to the new key');
    is forged_verdict(), 'revoked', 'the old key is out of use for good';
};

subtest '1.9-compromise: a false alarm' => sub {
    certs("compromise 'a DCA'");
    $bed->mark('a');
    to_partner(3);
    ok $bed->wait_log('a', 'bob@b.test .*defer.*suspended'), 'mail waits';
    is decode_json(certs("--json compromise --end 'a DCA'"))->{suspended}, JSON::PP::false, 'ended';
    arrives(3, 'and it goes out by itself');
    my ($out, $exit) = certs('compromise Nobody');
    is $exit, 64, 'a name that is not ours: exit status 64';
    like $out, qr/no "Nobody"/, 'and said so';
    is((certs('compromise'))[1], 64, 'no name: exit status 64');
    my $restore = Bed::change("$bed->{TB_A_POLICY}/identity", sub { $_ .= qq(other.test  "away DCA"\n) });
    ($out, $exit) = certs("compromise 'away DCA'");
    isnt $exit, 0, 'ours, but its key pair is not there: nothing was suspended';
    like $out, qr/no key pair "away DCA".*token/, 'and said so';
    $restore->();
};

subtest '1.2-suspend: killed at any point, the list of suspended keys is whole' => sub {
    for my $ms (2, 6, 10, 14, 18, 22, 26, 30, 40) {
        for my $what ("compromise 'a DCA'", "compromise --end 'a DCA'") {
            Bed::output(sprintf "timeout -s KILL %.3f $as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} $what", $ms / 1000);
            my $own = eval { own() };
            ok $own && ($own->{level} eq 'good' || $own->{findings}[0]{name} eq 'suspended'), "after $ms ms" or diag certs('status');
        }
    }
    my @both = map { "$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} compromise 'a DCA'" } 1 .. 4;
    Bed::output(join(' & ', @both) . ' & wait');
    is scalar(() = Bed::read_file("$store/suspended") =~ /\n/g), 2, 'four at once: each key once';
};

done_testing;
