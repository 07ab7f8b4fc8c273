#!/usr/bin/perl
# What comes to a hub from outside: what is opened, what stays closed, and what the recipient is told.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use MIME::Base64;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $work = "$dir/work";
my $pki = "$Bed::top/tests/bed/pki";
mkdir $work;
my $entity = "Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\nContent-Type: text/plain; charset=utf-8\r\n"
    . "Content-Transfer-Encoding: 8bit\r\n\r\nCaf\xc3\xa9\r\n.\r\n\r\n--in\r\n"
    . "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    . encode_base64(join('', map { chr } 0 .. 255) x 20, "\r\n") . "--in--\r\n";
Bed::write_file("$work/entity", $entity);
my $body = $entity =~ s/\A.*?\r\n\r\n//sr =~ s/\r\n/\n/gr;

sub shell { my $out = Bed::output("cd $work && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }
sub cert { shell("$pki cert $dir/ca " . join ' ', map { "'$_'" } @_) }

# openssl signs (and encrypts); gives the Content-* fields and the body that it makes.
sub sign {
    my ($in, $name, $options) = @_;
    Bed::write_file("$work/$in", Bed::read_file("$work/$in") =~ s/(?<!\r)\n/\r\n/gr);
    shell("openssl cms -sign -binary -in $in -signer ../ca/$name.pem -inkey ../ca/$name.key -out $in.signed "
            . ($options // ''));
    return "$in.signed";
}
sub encrypt {
    my ($in, $name, $options) = @_;
    shell("openssl cms -encrypt " . ($options // '-aes256') . " -in $in -out $in.encrypted ../ca/$name.pem");
    return "$in.encrypted";
}

sub message {
    my ($file, %h) = @_;
    my $mime = Bed::read_file("$work/$file");
    $mime =~ s/\r\n/\n/g;
    my $from = $h{From} // 'Alice <alice@a.test>';
    return "From: $from\nTo: bob\@b.test\nSubject: test\n" . ($h{more} // '') . $mime;
}

# Sends to hub B from outside; gives what arrived.
sub deliver {
    my ($mail, $from) = @_;
    my $answer = $bed->send('b', 'outside', $from // 'alice@a.test', 'bob@b.test', $mail);
    like $answer, qr/^250/, 'accepted' or return '';
    return $bed->take('b') // '';
}

sub verdict { return $_[0] =~ /^X-SEEMAIL-Verified: (\S+)/m ? $1 : 'none' }

sub warned {
    my ($mail, $pattern) = @_;
    my ($boundary) = $mail =~ /^Content-Type: multipart\/mixed; boundary="(\w+)"\n\n--\1\nContent-Type: text\/plain/m or return 0;
    return $mail =~ /^--$boundary\n(?:.+\n)+\n\*\*\* (?:WARNING|Note) \w+: .*$pattern/m;
}

sub opened_well {
    my ($mail, $what) = @_;
    is verdict($mail), 'good', "$what: good";
    is Bed::body($mail), $body, "$what: byte for byte";
}

subtest '1.1-interop: whatever openssl makes is opened' => sub {
    opened_well(deliver(message(encrypt(sign('entity', 'a'), 'b'))), 'signed and encrypted');
    opened_well(deliver(message(sign('entity', 'a'))), 'signed');
    opened_well(deliver(message(sign('entity', 'a', '-nodetach'))), 'opaque');
    opened_well(deliver(message(encrypt(sign('entity', 'a', '-nodetach -stream'), 'b', '-aes128 -stream'))), 'opaque, streamed');
    opened_well(deliver(message(sign(encrypt(sign('entity', 'a'), 'b'), 'a'))), '1.1-ess: triple wrapped');
    opened_well(deliver(message(encrypt(sign('entity', 'a', '-md sha512 -keyid'), 'b', '-des3 -keyid'))), 'SHA-512, 3DES, key ids');
    opened_well(deliver(message(encrypt(sign('entity', 'a', '-keyopt rsa_padding_mode:pss'), 'b'))), 'RSA-PSS');
};

subtest '1.1-interop: what gpgsm makes is opened' => sub {
    my $gpgsm = $bed->gpgsm('a');
    Bed::output("cd $dir && gpgsm --homedir $bed->{gnupg} --batch --import ca/b.pem");
    shell("echo x | $gpgsm -u domain-confidentiality-authority\@a.test -o gpg.signed --sign entity");
    Bed::write_file("$work/gpg.entity", "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
            . "Content-Transfer-Encoding: base64\r\n\r\n" . encode_base64(Bed::read_file("$work/gpg.signed"), "\r\n"));
    shell("echo x | $gpgsm -r domain-confidentiality-authority\@b.test -o gpg.sealed --encrypt gpg.entity");
    opened_well(deliver("From: alice\@a.test\nTo: bob\@b.test\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; "
                . "smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n"
                . encode_base64(Bed::read_file("$work/gpg.sealed"))), 'signed and encrypted');
};

subtest '1.5-platform: the body begins where the hook\'s Exim puts it' => sub {
    my $mail = message(sign('entity', 'a'));
    Bed::write_file("$work/head", Bed::head($mail) . "\n");
    Bed::write_file("$work/data", 'i' x 23 . "-D\n" . Bed::body($mail)); # as of Exim 4.97
    shell("chmod a+r head data");
    my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
    my $verify = "SEEMAIL_HOME=$dir/b $as $dir/bin/seemail-filter verify id";
    like shell("$verify 26 <head 3<data"), qr/^verdict=good$/m, 'good';
    for my $offset ('26x', '-1', '') {
        is Bed::output("cd $work && $verify '$offset' <head 3<data") . ($? >> 8), 64, "'$offset' is no offset";
    }
};

subtest '1.2-attach: a host that takes the mail slowly gets it whole' => sub {
    my $restore = Bed::change("$dir/b/policies/settings", sub { $_ .= "filter-timeout 5\n" });
    my $text = ('x' x 70 . "\n") x 20_000; # more than a pipe holds
    Bed::write_file("$work/large", Bed::mail(body => $text));
    shell("chmod a+r large");
    my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
    my $decision = 'v="1" dir="outside" marking="" from="" verdict="no-signature" clear="may" all="inside"';
    open my $filter, '-|', "SEEMAIL_HOME=$dir/b exec $as $dir/bin/seemail-filter open id '$decision' <$work/large" or die;
    read $filter, my $out, 1; # it has all, and goes on
    sleep 6;
    { local $/; $out .= <$filter> }
    ok close $filter, 'it ends well';
    ok index($out, $text) > 0, 'all of it';
    $restore->();
};

subtest '1.2-suspend: a filter that takes too long says so, and the mail waits' => sub {
    my $restore = Bed::change("$dir/b/policies/settings", sub { $_ .= "filter-timeout 1\n" });
    my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
    my $decision = 'v="1" dir="outside" marking="" from="" verdict="no-signature" clear="may" all="inside"';
    open my $filter, '|-', "SEEMAIL_HOME=$dir/b exec $as $dir/bin/seemail-filter open late '$decision'" or die; # its input does not end
    ok Bed::wait_for(sub { Bed::read_file("$dir/b/log/seemail") =~ /filter=open failure=limit reason="it took longer than filter-timeout" id=late$/m }),
        'the log says why';
    close $filter;
    is $? >> 8, 75, 'for now';
    $restore->();
};

subtest '1.1-interop: whatever mailers call it' => sub {
    my $mail = message(encrypt(sign('entity', 'a'), 'b'));
    opened_well(deliver($mail =~ s/application\/pkcs7-mime/application\/x-pkcs7-mime/r), 'x-pkcs7-mime');
    opened_well(deliver($mail =~ s/ smime-type=enveloped-data;//r), 'no smime-type');
    opened_well(deliver($mail =~ s/Content-Type: application\/pkcs7-mime;.*/Content-Type: application\/octet-stream; name="smime.p7m"/r),
        'octet-stream .p7m');
    opened_well(deliver($mail =~ s/Content-Type: application\/pkcs7-mime;.*/Content-Type: APPLICATION\/PKCS7-MIME (x); name=smime.p7m/r),
        'upper case and a comment');
};

subtest '1.2-sender-rcpt: altered, re-addressed and stripped copies are reported' => sub {
    my $mail = message(sign('entity', 'a'));
    my $altered = deliver($mail =~ s/Caf/Cof/r);
    is verdict($altered), 'altered', 'altered';
    ok warned($altered, 'changed after it was signed'), 'and the recipient is warned';
    like $altered, qr/^--in$/m, 'with the mail below the warning';
    my $opaque = message(sign('entity', 'a', '-nodetach'));
    my ($base64) = Bed::body($opaque);
    my $der = decode_base64($base64);
    $der =~ s/Caf/Cof/;
    $opaque = Bed::head($opaque) . "\n" . encode_base64($der);
    is verdict(deliver($opaque)), 'altered', 'opaque, altered';
    is verdict(deliver(message('entity.signed', From => 'eve@elsewhere.test'))), 'wrong-address', 're-addressed';
    my $stripped = deliver(Bed::mail(body => "plain\n"));
    is verdict($stripped), 'no-signature', '1.2-auth: stripped';
    ok warned($stripped, 'Unverified sender'), 'with a note';
    like $stripped, qr/^plain$/m, 'and the text';
    my $sealed = message(encrypt(sign('entity', 'a'), 'b'));
    my $raw = decode_base64(Bed::body($sealed));
    substr($raw, length($raw) / 2, 1) ^= "\1";
    my $broken = deliver(Bed::head($sealed) . "\n" . encode_base64($raw));
    isnt verdict($broken), 'good', 'a damaged envelope is not good: ' . verdict($broken);
    like $broken, qr/pkcs7-mime/, 'and is delivered closed' if verdict($broken) eq 'undecryptable';
};

subtest '2.6-mapping: the From domain and the certificate\'s' => sub {
    my $mail = message(sign('entity', 'a'));
    my %expected = (
        'x@sub.a.test' => 'good', 'x@A.TEST' => 'good', '"a, b" <x@a.test>' => 'good', 'x@xa.test' => 'wrong-address',
        'x@a.test.' => 'ambiguous-from', 'x@a.test, y@b.test' => 'ambiguous-from', 'x@a.test.evil.test' => 'wrong-address',
        'alice@a.test <eve@evil.test>' => 'wrong-address', 'ceo@evil.test .a.test' => 'ambiguous-from', 'test' => 'ambiguous-from',
        "x\@\xd0\xb0.test" => 'ambiguous-from', 'x@test' => 'wrong-address');
    for my $from (sort keys %expected) {
        is verdict(deliver($mail =~ s/^From: .*/From: $from/r)), $expected{$from}, "From: $from";
    }
    is verdict(deliver($mail =~ s/^From: .*/From: a\@a.test\nFrom: b\@a.test/r)), 'ambiguous-from', 'two From';
    for my $name ('ceo@evil.test', '"ceo@evil.test"', '=?utf-8?q?ceo=40evil.test?=', '=?utf-8?b?Y2VvQGV2aWwudGVzdA==?=') {
        is verdict(deliver($mail =~ s/^From: .*/From: $name <x\@a.test>/r)), 'ambiguous-from', "$name is shown, and another has signed";
    }
    is verdict(deliver($mail =~ s/^From: .*/From: x\@a.test (ceo\@evil.test)/r)), 'ambiguous-from', 'in a comment';
    is verdict(deliver($mail =~ s/^From: .*/From: "alice\@sub.a.test" <x\@a.test>/r)), 'good', 'another that the signer speaks for';
    is verdict(deliver($mail =~ s/^From: .*\n//r)), 'ambiguous-from', 'no From';
};

subtest '1.2-auth: an unsigned mail that some would read as a partner\'s' => sub {
    for my $from ("From: ceo\@a.test,", "From: ceo\@a.test\nFrom: eve\@evil.test",
        ": x\nFrom: ceo\@a.test", "From: <ceo\@a.test.>", "From: c\xc3\xa9o\@a.test", "From: ceo\@a .test (x)",
        "From: " . join ',', map { "u$_\@evil.test" } 1 .. 60) {
        my $mail = deliver(Bed::mail() =~ s/^From: .*/$from/r, 'eve@evil.test');
        is verdict($mail), 'ambiguous-from', substr($from, 0, 40) =~ s/[^ -~]/?/gr;
        ok warned($mail, 'does not say clearly who it is from'), 'and told';
    }
    my $named = deliver(Bed::mail() =~ s/^From: .*/From: "ceo\@a.test" <eve\@evil.test>/r, 'eve@evil.test');
    is verdict($named), 'ambiguous-from', 'a partner\'s address as the name of another';
    for my $from ('From: =?utf-8?q?ceo=40a=2Etest?=', "From: ceo\@\xef\xbd\x81.test", "From: ceo\@a\xe3\x80\x82test", "From: ceo\@a\xe2\x80\x8b.test",
        "From: \"ceo\@\xef\xbd\x81.test\" <eve\@evil.test>", "From:\nSender: ceo\@a.test") {
        is verdict(deliver(Bed::mail() =~ s/^From: .*/$from/r, 'eve@evil.test')), 'ambiguous-from', $from =~ s/[^ -~]/?/gr;
    }
    is verdict(deliver(Bed::mail() =~ s/^From: .*\n//r, 'ceo@a.test')), 'ambiguous-from', 'no From, and a partner as the sender of the envelope';
    for my $from ("From: eve\@b\xc3\xbc" . "cher.test", 'From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <eve@evil.test>', "From: ceo\@a.testing,", "From: \"eve\@elsewhere.test\" <eve\@evil.test>", "From: MAILER-DAEMON", "X: y", "From: x\@evil.test, y\@elsewhere.test") {
        is verdict(deliver(Bed::mail() =~ s/^From: .*/$from/r, 'eve@evil.test')), 'none', ($from =~ s/[^ -~]/?/gr) . ": a stranger's";
    }
};

subtest '2.15-lists: vendors are partners only as the policy says' => sub {
    my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
    my $lists = Bed::change("$bed->{TB_B_POLICY}/directories", sub { s/^lists.*\n//m; s/ou=VENDOR/ou=SEEMAIL/ });
    Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_B_POLICY} refresh");
    is $?, 0, 'a.test is a vendor now';
    is verdict(deliver(Bed::mail())), 'none', 'vendors none: the list is not used';
    my $settings = Bed::change("$bed->{TB_B_POLICY}/settings", sub { $_ .= "vendors SEEMAIL\n" });
    is verdict(deliver(Bed::mail())), 'no-signature', 'vendors SEEMAIL: a partner';
    $_->() for $settings, $lists;
};

subtest '2.6-3183-dsa: certificates of other agencies, in all layouts' => sub {
    cert('dsa', 'domain-signing-authority', 'domain-signing-authority@d.test');
    opened_well(deliver(message(sign('entity', 'dsa'), From => 'x@d.test')), 'a DSA');
    cert('multi', 'domain-confidentiality-authority',
        'domain-confidentiality-authority@e.test,domain-confidentiality-authority@f.test');
    opened_well(deliver(message(sign('entity', 'multi'), From => 'x@f.test')), '2.6-one-or-many: several domains');
    cert('dn', 'domain-signing-authority/emailAddress=domain-signing-authority@g.test', '');
    opened_well(deliver(message(sign('entity', 'dn'), From => 'x@g.test')), '2.6-san-dn: the address in the DN');
    cert('ec', 'domain-signing-authority', 'domain-signing-authority@h.test', 365, 'ec');
    opened_well(deliver(message(sign('entity', 'ec'), From => 'x@h.test')), 'an ECDSA key');
    cert('none', 'domain-confidentiality-authority', '');
    my $mail = deliver(message(sign('entity', 'none'), From => 'x@d.test'));
    is verdict($mail), 'no-address', '2.6-warn: no address';
    ok warned($mail, 'names no mail address'), '2.6-warn: told';
};

subtest '2.9-validkey: certificates that are not valid' => sub {
    my $name = 'domain-signing-authority';
    {
        local @ENV{qw(FROM TO)} = ('20240101000000Z', '20250101000000Z');
        cert('old', $name, "$name\@d.test");
        cert('b-old', 'domain-confidentiality-authority', 'domain-confidentiality-authority@b.test');
        local @ENV{qw(FROM TO)} = ('20340101000000Z', '20350101000000Z');
        cert('new', $name, "$name\@d.test");
    }
    shell("CA_NAME=Other $pki ca $work/other && $pki cert $work/other unknown $name $name\@d.test && cp other/unknown.* ../ca/");
    shell("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=$name -addext subjectAltName=email:$name\@d.test "
            . "-keyout ../ca/self.key -out ../ca/self.pem");
    my %expected = (old => 'expired', new => 'not-yet-valid', unknown => 'unknown-ca', self => 'self-signed');
    for my $signer (sort keys %expected) {
        my $mail = deliver(message(sign('entity', $signer), From => 'x@d.test'));
        is verdict($mail), $expected{$signer}, $expected{$signer};
        ok warned($mail, $signer =~ /old|new/ ? 'Certificate (?:expired|not valid yet) - message integrity uncertain'
            : 'Certificate unknown - message integrity uncertain'), 'and told';
        like $mail, qr/^--in$/m, 'delivered';
    }
};

subtest '2.10-anonymous: encrypted mail from unknown sources is delivered' => sub {
    my $mail = deliver(message(encrypt('entity', 'b'), From => 'eve@elsewhere.test'));
    is verdict($mail), 'encrypted-only', 'not signed';
    ok warned($mail, 'encrypted, but not signed'), 'told';
    like $mail, qr/\Q$body\E/, 'opened';
    is verdict(deliver(message(sign('entity', 'dsa'), From => 'x@d.test'))), 'good', 'signed by somebody not listed';
};

subtest '2.10-anonymous: what was encrypted is no message that we can read' => sub {
    my $header = 'X: ' . ('y' x 70 . "\r\n ") x 30_000 . "\r\n\r\nlast\r\n";
    for my $case (['binary', "\1" x 2_000_000], ['a header of 2 MB', $header], ['20,000 fields', "X: y\r\n" x 20_000 . "\r\nlast\r\n"]) {
        my ($what, $text) = @$case;
        Bed::write_file("$work/odd", $text);
        my $mail = deliver(message(encrypt('odd', 'b', '-binary -aes256'), From => 'eve@elsewhere.test'));
        like verdict($mail), qr/^(?:encrypted-only|too-deep)$/, "$what: " . verdict($mail);
        ok index($mail, $text =~ s/\r\n/\n/gr) > 0, 'arrives whole';
    }
};

subtest '2.10-oldkeys: a key that is no longer ours to give out still opens' => sub {
    shell("$pki store $dir/ca $bed->{TB_B_NSSDB} b-old 'b DCA old'");
    shell("chown -R --reference=$bed->{TB_B_NSSDB} $bed->{TB_B_NSSDB}") if $> == 0;
    opened_well(deliver(message(encrypt(sign('entity', 'a'), 'b-old'))), 'an expired certificate');
};

subtest '2.10-anycerts: any number of certificates, in any order' => sub {
    shell("openssl req -new -newkey rsa:2048 -nodes -subj /CN=x -keyout many.key -out many.csr 2>/dev/null; for i in \$(seq 200); do "
            . "openssl x509 -req -in many.csr -CA ../ca/ca.pem -CAkey ../ca/ca.key -set_serial 9\$i -days 9 2>/dev/null; done >many.pem");
    opened_well(deliver(message(encrypt(sign('entity', 'a', '-certfile many.pem'), 'b'))), '200 unrelated ones');
    cert('silent', 'domain-confidentiality-authority', 'domain-confidentiality-authority@a.test');
    is verdict(deliver(message(sign('entity', 'silent', '-nocerts')))), 'no-signature', '2.10-nocerts: none, and not known';
    shell("certutil -A -d sql:$bed->{TB_B_NSSDB} -f $bed->{TB_B_NSSDB}/password -n 'silent DCA' -t ,, -i ../ca/silent.pem");
    opened_well(deliver(message(sign('entity', 'silent', '-nocerts'))), '2.10-nocerts: found in the store');
    cert('a2', 'domain-confidentiality-authority', 'domain-confidentiality-authority@a.test');
    opened_well(deliver(message(sign('entity', 'a2'))), '2.10-sentcert: the one sent counts');
};

subtest '1.2-e2e: what is an individual\'s stays his' => sub {
    cert('alice', 'Alice', 'alice@a.test');
    cert('bob', 'Bob', 'bob@b.test');
    my $signed = Bed::read_file("$work/" . sign('entity', 'alice'));
    my $inner = $signed =~ s/\r\n/\n/gr;
    my $mail = deliver(message('entity.signed', From => 'alice@elsewhere.test'));
    is verdict($mail), 'none', 'plain, signed: no verdict';
    is Bed::body($mail), Bed::body($inner), 'and as it came';
    $mail = deliver(message(encrypt('entity.signed', 'bob'), From => 'alice@elsewhere.test'));
    is verdict($mail), 'none', 'plain, encrypted: no verdict';
    like $mail, qr/pkcs7-mime/, 'and closed';
    $mail = deliver(message(encrypt(sign('entity.signed', 'a'), 'b')));
    is verdict($mail), 'good', '2.10-strip: in the domain\'s layers: good';
    is Bed::body($mail), Bed::body($inner), 'and the individual\'s signature is as it was';
    Bed::write_file("$work/arrived", $mail);
    like shell("openssl cms -verify -in arrived -CAfile ../ca/ca.pem -out /dev/null"), qr/successful/, 'it verifies there';
    encrypt('entity.signed', 'bob');
    $mail = deliver(message(encrypt(sign('entity.signed.encrypted', 'a'), 'b')));
    is verdict($mail), 'good', 'encrypted for an individual, in the domain\'s layers';
    Bed::write_file("$work/arrived", $mail);
    shell("openssl cms -decrypt -in arrived -recip ../ca/bob.pem -inkey ../ca/bob.key -out opened");
    like shell("openssl cms -verify -in opened -CAfile ../ca/ca.pem -out /dev/null"), qr/successful/, 'opens and verifies there';
    $mail = deliver(message(encrypt(sign('entity', 'alice'), 'b')));
    is verdict($mail), 'no-signature', '1.2-auth: an individual does not vouch for a partner';
    cert('carol', 'Carol', 'carol@elsewhere.test');
    $mail = deliver(message(encrypt(sign('entity', 'carol'), 'b'), From => 'carol@elsewhere.test'));
    is verdict($mail), 'good', '2.9-others: an individual to the gateway';
};

subtest '1.6-foreign: a part of a multipart' => sub {
    my $part = Bed::read_file("$work/" . encrypt(sign('entity', 'a'), 'b')) =~ s/\r\n/\n/gr =~ s/\AMIME-Version.*\n//r;
    my $mail = Bed::mail('Content-Type' => 'multipart/mixed; boundary=list', 'MIME-Version' => '1.0',
        body => "--list\n$part\n--list\nContent-Type: text/plain\n\nfooter of the list\n--list--\n");
    my $arrived = deliver($mail);
    is verdict($arrived), 'altered', 'a footer was added: told';
    unlike $arrived, qr/Caf\xc3/, 'what is encrypted stays so: others can have put something around it to lead it out';
    like $arrived, qr/\Q$part\E/, 'it is delivered as it came';
    like $arrived, qr/footer of the list/, 'with the footer';
    my $signed = Bed::read_file("$work/" . sign('entity', 'a')) =~ s/\r\n/\n/gr =~ s/\AMIME-Version.*\n//r;
    $arrived = deliver(Bed::mail('Content-Type' => 'multipart/mixed; boundary=list', 'MIME-Version' => '1.0',
        body => "--list\n$signed\n--list\nContent-Type: text/plain\n\nfooter of the list\n--list--\n"));
    is verdict($arrived), 'altered', 'signed only, with a footer: told';
    like $arrived, qr/\Q$body\E/, 'and the signature is off';
    # in our own layers, parts are just content
    Bed::write_file("$work/forward", "Content-Type: multipart/mixed; boundary=fw\r\n\r\n--fw\r\n" . ($part =~ s/\n/\r\n/gr)
            . "\r\n--fw\r\nContent-Type: text/plain\r\n\r\nsee above\r\n--fw--\r\n");
    $arrived = deliver(message(encrypt(sign('forward', 'a'), 'b')));
    is verdict($arrived), 'good', '2.10-strip: an envelope forwarded within a domain signature: good';
    unlike $arrived, qr/Caf\xc3/, 'and closed';
    like $arrived, qr/see above/, 'as it was sent';
};

done_testing;
