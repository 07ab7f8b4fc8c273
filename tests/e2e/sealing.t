#!/usr/bin/perl
# What leaves a hub: who gets what, and what it looks like on the wire.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use MIME::Base64;
use Test::More;

my $bed = Bed->up('a', 'b', 'c');
my $dir = $bed->{dir};
my $wire = "$dir/wire";

# What hub B's port would get goes to the outside sink, to be looked at.
my $routes = Bed::read_file($bed->{TB_ROUTES});
sub tap { Bed::write_file($bed->{TB_ROUTES}, '') }
sub untap { Bed::write_file($bed->{TB_ROUTES}, $routes) }

sub opens {
    my ($mail, $key) = @_;
    Bed::write_file($wire, $mail);
    return Bed::output("cd $dir && openssl cms -decrypt -in wire -inkey ca/$key.key -recip ca/$key.pem -out inner && "
            . "openssl cms -verify -in inner -CAfile ca/ca.pem -out content && cat content");
}

# The signed part and the signature in what was decrypted.
sub parts {
    my $inner = Bed::read_file("$dir/inner");
    my ($boundary) = $inner =~ /boundary="(.*?)"/ or return ('', '');
    my (undef, $part, $signature) = split /\r\n--\Q$boundary\E(?:--)?\r\n/, $inner;
    return ($part, MIME::Base64::decode_base64($signature =~ s/\A.*?\r\n\r\n//sr));
}

sub signature {
    Bed::write_file("$dir/sig", (parts())[1]);
    return Bed::output("cd $dir && openssl cms -cmsout -print -inform DER -in sig");
}

my $attachment = join '', map { chr } 0 .. 255;
my $multipart = "--xyz\nContent-Type: text/plain; charset=utf-8\n\nCaf\xc3\xa9 [in confidence]\n.dot\n\n--xyz\n"
    . "Content-Type: application/octet-stream; name=all.bin\nContent-Transfer-Encoding: base64\n\n"
    . MIME::Base64::encode_base64($attachment x 100) . "\n--xyz--\nepilogue\n";
my %multipart = (body => $multipart, 'MIME-Version' => '1.0', 'Content-Type' => 'multipart/mixed; boundary=xyz');

subtest '1.2-attach: attachments arrive byte for byte' => sub {
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(%multipart)), qr/^250/, 'accepted';
    my $mail = $bed->take('b');
    is Bed::body($mail), $multipart, 'the body is what was sent';
    like Bed::head($mail), qr/^X-SEEMAIL-Verified: good domain-confidentiality-authority\@a.test$/m, 'verified';
    like Bed::head($mail), qr/^Content-Type: multipart\/mixed; boundary=xyz$/m, 'the type is what was sent';
    ok Bed::wait_for(sub { $bed->queue('a') + $bed->queue('b') == 0 }), 'nothing is left';
};

tap();
subtest '1.2-allsecured: openssl opens and verifies what is on the wire' => sub {
    $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test',
        Bed::mail(%multipart, Bcc => 'secret@b.test', 'X-SEEMAIL-Version' => 'forged'));
    my $mail = $bed->take('outside');
    my ($head, $body) = (Bed::head($mail), Bed::body($mail));
    unlike $body, qr/[^A-Za-z0-9+\/=\n]/, 'the body is one base64 text';
    unlike $mail, qr/in confidence/i, 'nothing in clear';
    is scalar(() = $head =~ /^X-SEEMAIL-Version: 2\.2$/mg), 1, '1.8-tag: the version is there';
    is scalar(() = $head =~ /^X-SEEMAIL-Version/mig), 1, '1.8-tag: once';
    unlike $head, qr/^Bcc/mi, 'no Bcc';
    my $out = opens($mail, 'b');
    like $out, qr/Verification successful/, 'it verifies';
    my $crlf = $multipart =~ s/\n/\r\n/gr;
    like Bed::read_file("$dir/content"), qr/\Q$crlf\E\z/, 'the content is what was sent';
    my $print = signature();
    like $print, qr/signingTime/, 'signing time';
    like $print, qr/S\/MIME Capabilities/, '2.9-capabilities: present';
    like $print, qr/aes-256-cbc.*aes-128-cbc/s, '2.9-capabilities: the best first';
    like $print, qr/1\.2\.840\.113549\.1\.9\.16\.9\.2|domainSig/, '1.1-ess: id-sti-domainSig';
    like $print, qr/CN=domain-confidentiality-authority/, '2.9-sendcert: the certificate is in it';
    unlike $print, qr/subject: C=NZ, O=Test, CN=Test Root/, '2.9-sendcert: the root is not';
};

subtest '1.2-allsecured: what only Exim takes for a header field stays one' => sub {
    for my $odd (": x", "\xdc: x", "Odd\n : x") {
        $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test',
            Bed::mail() =~ s/^Subject: .*\n/$odd\nBcc: secret\@b.test\nContent-Type: text\/html\n/mr);
        my $mail = $bed->take('outside');
        like opens($mail, 'b'), qr/Verification successful/, 'it verifies';
        like Bed::head($mail), qr/^\Q$odd\E$/m, 'it is in the header';
        like Bed::read_file("$dir/content"), qr/\AContent-Type: text\/html\r\n\r\nHello\.\r\n\z/, 'the content is whole';
        unlike $mail . Bed::read_file("$dir/content"), qr/secret/, 'and no Bcc';
    }
};

subtest '1.1-interop: gpgsm opens and verifies it too' => sub {
    $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(%multipart));
    Bed::write_file($wire, Bed::body($bed->take('outside')));
    my $gpgsm = $bed->gpgsm('b');
    my $out = Bed::output("cd $dir && base64 -d wire > wire.der && echo x | $gpgsm -o inner --decrypt wire.der");
    ok -s "$dir/inner", 'decrypted' or diag $out;
    my ($part, $signature) = parts();
    Bed::write_file("$dir/part", $part);
    Bed::write_file("$dir/sig", $signature);
    $out = Bed::output("cd $dir && gpgsm --homedir $bed->{gnupg} --batch --verify sig part");
    like $out, qr/Good signature/, 'verified' or diag $out;
};

subtest '2.1-only-listed: a marked mail goes to nobody when one recipient is not listed' => sub {
    $bed->mark('a');
    my $answer = $bed->send('a', 'inside', 'alice@a.test', ['bob@b.test', 'eve@elsewhere.test'],
        Bed::mail(Subject => 'x [SENSITIVE] y'));
    like $answer, qr/^550/, 'refused';
    like $answer, qr/eve\@elsewhere\.test.*SENSITIVE.*not on a list/s, 'the reply says who and why';
    ok $bed->wait_log('a', 'refused=eve@elsewhere.test'), 'the log too';
    ok Bed::wait_for(sub { $bed->queue('a') == 0 }), 'nothing is in the queue';
    is $bed->waiting('outside'), 0, 'nothing went out';
};

subtest '2.1-only-listed: or only the unlisted are refused' => sub {
    my $undo = Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ .= "unlisted refuse-unlisted\n" });
    my $answer = $bed->send('a', 'inside', 'alice@a.test', ['bob@b.test', 'eve@elsewhere.test'],
        Bed::mail(Subject => 'x [SENSITIVE] y'));
    like $answer, qr/^250/, 'accepted';
    my $sealed = $bed->take('outside');
    like $sealed, qr/^Envelope-To: bob\@b\.test$/m, 'the listed one gets it';
    like $sealed, qr/pkcs7-mime/, 'sealed';
    my $bounce = $bed->take('a');
    like $bounce, qr/eve\@elsewhere\.test.*on no list of secure mail/s, 'the sender is told of the other';
    is $bed->waiting('outside'), 0, 'who gets nothing';
    like $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', Bed::mail(body => "[SEEMAIL]\n")), qr/^550/,
        'refused when nobody is left';
    $undo->();
};

subtest '2.1-brackets: all brackets, words and cases' => sub {
    my @failed;
    for my $word ('SEEMAIL', 'in Confidence', 'Sensitive', 'restrICTED') {
        for my $b ('[]', '[}', '{]', '{}') {
            my ($open, $close) = split //, $b;
            my $mark = "$open$word$close";
            my $answer = $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', Bed::mail(Subject => "a $mark"));
            push @failed, $mark unless $answer =~ /^550/;
        }
    }
    is "@failed", '', 'all are refused to a stranger';
};

subtest '1.2-trigger: a marking within an individual\'s opaque signature' => sub {
    Bed::output("$Bed::top/tests/bed/pki cert $dir/ca alice Alice alice\@a.test");
    Bed::write_file($wire, "Content-Type: text/plain\r\n\r\n[seemail]\r\n");
    my $sign = "openssl cms -sign -nodetach -in $wire -signer $dir/ca/alice.pem -inkey $dir/ca/alice.key";
    for my $how ('', '-stream', "| openssl cms -encrypt -aes256 $dir/ca/alice.pem") {
        my $mail = "From: alice\@a.test\n" . Bed::output("$sign $how") =~ s/\r\n/\n/gr;
        my $answer = $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', $mail);
        like $answer, $how =~ /encrypt/ ? qr/^250/ : qr/^550/, "openssl cms -sign $how";
    }
    like $bed->take('outside'), qr/enveloped-data/, 'encrypted for an individual: passes';
};

subtest '2.1-triggers: an own word by pattern' => sub {
    my $undo = Bed::change("$bed->{TB_A_POLICY}/triggers", sub { $_ .= "SECRET  \\bSECRET:\n" });
    like $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', Bed::mail(Subject => 'secret: x')), qr/^550/, 'refused';
    $undo->();
};

subtest '2.1-trusted-list: domains and persons, by marking' => sub {
    my $undo = Bed::change("$bed->{TB_A_POLICY}/partners", sub {
        $_ .= "*\@c.test  \"SEEMAIL, SENSITIVE\"\npat\@home.test  all\n";
    });
    my $directories = Bed::change("$bed->{TB_A_POLICY}/directories", sub { s/^lists.*\n//m });
    like $bed->send('a', 'inside', 'alice@a.test', 'carol@c.test', Bed::mail(Subject => '[SENSITIVE]')), qr/^250/, 'allowed';
    like $bed->take('outside'), qr/pkcs7-mime/, 'and sealed';
    like $bed->send('a', 'inside', 'alice@a.test', 'carol@c.test', Bed::mail(Subject => '[RESTRICTED]')), qr/^550/,
        '2.1-trusted-many: another marking is not';
    like $bed->send('a', 'inside', 'alice@a.test', 'carol@c.test', Bed::mail()), qr/^250/, 'not marked';
    like $bed->take('outside'), qr/pkcs7-mime/, 'is sealed too';
    $directories->();
    Bed::output("$Bed::top/tests/bed/pki cert $dir/ca pat Pat pat\@home.test && certutil -A -d sql:$bed->{TB_A_NSSDB} "
            . "-f $bed->{TB_A_NSSDB}/password -n pat -t ,, -i $dir/ca/pat.pem && chmod -R a+rX $dir/ca");
    like $bed->send('a', 'inside', 'alice@a.test', 'pat@home.test', Bed::mail(body => "[seemail]\n")), qr/^250/, 'a person';
    my $mail = $bed->take('outside');
    like opens($mail, 'pat'), qr/Verification successful/, '2.9-others: sealed to that person';
    $undo->();
};

subtest '1.2-multi: each recipient gets what is right for him' => sub {
    untap();
    my $undo = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "pat\@home.test all\n" });
    my @to = ('bob@b.test', 'bill@b.test', 'carol@c.test', 'pat@home.test', 'eve@elsewhere.test');
    like $bed->send('a', 'inside', 'alice@a.test', \@to, Bed::mail(body => "To all.\n")), qr/^250/, 'accepted';
    my ($b, $c) = ($bed->take('b'), $bed->take('c'));
    is Bed::body($b), "To all.\n", 'one agency, opened';
    is Bed::body($c), "To all.\n", 'another agency, opened';
    my %out = map { /^Envelope-To: (.*)$/m ? ($1 => $_) : () } $bed->take('outside'), $bed->take('outside');
    is Bed::body($out{'eve@elsewhere.test'}), "To all.\n", 'a stranger: plain';
    unlike $out{'eve@elsewhere.test'}, qr/pkcs7|X-SEEMAIL/, 'and nothing added';
    like opens($out{'pat@home.test'}, 'pat'), qr/To all/, 'a person: sealed';
    $undo->();
};

subtest '1.2-plain: plain mail passes unchanged' => sub {
    my $body = "8-bit \xe9\xff, a very long line " . 'x' x 900 . "\n\n.\n..dots\ntrailing  \n\n\nFrom me\n";
    my $sent = Bed::mail(To => 'eve@elsewhere.test', body => $body, 'X-Odd' => "folded\n  like this");
    $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', $sent);
    my $mail = $bed->take('outside');
    $mail =~ s/\AReturn-Path:.*\nEnvelope-To:.*\n//;
    $mail =~ s/\AReceived:.*\n(?:\s+.*\n)*//;
    $mail =~ s/^(?:Message-Id|Date): .*\n//mg; # Exim adds them to mail that comes from inside without
    is $mail, $sent, 'out: all but Received is as it was';
    my $in = Bed::mail(From => 'eve@elsewhere.test', To => 'alice@a.test', body => $body, 'X-SEEMAIL-Verified' => 'good forged');
    $bed->send('a', 'outside', 'eve@elsewhere.test', 'alice@a.test', $in);
    $mail = $bed->take('a');
    is Bed::body($mail), $body, 'in: the body is as it was';
    unlike $mail, qr/X-SEEMAIL/i, 'in: nothing added, and what was forged is gone';
};

subtest '2.9-noexception: the hub\'s own bounces to a partner are sealed' => sub {
    tap();
    like $bed->send('a', 'outside', 'bob@b.test', 'refused@a.test', Bed::mail(From => 'bob@elsewhere.test')), qr/^250/,
        'accepted';
    my $bounce = $bed->take('outside');
    like $bounce // '', qr/^Return-Path: <>$/m, 'a bounce went out';
    like opens($bounce // '', 'b'), qr/no such user/, 'sealed';
    untap();
};

subtest '2.1-consistent: an empty sender and a local submission are treated alike' => sub {
    for my $from ('', 'alice@a.test') {
        like $bed->send('a', 'inside', $from, 'eve@elsewhere.test', Bed::mail(body => "{sensitive}\n")), qr/^550/, "from <$from>";
    }
    my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
    Bed::write_file("$dir/local", Bed::mail(To => 'eve@elsewhere.test', Subject => '[seemail]'));
    my $out = Bed::output("$as " . ($ENV{EXIM} // '/usr/sbin/exim4') . " -C $bed->{TB_A_CONF} -t -oi -f alice\@a.test < $dir/local");
    ok $bed->wait_log('a', 'refused=eve@elsewhere.test'), 'a local submission';
    is $bed->waiting('outside'), 0, 'nothing went out';
};

subtest '2.9-others: outside senders get nothing relayed and nothing signed' => sub {
    like $bed->send('a', 'outside', 'alice@a.test', 'bob@b.test', Bed::mail()), qr/^5/, 'refused';
    $bed->send('a', 'outside', 'alice@a.test', 'amy@a.test', Bed::mail(To => 'amy@a.test'));
    my $mail = $bed->take('a');
    unlike $mail, qr/X-SEEMAIL-Version|pkcs7/, 'not signed';
};

done_testing;
