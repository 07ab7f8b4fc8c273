#!/usr/bin/perl
# OCSP as the second source on revocation: openssl's responder answers for certificates whose CRL cannot be got.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use IO::Socket::INET;
use JSON::PP;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $pki = "$Bed::top/tests/bed/pki";
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my $dca = 'domain-confidentiality-authority';
my ($port, $responder);

sub shell { my $out = Bed::output("cd $dir && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }

# The responder knows what the index says; it is started again for another one. It gets stuck on a connection without
# a request, so what it says tells when it is ready.
sub respond {
    my ($ca, @lines) = @_;
    my ($signer, $issuer) = ("$ca/ca", $ca eq 'liar' ? 'ca' : $ca);
    ($signer, $issuer) = ("ca/$ca", 'ca') if $ca eq 'delegate';
    my @digest = $ca eq 'sha1' ? (-rmd => 'sha1') : ();
    ($signer, $issuer) = ('ca/ca', 'ca') if @digest;
    stop();
    Bed::write_file("$dir/ocsp.txt", join '', map { "$_\n" } @lines);
    Bed::write_file("$dir/ocsp.out", '');
    $responder = fork // die "fork: $!";
    if (!$responder) {
        open STDOUT, '>>', "$dir/ocsp.out";
        open STDERR, '>>', "$dir/ocsp.out";
        exec 'openssl', 'ocsp', '-port', $port, '-index', "$dir/ocsp.txt", '-CA', "$dir/$issuer/ca.pem", '-rsigner', "$dir/$signer.pem",
            '-rkey', "$dir/$signer.key", '-ndays', 1, @digest or POSIX::_exit(1);
    }
    Bed::wait_for(sub { Bed::read_file("$dir/ocsp.out") =~ /waiting/ }) or die 'no responder';
}
sub stop { kill 'KILL', $responder and waitpid $responder, 0 if $responder; $responder = undef }
END { my $status = $?; stop(); $? = $status }

sub serial { my ($name) = @_; return shell("openssl x509 -in \$(ls ca/$name.pem far/$name.pem 2>/dev/null) -noout -serial") =~ /=(\w+)/ ? $1 : die }
sub valid { my ($name) = @_; return "V\t400101000000Z\t\t" . serial($name) . "\tunknown\t/CN=$name" }
sub revoked { my ($name, $reason) = @_; return "R\t400101000000Z\t250101000000Z,$reason\t" . serial($name) . "\tunknown\t/CN=$name" }

# What seemail-certs ocsp says of a certificate of the bed's CA; its exit status first.
sub ask {
    my ($name) = @_;
    my $out = shell("cat ca/$name.pem ca/ca.pem >ask.pem; $as bin/seemail-certs --json --policies $bed->{TB_B_POLICY} ocsp ask.pem "
            . '2>&1; echo " $?"');
    my ($json, $status) = $out =~ /(.*) (\d+)\n\z/s;
    my $answer = eval { decode_json($json) } or return "$status $out";
    return "$status $answer->[0]{status}";
}

$port = Bed::free_port();
{
    local $ENV{CRL_URL} = 'http://127.0.0.1:1/gone.crl';
    local $ENV{OCSP_URL} = "http://127.0.0.1:$port";
    shell("$pki cert $dir/ca $_ $dca $dca\@a.test") for qw(one two three four);
}

subtest 'B-interfaces: OCSP responders are asked, and their answers kept' => sub {
    respond('ca', valid('one'), revoked('two', 'keyCompromise'), revoked('three', 'certificateHold'));
    is ask('one'), '0 good', 'good';
    is ask('two'), '0 revoked', 'revoked';
    is ask('three'), '0 revoked', 'on hold';
    is ask('four'), '0 unknown', 'not known to the responder';
    is ask('a'), '0 no responder', 'a certificate that names none';
    stop();
    is ask('one'), '0 good', 'kept while the responder is away';
};

subtest 'B-interfaces: a responder that fails, and one that lies' => sub {
    local $ENV{CRL_URL} = 'http://127.0.0.1:1/gone.crl';
    my $other = Bed::free_port();
    {
        local $ENV{OCSP_URL} = "http://127.0.0.1:$other";
        shell("$pki cert $dir/ca five $dca $dca\@a.test");
    }
    is ask('five'), '75 no answer', 'nobody answers';
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $other, Listen => 1, ReuseAddr => 1) or die "$!";
    is ask('five'), '75 no answer', 'it is left alone for a while then';
    my $seen = '';
    vec($seen, fileno $listen, 1) = 1;
    is scalar(select $seen, undef, undef, 0), 0, 'nobody asked again';
    close $listen;
    # A responder with a key of its own, which the CA has not made one.
    shell("CA_NAME=Liar $pki ca $dir/liar");
    local $ENV{OCSP_URL} = "http://127.0.0.1:$port";
    shell("$pki cert $dir/ca six $dca $dca\@a.test");
    respond('liar', valid('six'));
    is ask('six'), '75 no answer', 'an answer that somebody else has signed is none';
    stop();
};

# A responder that the CA has made one, and revoked later.
subtest 'B-interfaces: a responder whose certificate was revoked is no responder any more' => sub {
    local $ENV{CRL_URL} = 'http://127.0.0.1:1/gone.crl';
    $port = Bed::free_port(); # one that failed is left alone for a while
    local $ENV{OCSP_URL} = "http://127.0.0.1:$port";
    shell("$pki cert $dir/ca $_ $dca $dca\@a.test") for qw(first second);
    my $make = sub {
        my ($extension) = @_;
        Bed::write_file("$dir/ca/delegate.ext", "extendedKeyUsage=OCSPSigning\nkeyUsage=digitalSignature\n$extension");
        shell("openssl req -new -newkey rsa:2048 -nodes -subj /CN=Responder -keyout ca/delegate.key -out ca/delegate.csr 2>&1 "
                . '&& openssl x509 -req -in ca/delegate.csr -CA ca/ca.pem -CAkey ca/ca.key -set_serial 0x7777 -days 3 '
                . '-extfile ca/delegate.ext -out ca/delegate.pem 2>&1');
    };
    my $number = 700;
    my $crl = sub { $number++; shell("$Bed::top/tests/bed/crl ca now.crl number=$number next=86400 $_[0] && $as bin/seemail-certs --policies $bed->{TB_B_POLICY} crl import $dir/now.crl") };
    $make->('');
    respond('delegate', valid('first'), valid('second'));
    is ask('first'), '0 good', 'it answers for the CA';
    $crl->('revoked=7777:1');
    is ask('second'), '75 no answer', 'until its certificate is revoked';
    like ask('first'), qr/^75 no answer/, 'and what it has answered before does not count any more';
    $port = Bed::free_port();
    $ENV{OCSP_URL} = "http://127.0.0.1:$port";
    shell("$pki cert $dir/ca third $dca $dca\@a.test");
    $make->("noCheck=ignored\n");
    respond('delegate', valid('third'));
    is ask('third'), '0 good', 'unless the CA says that it need not be asked for';
    $crl->('');
    stop();
};

# It takes connections, and says nothing. The other hub asks it while it receives, and so has less time than it would get.
subtest '2.8-crl-fetch: a responder that hangs costs one mail its wait, and no more' => sub {
    my $db = $bed->{TB_B_NSSDB};
    shell("CA_NAME=Quiet $pki ca $dir/quiet"); # of which there is no CRL
    shell("certutil -A -d sql:$db -f $db/password -n quiet -t CT,C,C -i $dir/quiet/ca.pem");
    shell("chown -R --reference=$db $db") if $> == 0;
    my $hanging = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 20) or die "$!";
    {
        local $ENV{CRL_URL} = 'http://127.0.0.1:1/gone.crl';
        local $ENV{OCSP_URL} = 'http://127.0.0.1:' . $hanging->sockport;
        shell("$pki cert $dir/quiet hang domain-signing-authority domain-signing-authority\@hang.test");
    }
    Bed::write_file("$dir/entity", "Content-Type: text/plain\r\n\r\nhello\r\n");
    shell('openssl cms -sign -binary -in entity -signer quiet/hang.pem -inkey quiet/hang.key -out signed');
    my $mail = "From: x\@hang.test\nTo: bob\@b.test\nSubject: test\n" . Bed::read_file("$dir/signed") =~ s/\r\n/\n/gr;
    my @asked;
    for my $time (1 .. 2) {
        like $bed->send('b', 'outside', 'x@hang.test', 'bob@b.test', $mail), qr/^250/, "mail $time is accepted";
        like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: crl-not-checkable /m, 'with what is known';
        $hanging->blocking(0);
        $asked[$time] = 0;
        while (my $one = $hanging->accept) { $asked[$time]++; close $one }
    }
    is $asked[1], 1, 'asked at the first';
    is $asked[2], 0, 'and left alone then';
};

sub made { my (@names) = @_; local @ENV{qw(CRL_URL OCSP_URL)} = ('http://127.0.0.1:1/gone.crl', "http://127.0.0.1:$port"); shell("$pki cert $dir/far $_ $dca $dca\@a.test") for @names }

# The verdict on a mail to hub B that the certificate has signed.
sub verdict {
    my ($name) = @_;
    Bed::write_file("$dir/entity", "Content-Type: text/plain\r\n\r\nHello.\r\n");
    my $mail = "From: al\@a.test\nTo: bob\@b.test\nSubject: by $name\n"
        . shell("openssl cms -sign -in entity -signer far/$name.pem -inkey far/$name.key -certfile far/ca.pem") =~ s/\r//gr;
    like $bed->send('b', 'outside', 'al@a.test', 'bob@b.test', $mail), qr/^250/, 'accepted';
    return ($bed->take_matching('b', qr/^Subject: .*by $name$/m) // '') =~ /^X-SEEMAIL-Verified: (\S+)/m ? $1 : 'none';
}

subtest 'B-interfaces: mail signed with certificates whose CRL cannot be got' => sub {
    $port = Bed::free_port();
    # A CA whose CRL nobody has.
    shell("CA_NAME=Far $pki ca far && $as certutil -A -d sql:$bed->{TB_B_NSSDB} -f $bed->{TB_B_NSSDB}/password -n far -t CT,C,C -i far/ca.pem");
    made(qw(seven eight nine ten));
    respond('far', valid('seven'), revoked('eight', 'keyCompromise'), revoked('nine', 'certificateHold'), valid('ten'));
    is verdict('seven'), 'good', 'good';
    is verdict('eight'), 'revoked', 'revoked';
    is verdict('nine'), 'suspended', 'on hold';
    my $undo = Bed::change("$bed->{TB_B_POLICY}/settings", sub { $_ .= "ocsp no\n" });
    is verdict('ten'), 'crl-not-checkable', 'not asked when the policy says no';
    $undo->();
    stop();
};

subtest 'B-interfaces: of a CRL and an answer the newer one counts' => sub {
    $port = Bed::free_port();
    made(qw(later));
    respond('far', revoked('later', 'keyCompromise'));
    is verdict('later'), 'revoked', 'revoked by OCSP';
    my $crl = sub { shell("$Bed::top/tests/bed/crl far now.crl number=$_[0] $_[1] && $as bin/seemail-certs --policies $bed->{TB_B_POLICY} crl import $dir/now.crl") };
    $crl->(1, 'this=-86400 next=8640000');
    is verdict('later'), 'revoked', 'a CRL from before, in which it is not, does not help';
    respond('far', valid('later'));
    my $again = sub { shell("cat far/later.pem far/ca.pem >ask.pem; $as bin/seemail-certs --policies $bed->{TB_B_POLICY} ocsp $_[0] ask.pem") };
    like $again->(''), qr/: revoked$/m, 'what is kept is not asked for';
    like $again->('--again'), qr/: good$/m, 'but when an administrator wants it';
    is verdict('later'), 'good', 'and counts';
    stop();
};

subtest '2.4-approved: answers are signed as the table algorithms says' => sub {
    $port = Bed::free_port();
    local @ENV{qw(CRL_URL OCSP_URL)} = ('http://127.0.0.1:1/gone.crl', "http://127.0.0.1:$port");
    shell("$pki cert $dir/ca $_ $dca $dca\@a.test") for qw(sha1-a sha1-b);
    respond('sha1', valid('sha1-a'), valid('sha1-b'));
    is ask('sha1-a'), '0 good', 'SHA-1, which the table has';
    my $undo = Bed::change("$bed->{TB_B_POLICY}/algorithms", sub { s/^digest\s+\d+\s+sha1.*\n//m or die });
    is ask('sha1-b'), '75 no answer', 'or has not';
    $undo->();
    stop();
};

done_testing;
