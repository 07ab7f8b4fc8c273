#!/usr/bin/perl
# S/MIME of other projects, standards and suites, as one hub reads it: what opens, what is good, and that nothing bad ever is.
# CORPORA names the folder of these files.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use File::Find;
use File::Temp qw(tempdir);
use JSON::PP;
use MIME::Base64;
use Test::More;

my $corpora = $ENV{CORPORA} // "$Bed::top/../shared/corpora";
plan skip_all => "no S/MIME in $corpora (set CORPORA)" unless -d "$corpora/thunderbird-smime";
my $build = $ENV{B} // 'build';
$build = "$Bed::top/$build" unless $build =~ /^\//;

# A hub without a daemon: its policy and keys.
my $home = tempdir('/tmp/seemail-interop-XXXXXX', CLEANUP => 1);
my $db = "$home/nssdb";
$ENV{SEEMAIL_HOME} = $home;
local $ENV{NSS_MAX_MP_PBE_ITERATION_COUNT} = 100;
sub shell { my $out = Bed::output($_[0]); $? == 0 or die "$_[0]: $out"; return $out }
my $pki = "$Bed::top/tests/bed/pki";
shell("$pki ca $home/ca && $pki cert $home/ca hub domain-confidentiality-authority domain-confidentiality-authority\@hub.test && "
        . "$pki store $home/ca $db hub 'hub DCA'");
shell("mkdir $home/policies && cd $Bed::top/policies && cp -r \$(ls | grep -v '[.][ch]\$' | grep -vx base) $home/policies/");
Bed::write_file("$home/policies/identity", "hub.test \"hub DCA\"\n");
Bed::write_file("$home/policies/settings", "log $home/log\n");
Bed::write_file("$home/policies/directories", "");

my $n = 0;
sub trust { my ($file, $der) = @_; $n++; shell("certutil -A -d sql:$db -f $db/password -n root$n -t C,C,C -i '$file'" . ($der ? '' : ' -a')) }
sub key { my ($p12, $password) = @_; shell("pk12util -i '$p12' -d sql:$db -W '$password' -k $db/password") }
# A key and its certificate in any form; -name keeps nicknames apart.
sub pair {
    my ($cert, $key, $form) = @_;
    $n++;
    shell("openssl x509 -in '$cert' " . ($form ? '-inform DER ' : '') . "-out $home/c.pem && openssl pkey -in '$key' " . ($form ? '-inform DER ' : '')
            . "-out $home/k.pem && openssl pkcs12 -export -in $home/c.pem -inkey $home/k.pem -name pair$n -passout pass:x -out $home/p.p12");
    key("$home/p.p12", 'x');
}

# What the filter says of a mail, as the hook asks it; and what it would deliver.
sub verify {
    my ($mail) = @_;
    my ($head, $body) = $mail =~ /\A(.*?\n)\r?\n(.*)\z/s or return { status => -1 };
    Bed::write_file("$home/head", "$head\n" =~ s/\r\n/\n/gr);
    Bed::write_file("$home/body", $body =~ s/\r\n/\n/gr);
    my $said = Bed::output("$build/seemail-filter verify id 0 <$home/head 3<$home/body");
    return { status => $?, said => $said, $said =~ /^(\w+)=(.*)$/mg };
}
sub opened {
    my ($mail) = @_;
    Bed::write_file("$home/mail", $mail =~ s/\r\n/\n/gr);
    my $decision = 'v="1" dir="outside" marking="" from="" verdict="none" all="inside"';
    my $text = Bed::output("$build/seemail-filter open id '$decision' <$home/mail");
    return $? == 0 ? $text : "status $?: $text";
}
sub wrapped {
    my ($der, $from) = @_;
    $from //= 'x@elsewhere.test';
    return "From: $from\nTo: bob\@hub.test\nSubject: x\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; name=smime.p7m\n"
        . "Content-Transfer-Encoding: base64\n\n" . encode_base64($der);
}
sub der { my ($file) = @_; my $text = Bed::read_file($file); return $text =~ /^-----BEGIN.*?\n(.*?)^-----END/ms ? decode_base64($1) : $text }

# Bad input of any kind: an answer, and never a good one.
sub never_good {
    my ($what, @mails) = @_;
    my (@good, @failed);
    for my $case (@mails) {
        my $answer = verify($case->[1]);
        push @failed, "$case->[0]: $answer->{said}" if $answer->{status} || !$answer->{verdict};
        push @good, $case->[0] if ($answer->{verdict} // '') eq 'good';
    }
    is "@failed", '', scalar(@mails) . " $what: each gets an answer";
    is "@good", '', 'and none is good';
}

my $thunderbird = "$corpora/thunderbird-smime/smime";
key("$thunderbird/$_.p12", 'nss') for qw(Bob Fran Fran-ec);
trust("$thunderbird/TestCA.pem");
my $expected = decode_json(Bed::read_file("$corpora/thunderbird-smime/expected.json"));

subtest '1.1-rfc: Thunderbird\'s test mails' => sub {
    my %seen; # SHA-1 is accepted by the shipped table; what a signer says of the time does not count; "extra" speaks of what is within
    for my $message (@{ $expected->{messages} }) {
        my $file = "$thunderbird/$message->{filename}";
        next if $seen{$file}++ || !-e $file;
        my $mail = Bed::read_file($file) =~ s/\r\n/\n/gr;
        my $answer = verify($mail);
        my $name = $message->{filename} =~ s/.*\///r;
        my $text = $message->{check_text};
        # what an individual signed stays closed, whatever is in it; a signature that is not good, as evidence
        if ($mail =~ /\A(?:.+\n)*?Content-Type: application\/pkcs7-mime(?:.*\n[ \t].*|.*)enveloped-data/) {
            cmp_ok $answer->{layers} // 0, '>', 0, "$name: opened" or diag $answer->{said};
            like opened($mail), qr/\Q$text\E|pkcs7-mime/, "$name: \"$text\"" if $text;
        }
        isnt $answer->{verdict}, 'good', "$name: not good" if $message->{sig} && !$message->{sig_good} && !$message->{extra} && $name !~ /SHA1|future/;
    }
    cmp_ok scalar(keys %seen), '>', 40, 'all are there';
};

subtest '1.7-interop: envelopes of NSS\'s suite: OAEP with every digest, mask and label; ECDH with every KDF' => sub {
    for my $file (sort glob "$corpora/nss-interop/interop-openssl/*.env") {
        like opened(wrapped(Bed::read_file($file))), qr/This is a test message to Fran\./, $file =~ s/.*\///r;
    }
};

subtest '1.1-rfc: the examples of RFC 4134' => sub {
    pair("$corpora/rfc4134/BobRSASignByCarl.cer", "$corpora/rfc4134/BobPrivRSAEncrypt.pri", 'DER');
    like opened(wrapped(der("$corpora/rfc4134/5.1.bin"))), qr/This is some sample content\./, '5.1: opened';
    like opened(Bed::read_file("$corpora/rfc4134/5.3.eml")), qr/This is some sample content\./, '5.3: opened';
    never_good('objects', map { [$_ =~ s/.*\///r, /\.eml$/ ? Bed::read_file($_) : wrapped(Bed::read_file($_))] }
            sort(glob("$corpora/rfc4134/[3-7].*.bin"), glob("$corpora/rfc4134/*.eml")));
};

subtest '1.1-rfc: the keys and certificates of RFC 9216' => sub {
    my $rfc = "$corpora/rfc9216";
    my ($alice, $root) = map { glob "$rfc/$_" } '4.1-*.pem', '3.1-*.pem';
    trust($root);
    pair(glob("$rfc/5.3-*.pem"), glob "$rfc/5.4-*.pem");
    Bed::write_file("$home/entity", "Content-Type: text/plain\r\n\r\nHello, Bob\r\n");
    shell("cd $home && openssl cms -sign -binary -in entity -signer '$alice' -inkey " . (glob "$rfc/4.2-*.pem")[0]
            . " -out signed && openssl cms -encrypt -binary -aes-256-gcm -in signed -outform DER -out sealed " . (glob "$rfc/5.3-*.pem")[0]);
    my $mail = wrapped(Bed::read_file("$home/sealed"), 'alice@smime.example');
    my $answer = verify($mail);
    is $answer->{layers}, 1, 'opened' or diag $answer->{said};
    unlike $answer->{verdict}, qr/altered|malformed|unsupported|unknown-ca|wrong/, "from Alice to Bob: $answer->{verdict}";
    like opened($mail), qr/Hello, Bob/, 'the text';
};

subtest '1.1-rfc: the mails of James' => sub {
    my $james = "$corpora/james-smime";
    key("$james/smime.p12", 'secret');
    for my $file ('crypted.eml', 'crypted_with_attachment.eml') {
        my $answer = verify(Bed::read_file("$james/eml/$file"));
        is $answer->{layers}, 1, "$file: opened" or diag $answer->{said};
    }
    my $bad = verify(Bed::read_file("$james/eml/bad_crypted.eml"));
    is $bad->{layers}, 0, "bad_crypted.eml: not opened ($bad->{verdict})";
    never_good('mails that are not signed well', map { [$_, Bed::read_file("$james/eml/$_.eml")] }
            qw(mail_with_bad_signature mail_with_no_signature non_smime_mail bad_crypted));
};

subtest '1.7-graceful: malformed objects of OpenSSL, GnuPG, MimeKit and GnuTLS' => sub {
    my @files = (glob("$corpora/openssl-cms/80-test_cms_data/*.{cms,der}"), glob("$corpora/openssl-cms/80-test_cmsapi_data/*"),
        glob("$corpora/openssl-cms/d2i-tests/*.der"), glob("$corpora/openssl-cms/pkcs7*.pem"), glob("$corpora/gnupg-cms/samplemsgs/*.{p7m,cms}"),
        glob("$corpora/gnupg-cms/text-*sig*.pem"), glob("$corpora/gnupg-cms/plain-*.cms.asc"));
    pair("$corpora/openssl-cms/smime-certs/smrsa1.pem", "$corpora/openssl-cms/smime-certs/smrsa1.pem");
    pair("$corpora/openssl-cms/80-test_cms_data/ecdh-cert.pem", "$corpora/openssl-cms/80-test_cms_data/ecdh-key.pem");
    cmp_ok scalar(@files), '>', 20, 'there are some';
    never_good('objects', map { [$_, wrapped(der($_))] } @files);
    never_good('mails', ['thunderbird-signed.txt', Bed::read_file("$corpora/mimekit-smime/thunderbird-signed.txt")]);
    my @fuzz;
    find({ no_chdir => 1, wanted => sub { push @fuzz, $_ if -f && -s $_ < 100_000 } }, "$corpora/fuzz-gnutls/gnutls_pkcs7_parser_fuzzer.in");
    never_good('fuzz inputs', map { [$_, wrapped(Bed::read_file($_))] } sort @fuzz);
};

done_testing;
