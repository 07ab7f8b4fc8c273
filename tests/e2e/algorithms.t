#!/usr/bin/perl
# Which algorithms a partner gets, and that others read what we make of each and we what they make.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Compress::Zlib ();
use MIME::Base64;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $work = "$dir/work";
my $pki = "$Bed::top/tests/bed/pki";
my $dca = 'domain-confidentiality-authority';
mkdir $work;

sub shell { my $out = Bed::output("cd $work && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }
sub cert { shell("$pki cert $dir/ca " . join ' ', map { "'$_'" } @_) }
sub own { shell("chown -R --reference=$bed->{TB_A_NSSDB} $bed->{TB_A_NSSDB} $bed->{TB_B_NSSDB}") if $> == 0 }

# Partners of hub A at domains of their own, by the kind of their key. Their mail goes to the outside sink.
my %keys = (rsa => 'rsa:2048', rsa4096 => 'rsa:4096', short => 'rsa:1024', p256 => 'ec',
    p384 => 'ec -pkeyopt ec_paramgen_curve:P-384', p521 => 'ec -pkeyopt ec_paramgen_curve:P-521');
for my $name (sort keys %keys) {
    local $ENV{KEY_USAGE} = 'digitalSignature,keyAgreement' if $name =~ /^p/; # as CAs have it for EC keys
    cert($name, $dca, "$dca\@$name.test", 365, $keys{$name});
    shell("certutil -A -d sql:$bed->{TB_A_NSSDB} -f $bed->{TB_A_NSSDB}/password -n '$name DCA' -t ,, -i ../ca/$name.pem");
}
own();
Bed::write_file("$bed->{TB_A_POLICY}/partners", join '', map { "*\@$_.test\n" } sort keys %keys);

# The filter's last line of that kind in a hub's own log.
sub filtered {
    my ($hub, $pattern) = @_;
    return Bed::wait_for(sub { (grep { /filter=$pattern/ } split /\n/, Bed::read_file("$dir/$hub/log/seemail"))[-1] });
}

# A mail from A to a partner: what is on the wire.
sub sealed {
    my ($name) = @_;
    my $answer = $bed->send('a', 'inside', 'alice@a.test', "bob\@$name.test", Bed::mail(To => "bob\@$name.test", body => "for $name\n"));
    like $answer, qr/^250/, "$name: accepted" or return '';
    return $bed->take('outside') // '';
}

# openssl opens it; gives what it says of the signature, and the content.
sub opens {
    my ($mail, $name) = @_;
    Bed::write_file("$work/wire", $mail);
    return Bed::output("cd $work && openssl cms -decrypt -in wire -inkey ../ca/$name.key -recip ../ca/$name.pem -out inner && "
            . "openssl cms -verify -in inner -CAfile ../ca/ca.pem -out content && cat content");
}

sub printed { my ($file, $as) = @_; return shell("openssl cms -cmsout -print -inform " . ($as // 'SMIME') . " -in $file") }

# The signature in what was opened last.
sub signature {
    my ($base64) = Bed::read_file("$work/inner") =~ /filename="smime.p7s".*?\r\n\r\n(.*?)\r\n\r\n--/s or die 'no signature';
    Bed::write_file("$work/sig", decode_base64($base64));
    return printed('sig', 'DER');
}

# Rows of a hub's table by use, in their order; gives what puts the table back.
sub algorithms {
    my ($hub, %rows) = @_;
    my $path = $bed->{ 'TB_' . uc($hub) . '_POLICY' } . '/algorithms';
    my $before = Bed::read_file($path);
    my $text = $before;
    for my $use (sort keys %rows) {
        my $rank = 0;
        $text =~ s/^$use .*\n//mg;
        $text .= join '', map { "$use " . ++$rank . " $_\n" } @{ $rows{$use} };
    }
    Bed::write_file($path, $text);
    return sub { Bed::write_file($path, $before) };
}

my $settings = "$bed->{TB_A_POLICY}/settings";

subtest '1.1-rfc: openssl opens what we make, by every cipher and kind of key' => sub {
    my $short = Bed::change($settings, sub { $_ .= "rsa-bits-send 1024\n" });
    for my $cipher (qw(aes-256-cbc aes-192-cbc aes-128-cbc aes-256-gcm aes-128-gcm des-ede3-cbc)) {
        my $undo = algorithms('a', encrypt => [$cipher], keytransport => ['rsa', 'ecdh']);
        for my $name (sort keys %keys) {
            next if $cipher eq 'des-ede3-cbc' && $name ne 'rsa' && $name ne 'short'; # 2.4-must-algs
            my $mail = sealed($name);
            my $said = opens($mail, $name);
            like $said, qr/Verification successful.*for $name\r?\n\z/s, "$cipher, $name";
            my $type = $cipher =~ /gcm/ ? 'authEnveloped-data' : 'enveloped-data';
            like $mail, qr/smime-type=$type;/, $type if $name eq 'rsa';
        }
        $undo->();
    }
    my $undo = algorithms('a', encrypt => ['aes-256-gcm'], keytransport => ['rsa-oaep']);
    like opens(sealed('rsa4096'), 'rsa4096'), qr/Verification successful/, 'RSA-OAEP';
    like printed('wire'), qr/rsaesOaep/, 'is it';
    $_->() for $undo, $short;
};

subtest '2.4-must-algs: RSA-1024, Triple-DES and SHA-1 are not sent unless the policy says so' => sub {
    my $answer = $bed->send('a', 'inside', 'alice@a.test', 'bob@short.test', Bed::mail(To => 'bob@short.test'));
    like $answer, qr/^250/, 'accepted';
    ok $bed->wait_log('a', 'bob\@short.test.* defer'), 'a key of 1024 bits: the mail waits' or diag $bed->log('a');
    like filtered('a', 'ready.*short'), qr/a key of 1024 bits, below 2048/, 'and the log says why';
    my $undo = algorithms('a', encrypt => ['des-ede3-cbc'], digest => ['sha1']);
    my $short = Bed::change($settings, sub { $_ .= "rsa-bits-send 1024\n" });
    my $mail = $bed->take('outside');
    like opens($mail, 'short'), qr/Verification successful/, 'by policy it goes, with all three';
    like printed('wire'), qr/des-ede3-cbc/, 'Triple-DES';
    like Bed::read_file("$work/inner"), qr/micalg=sha-?1;/, 'SHA-1';
    $_->() for $undo, $short;
};

subtest '1.1-rfc: digests of what we sign' => sub {
    for my $digest (qw(sha256 sha384 sha512)) {
        my $undo = algorithms('a', digest => [$digest]);
        like opens(sealed('rsa'), 'rsa'), qr/Verification successful/, $digest;
        my $name = $digest =~ s/sha/sha-/r;
        like Bed::read_file("$work/inner"), qr/micalg=$name;/, "micalg is $name";
        $undo->();
    }
};

subtest '1.9-label: what a mail is marked as is within its signature' => sub {
    my @undo = map { Bed::change("$bed->{\"TB_${_}_POLICY\"}/settings", sub {
        $_ .= "label-policy 2.16.554.1.1\nlabels \"SEEMAIL=1, SENSITIVE=3\"\n";
    }) } 'A', 'B';
    my $answer = $bed->send('a', 'inside', 'alice@a.test', 'bob@rsa.test', Bed::mail(Subject => '[sensitive] [seemail] x'));
    like $answer, qr/^250/, 'accepted';
    my $mail = $bed->take('outside');
    like opens($mail, 'rsa'), qr/Verification successful/, 'openssl verifies it';
    like signature(), qr/securityLabel.*signingCertificateV2|signingCertificateV2.*securityLabel/s, 'the label, and the certificate (1.1-ess)';
    $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[sensitive] x'));
    ok $bed->take('b'), 'to a hub';
    like filtered('b', 'open.*label'), qr/label="2\.16\.554\.1\.1 3 SENSITIVE"/, 'which reads it';
    $bed->send('a', 'inside', 'alice@a.test', 'bob@rsa.test', Bed::mail());
    opens($bed->take('outside'), 'rsa');
    unlike signature(), qr/securityLabel/, 'what is not marked has none';
    $_->() for @undo;
};

# It is kept before the message leaves the queue.
sub learned { my ($hub) = @_; return Bed::wait_for(sub { $bed->queue($hub) == 0 }) }

# A mail from one hub to the other: the sender's log line.
sub hand {
    my ($from, $to) = @_;
    $bed->send($from, 'inside', "x\@$from.test", "y\@$to.test", Bed::mail(From => "x\@$from.test", To => "y\@$to.test"));
    ok my $mail = $bed->take($to), "$from to $to: arrives" or return '';
    like $mail, qr/^X-SEEMAIL-Verified: good/m, 'and is good';
    ok learned($to), 'what it teaches is kept';
    return filtered($from, "seal.*y\@$to.test");
}

subtest '1.1-client: NSS\'s cmsutil opens and verifies what we make' => sub {
    local $ENV{TB_KEYS} = ''; # it is a client
    shell("rm -rf nss; $pki store $dir/ca $work/nss rsa rsa");
    my $undo = algorithms('a', encrypt => ['aes-256-cbc']);
    Bed::write_file("$work/der", decode_base64(Bed::body(sealed('rsa'))));
    my $cmsutil = "cmsutil -D -d sql:$work/nss -f $work/nss/password";
    my $inner = Bed::output("$cmsutil -i $work/der");
    like $inner, qr/for rsa/, 'opened';
    my ($boundary) = $inner =~ /boundary="(.*?)"/;
    my (undef, $part, $signature) = split /\r\n--\Q$boundary\E(?:--)?\r\n/, $inner;
    Bed::write_file("$work/part", $part);
    Bed::write_file("$work/sig", decode_base64($signature =~ s/\A.*?\r\n\r\n//sr));
    Bed::output("$cmsutil -c $work/part -i $work/sig");
    is $?, 0, 'the signature is good';
    Bed::write_file("$work/part", "$part ");
    Bed::output("$cmsutil -c $work/part -i $work/sig");
    isnt $?, 0, 'and is not when the content is another';
    $undo->();
};

sub from_outside {
    my ($options, $from) = @_;
    shell("openssl cms -sign -binary -in entity $options -out signed");
    my $mail = "From: $from\nTo: bob\@b.test\nSubject: test\n" . Bed::read_file("$work/signed") =~ s/\r\n/\n/gr;
    like $bed->send('b', 'outside', $from, 'bob@b.test', $mail), qr/^250/, 'accepted';
    return $bed->take('b') // '';
}

subtest '1.5-ca: signatures and certificates of every kind' => sub {
    Bed::write_file("$work/entity", "Content-Type: text/plain\r\n\r\nhello\r\n");
    cert('pss', $dca, "$dca\@pss.test", 365, 'rsa-pss -pkeyopt rsa_keygen_bits:2048');
    my %options = (rsa4096 => '-md sha512', short => '-md sha1', p256 => '', p384 => '-md sha384', p521 => '-md sha512',
        pss => '-keyopt rsa_padding_mode:pss', rsa => '-cades -keyid');
    for my $name (sort keys %options) {
        my $mail = from_outside("-signer ../ca/$name.pem -inkey ../ca/$name.key $options{$name}", "x\@$name.test");
        like $mail, qr/^X-SEEMAIL-Verified: good/m, "$name $options{$name}: good" or diag filtered('b', 'verify');
    }
};

# CompressedData (RFC 3274).
sub tlv { my ($tag, @content) = @_; my $c = join '', @content; return chr($tag) . (length $c < 128 ? chr length $c : "\x82" . pack('n', length $c)) . $c }
sub compressed {
    my $smime = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10"; # 1.2.840.113549.1.9.16
    my $content = tlv(0x30, tlv(6, "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"), tlv(0xa0, tlv(4, Compress::Zlib::compress($_[0]))));
    return tlv(0x30, tlv(6, "$smime\x01\x09"), tlv(0xa0, tlv(0x30, tlv(2, "\0"), tlv(0x30, tlv(6, "$smime\x03\x08")), $content)));
}

subtest '1.7-graceful: what others may put into a signature' => sub {
    for my $options ('-receipt_request_all -receipt_request_to x@rsa.test', '-nosmimecap', '-noattr', '-signer ../ca/p256.pem -inkey ../ca/p256.key') {
        my $mail = from_outside("-signer ../ca/rsa.pem -inkey ../ca/rsa.key $options", 'x@rsa.test');
        like $mail, qr/^X-SEEMAIL-Verified: good/m, "$options: good";
    }
    shell("openssl crl2pkcs7 -nocrl -certfile ../ca/rsa.pem -outform DER -out certs && openssl cms -digest_create -in entity -outform DER -out digested");
    Bed::write_file("$work/compressed", compressed(Bed::read_file("$work/entity")));
    my %expected = (compressed => 'unsupported', certs => 'none', digested => 'unsupported', entity => 'malformed');
    for my $object (sort keys %expected) {
        for my $type ('', $object eq 'certs' ? ' smime-type=certs-only;' : ()) {
            my $mail = Bed::mail(From => 'eve@elsewhere.test', 'MIME-Version' => '1.0', 'Content-Transfer-Encoding' => 'base64',
                'Content-Type' => "application/pkcs7-mime;$type name=smime.p7m", body => encode_base64(Bed::read_file("$work/$object")));
            $bed->send('b', 'outside', 'eve@elsewhere.test', 'bob@b.test', $mail);
            my $arrived = $bed->take('b');
            my ($verdict) = $arrived =~ /^X-SEEMAIL-Verified: (\S+)/m;
            is $verdict // 'none', $expected{$object}, "$object$type: $expected{$object}";
            like $arrived, qr/^Content-Type: application\/pkcs7-mime/m, 'delivered';
        }
    }
};

# SoftHSM has no OAEP with SHA-256: a hub says so.
my $best = ($ENV{TB_KEYS} // '') eq 'softhsm' ? 'rsa' : 'rsa-oaep';

subtest '2.10-cachecaps: what a partner announced is used for the next message' => sub {
    like hand('a', 'b'), qr/cipher=aes-256-cbc transport=rsa(?= |$)/, 'first, nothing is known of B';
    like hand('b', 'a'), qr/cipher=aes-256-gcm transport=$best(?= |$)/, '2.4-highest: B has heard A';
    like hand('a', 'b'), qr/cipher=aes-256-gcm transport=$best(?= |$)/, 'and A has heard B';
    my $undo = algorithms('a', encrypt => ['aes-128-cbc', 'aes-128-gcm announced', 'aes-256-cbc receive']);
    like hand('a', 'b'), qr/cipher=aes-128-cbc/, '2.4-highest: the first of our table that both have';
    like hand('b', 'a'), qr/cipher=aes-256-cbc/, '2.4-highest: and of theirs';
    $undo->();
    like hand('a', 'b'), qr/cipher=aes-256-gcm/, 'A says again that it reads all';
};

subtest '2.4-approved: a partner that announces nothing approved gets nothing' => sub {
    my $undo = algorithms('b', encrypt => ['des-ede3-cbc']);
    like hand('b', 'a'), qr/cipher=des-ede3-cbc/, '2.4-must-algs: Triple-DES is received';
    $bed->mark('a');
    $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => 'held'));
    ok $bed->wait_log('a', 'bob\@b.test.* defer'), 'the mail waits' or diag $bed->log('a');
    like filtered('a', 'ready.*b.test'), qr/announced no encryption algorithm that we may send/, 'with the reason';
    is $bed->waiting('b'), 0, 'nothing went';
    $undo->();
    $bed->send('b', 'inside', 'bob@b.test', 'alice@a.test', Bed::mail(From => 'bob@b.test', To => 'alice@a.test'));
    ok $bed->take('a'), 'B announces others';
    like $bed->take('b'), qr/^Subject: held$/m, 'and what was held goes';
};

subtest '2.4-authentic: only a verified message changes what is known, and never an old one' => sub {
    my $undo = algorithms('a', encrypt => ['aes-256-cbc announced', 'aes-128-cbc']);
    Bed::write_file("$work/entity", "Content-Type: text/plain\r\n\r\nhello\r\n");
    shell("CA_NAME=Other $pki ca $work/other && $pki cert $work/other eve $dca $dca\@p256.test");
    my $message = sub {
        my ($from) = @_;
        return "From: x\@p256.test\nTo: alice\@a.test\nSubject: test\n" . Bed::read_file("$work/signed") =~ s/\r\n/\n/gr;
    };
    my $cipher = sub { sealed('p256'); return filtered('a', 'seal.*p256') };
    like $cipher->(), qr/cipher=aes-128-cbc/, 'nothing is known';
    shell("openssl cms -sign -binary -in entity -signer other/eve.pem -inkey other/eve.key -out signed");
    $bed->send('a', 'outside', 'x@p256.test', 'alice@a.test', $message->());
    like $bed->take('a'), qr/^X-SEEMAIL-Verified: unknown-ca/m, 'somebody else says that he reads AES-256';
    ok learned('a'), 'it is done';
    like $cipher->(), qr/cipher=aes-128-cbc/, 'which is not believed';
    shell("openssl cms -sign -binary -in entity -signer ../ca/p256.pem -inkey ../ca/p256.key -out signed");
    my $altered = $message->() =~ s/hello/hallo/r;
    $bed->send('a', 'outside', 'x@p256.test', 'alice@a.test', $altered);
    like $bed->take('a'), qr/^X-SEEMAIL-Verified: altered/m, 'he says it himself, altered on the way';
    ok learned('a'), 'it is done';
    like $cipher->(), qr/cipher=aes-128-cbc/, 'which is not believed';
    $bed->send('a', 'outside', 'x@p256.test', 'alice@a.test', $message->());
    like $bed->take('a'), qr/^X-SEEMAIL-Verified: good/m, 'unchanged';
    ok learned('a'), 'and kept';
    like $cipher->(), qr/cipher=aes-256-cbc transport=ecdh/, 'it is believed';
    $undo->();
};

done_testing;
