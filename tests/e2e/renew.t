#!/usr/bin/perl
# Our own certificates are renewed: with a new key pair by a request and the CA's answer; and both work through the overlap.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use JSON::PP;
use POSIX qw(strftime);
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
sub json { return decode_json(Bed::output("$as $dir/bin/seemail-certs --json --policies $bed->{TB_A_POLICY} @_ 2>/dev/null")) }
sub day { return strftime('%Y%m%d%H%M%SZ', gmtime(time + 86400 * $_[0])) }
sub serial { return shell("openssl x509 -in ca/$_[0].pem -noout -serial") =~ s/serial=|\n//gr }

# The CA signs: days from now.
sub issue {
    my ($name, $from, $to, %o) = @_;
    local @ENV{qw(FROM TO)} = (day($from), day($to));
    local $ENV{REQUEST} = $o{request} // "$dir/request";
    local $ENV{ISSUER} = $o{issuer} // '';
    local $ENV{CRL_URL} = exists $o{crl} ? $o{crl} : $ENV{CRL_URL};
    shell("$pki cert " . ($o{ca} // "$dir/ca") . " $name x " . ($o{address} // "$dca\@a.test") . " && chmod -R a+rX $dir/ca");
}

# What hub A signs with: the serial number on the wire.
my $routes = Bed::read_file($bed->{TB_ROUTES});
sub signs_with {
    Bed::write_file($bed->{TB_ROUTES}, '');
    $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail());
    Bed::write_file("$dir/wire", $bed->take('outside') // '');
    Bed::write_file($bed->{TB_ROUTES}, $routes);
    shell("openssl cms -decrypt -in wire -inkey ca/b.key -recip ca/b.pem -out inner");
    my $out = shell("openssl cms -verify -in inner -CAfile ca/ca.pem -signer signer -out content; openssl x509 -in signer -noout -serial");
    return $out =~ /serial=(\w+)/ ? $1 : $out;
}

# A mail to hub A that openssl has encrypted for a certificate.
sub opens {
    my ($name, $what) = @_;
    Bed::write_file("$dir/in", "Content-Type: text/plain\r\n\r\nFor $name.\r\n");
    my $mail = "From: x\@elsewhere.test\n" . shell("openssl cms -encrypt -aes256 -in in ca/$name.pem") =~ s/\r\n/\n/gr;
    like $bed->send('a', 'outside', 'x@elsewhere.test', 'alice@a.test', $mail), qr/^250/, "$what: taken";
    like $bed->take('a') // '', qr/^For $name\.$/m, "$what: opened";
}

sub keys_and_certificates { return shell("[ ! -e $store/environment ] || export \$(cat $store/environment); certutil -L -d sql:$store -f $store/password -h all "
    . "&& certutil -K -d sql:$store -f $store/password -h all || true") }

subtest '2.8-auto-b: a new key pair, asked for and taken in' => sub {
    my ($out, $exit) = certs("renew --new-key 'a DCA' 2>/dev/null >$dir/outbox; cat $dir/outbox");
    Bed::write_file("$dir/request", $out);
    my $text = shell("openssl req -in request -noout -text -verify");
    like $text, qr/verify OK/, 'a request that proves its key';
    like $text, qr/Subject: C = NZ, O = a, CN = $dca$/m, 'with the subject that we have';
    like $text, qr/Alternative Name:\s+email:$dca\@a\.test$/m, 'and the address';
    is json("renew --new-key 'a DCA'")->{request}, $out =~ s/\r//gr, 'asked again: the same pair, the same request'
        unless $out =~ /EC PRIVATE/;
    is json('status')->{own}[0]{pending}, JSON::PP::true, 'status tells that a pair waits';
    is signs_with(), serial('a'), 'the old one signs until then';
    issue('new', 0, 300);
    like certs("renew --install $dir/ca/new.pem"), qr/^installed "a DCA": serial \w+, valid from \S+ to \S+, of the new key pair$/m, 'taken in';
    is signs_with(), serial('new'), 'the new one signs';
    my $status = json('status');
    is $status->{level}, 'good', 'status is good';
    is $status->{own}[0]{serial} =~ s/://gr, serial('new'), 'and shows the new one';
    is scalar @{ $status->{own}[0]{others} }, 1, 'and the other that is still valid';
    ok !$status->{own}[0]{pending}, 'no pair waits';
    like certs("renew --install $dir/ca/new.pem"), qr/^known "a DCA"/, 'again: nothing to do';
};

subtest 'B-overlap: both open, the newest valid one signs' => sub {
    opens('a', 'to the old one');
    opens('new', 'to the new one');
    shell("openssl req -in request -noout -pubkey -out public");
    issue('later', 2, 302);
    like certs("renew --install $dir/ca/later.pem"), qr/^installed "a DCA".*[0-9]$/m, 'one that is not valid yet is taken in';
    is signs_with(), serial('new'), 'and does not sign yet';
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail()), qr/^250/, 'mail';
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'is verified by the partner';
};

subtest '2.10-oldkeys: when the old one has expired, it still opens' => sub {
    {
        local @ENV{qw(FROM TO)} = (day(-300), day(-1));
        shell("$pki cert $dir/ca over $dca $dca\@over.test && $pki store $dir/ca $store over over" . ($> == 0 ? " && chown -R Debian-exim: $store" : ''));
    }
    my $undo = Bed::change("$bed->{TB_A_POLICY}/identity", sub { $_ .= "over.test over\n" });
    certs("renew --new-key --out $dir/a/request over");
    issue('over-new', -1, 300, request => "$dir/a/request", address => "$dca\@over.test");
    like certs("renew --install $dir/ca/over-new.pem"), qr/^installed "over"/, 'renewed after its end';
    is json('status')->{own}[1]{serial} =~ s/://gr, serial('over-new'), 'the new one is used';
    opens('over', 'to the expired one');
    $undo->();
};

subtest '2.8-auto-b: what the CA sends, in all its forms' => sub {
    my $n = 0;
    for my $form (['x.der', 'cp ca/f.der x.der'], ['x.p7b', 'openssl crl2pkcs7 -nocrl -certfile ca/f.pem -certfile ca/ca.pem -out x.p7b'],
        ['x.p7c', 'openssl crl2pkcs7 -nocrl -certfile ca/b.pem -certfile ca/f.pem -outform DER -out x.p7c'],
        ['x.crt', '{ echo "Your certificate:"; cat ca/f.pem ca/ca.pem; } >x.crt']) {
        issue('f', -1, 301 + $n++);
        shell($form->[1]);
        my ($until) = shell('openssl x509 -in ca/f.pem -noout -enddate -dateopt iso_8601') =~ /=(\S+)/;
        like certs("renew --install $dir/$form->[0]"), qr/^installed "a DCA".* $until/m, $form->[0];
    }
    shell("$pki sub $dir/ca Sub");
    issue('f', -1, 310, issuer => 'Sub');
    like certs("renew --install $dir/ca/f.pem"), qr/^refused "a DCA".*no path/m, 'its CA is not known';
    is $? >> 8, 65, 'exit status 65';
    shell('cat ca/f.pem ca/Sub.pem >x.pem');
    like certs("renew --install - <$dir/x.pem"), qr/^installed "a DCA"/m, 'with the CA between it and the root; on standard input';
    $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail());
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'and the partner gets that too';
};

subtest '2.5-ca-issued: what is not taken in' => sub {
    shell("CA_NAME=Other $pki ca $dir/other");
    my $setting = Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ .= "own-limits refuse\n" });
    my @cases = (['another CA', 'no path', ca => "$dir/other"], ['another address', 'no address for a\.test', address => "$dca\@b.test"],
        ['no CRL pointer', 'no CRL', crl => ''], ['expired', 'expired', to => -1], ['over 13 months', '13 months', to => 500]);
    my $before = keys_and_certificates();
    for my $case (@cases) {
        my ($what, $reason, %o) = @$case;
        issue('bad', -20, $o{to} // 330, %o);
        my ($out, $exit) = certs('renew --install ' . ($o{ca} // "$dir/ca") . '/bad.pem');
        like $out, qr/^refused "a DCA": .*: .*$reason/m, "$what: refused";
        is $exit, 65, "$what: exit status 65";
    }
    shell("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=$dca -keyout self.key -out self.pem");
    Bed::write_file("$dir/garbage", 'x' x 5000);
    Bed::write_file("$dir/cut", substr Bed::read_file("$dir/ca/new.pem"), 0, 700);
    Bed::write_file("$dir/empty", '');
    Bed::write_file("$dir/large", 'x' x (2 << 20));
    for my $file ('self.pem', 'ca/b.pem', 'garbage', 'cut', 'empty') {
        is((certs("renew --install $dir/$file"))[1], 65, "$file: exit status 65");
    }
    is((certs("renew --install $dir/large"))[1], 64, 'too large');
    is((certs("renew --install $dir/nothing"))[1], 64, 'not there');
    is keys_and_certificates(), $before, 'the store is as it was';
    $setting->();
};

subtest '2.7-roots: who may vouch is what the agency trusts' => sub {
    shell("openssl ca -gencrl -keyfile other/ca.key -cert other/ca.pem -config ca/crl.conf -crldays 30 -md sha256 -out other/crl.pem "
            . "&& openssl crl -in other/crl.pem -outform DER -out http/other.crl && chmod a+r http/other.crl");
    local $ENV{CRL_URL} = $bed->{TB_CRL_URL} =~ s/ca\.crl/other.crl/r;
    shell("$pki cert $dir/other o $dca $dca\@o.test");
    Bed::write_file("$dir/in", "Content-Type: text/plain\r\n\r\nx\r\n");
    my $mail = "From: x\@o.test\n" . shell("openssl cms -sign -in in -signer other/o.pem -inkey other/o.key") =~ s/\r\n/\n/gr;
    my $verdict = sub {
        $bed->send('a', 'outside', 'x@o.test', 'alice@a.test', $mail);
        return ($bed->take_matching('a', qr/^From: x\@o/m) // '') =~ /^X-SEEMAIL-Verified: (\S+)/m ? $1 : 'none';
    };
    my $certutil = "certutil -d sql:$store -f $store/password -n Other";
    my $before = $verdict->();
    isnt $before, 'good', "a CA that is not trusted: $before";
    shell("$certutil -A -t ,C, -i other/ca.pem");
    is $verdict->(), 'good', 'the agency adds a root';
    shell("$certutil -M -t ,,");
    is $verdict->(), $before, 'and takes its trust away';
};

subtest '2.8-auto-b: the CA has changed our name' => sub {
    shell("openssl req -in request -noout -pubkey -out public");
    my $old = Bed::read_file("$dir/ca/dated.conf");
    issue('f', -1, 320);
    shell("sed -e 's/^organizationName=.*//' ca/dated.conf >ca/other.conf && openssl ca -batch -config ca/other.conf -cert ca/ca.pem "
            . "-keyfile ca/ca.key -notext -days 322 -subj '/C=NZ/CN=$dca' -extfile ca/f.ext -in request -out ca/f.pem");
    like certs("renew --install $dir/ca/f.pem"), qr/^installed "a DCA"/m, 'taken in';
    is signs_with(), serial('f'), 'and signs, under the same nickname of the identity table';
};

subtest '1.2-suspend: killed at any point, the store works' => sub {
    plan skip_all => 'the files of SoftHSM itself do not stand that' if ($ENV{TB_KEYS} // '') eq 'softhsm';
    certs("renew --new-key --out $dir/a/request");
    issue('killed', 0, 340, request => "$dir/a/request");
    my $kill = "timeout -s KILL %.3f $as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} renew";
    for my $ms (5, 12, 16, 18, 20, 22, 24, 26, 28, 30, 32, 35, 38, 42, 50, 60) {
        Bed::output(sprintf "$kill --new-key --key rsa:2048 --out $dir/a/request2", $ms / 1000);
        Bed::output(sprintf "$kill --install $dir/ca/killed.pem", $ms / 1000);
        my $level = eval { json('status')->{own}[0]{level} } // '';
        is $level, 'good', "after $ms ms" or diag(shell("ls -la a/nssdb"), scalar certs('status')), last;
    }
    like certs("renew --install $dir/ca/killed.pem"), qr/^(?:installed|known) "a DCA"/m, 'and it is taken in';
    is signs_with(), serial('killed'), 'and signs';
};

done_testing;
