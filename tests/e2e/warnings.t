#!/usr/bin/perl
# What recipients are told of a mail that is not as it should be, and what lists and servers that are trusted make of it.
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
my $dsa = 'domain-signing-authority';
mkdir $work;

sub shell { my $out = Bed::output("cd $work && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }

# Signed by a certificate of the CA: the Content-* fields and the body.
sub sign {
    my ($entity, $name) = @_;
    Bed::write_file("$work/entity", $entity =~ s/(?<!\r)\n/\r\n/gr);
    shell("openssl cms -sign -binary -in entity -signer ../ca/$name.pem -inkey ../ca/$name.key -out signed");
    return Bed::read_file("$work/signed") =~ s/\r\n/\n/gr;
}

sub message {
    my ($content, %h) = @_;
    my $from = $h{From} // 'x@d.test';
    my $subject = $h{Subject} // 'test';
    return "From: $from\nTo: bob\@b.test\nSubject: $subject\n" . ($h{more} // '') . $content;
}

sub deliver {
    my ($mail, $sender) = @_;
    my $answer = $bed->send('b', 'outside', $sender // 'x@d.test', 'bob@b.test', $mail);
    like $answer, qr/^250/, 'accepted' or return '';
    return $bed->take('b') // '';
}

sub table { my ($name, $rows) = @_; return Bed::change("$bed->{TB_B_POLICY}/$name", sub { $_ .= $rows }) }
sub verdict { return $_[0] =~ /^X-SEEMAIL-Verified: (\S+)/m ? $1 : 'none' }
sub field { my ($mail, $name) = @_; return Bed::head($mail) =~ /^\Q$name\E: (.*)$/mi ? $1 : undef }

# The parts of a multipart/mixed that we made: headers and bodies.
sub parts {
    my ($mail) = @_;
    my ($boundary) = Bed::head($mail) =~ /^Content-Type: multipart\/mixed; boundary="(\w+)"$/m or return;
    my @parts = split /^--$boundary(?:--)?\n/m, Bed::body($mail);
    shift @parts;
    pop @parts if @parts && $parts[-1] eq '';
    return map { s/\n\z//r } @parts;
}

my %entity = (
    text => "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nCaf=E9\n",
    html => "Content-Type: text/html; charset=utf-16\nContent-Transfer-Encoding: base64\n\n" . encode_base64("\xff\xfe<\0b\0>\0"),
    empty => "Content-Type: text/plain\n\n",
    report => "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\n\nIt failed.\n--r\n"
        . "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n--r--\n",
    none => "\nno header at all\n",
);
{
    local @ENV{qw(FROM TO)} = ('20240101000000Z', '20250101000000Z');
    shell("$pki cert $dir/ca old $dsa $dsa\@d.test");
}
shell("$pki cert $dir/ca alice 'Alice' alice\@d.test");

subtest '2.8-notices: a soft warning is a note on top, and a header' => sub {
    for my $kind (sort keys %entity) {
        my $mail = deliver(message(sign($entity{$kind}, 'old')));
        is verdict($mail), 'expired', $kind;
        is field($mail, 'X-SEEMAIL-Warning'), '3A soft', 'the code in a header';
        my ($note, $original, @more) = parts($mail);
        like $note, qr/\n\n\*\*\* Note 3A: Certificate expired - message integrity uncertain$/m, 'the note';
        is scalar @more, 0, 'and one part more';
        is $original, $entity{$kind}, 'which is the mail, byte for byte';
    }
};

subtest '2.8-notices: a hard warning takes the place of the mail, which is attached whole' => sub {
    for my $kind (sort keys %entity) {
        my $mail = deliver(message($entity{$kind}, From => 'Alice <alice@a.test>', Subject => 'Hello', more => "Date: today\n"), 'alice@a.test');
        is verdict($mail), 'no-signature', $kind;
        is field($mail, 'X-SEEMAIL-Warning'), '2B hard', 'the code in a header';
        my ($notice, $attached, @more) = parts($mail);
        like $notice, qr/^\*\*\* WARNING 2B: Unverified sender/m, 'the warning';
        like $notice, qr/^From: +alice\@a.test \(Alice <alice\@a.test>\)$/m, 'with who it says it is from';
        is scalar @more, 0, 'and one part more';
        like $attached, qr/\AContent-Type: message\/rfc822\n(?:Content-.*\n)+\n/, 'which is a message';
        my $inner = Bed::body($attached);
        like Bed::head($inner), qr/^From: Alice <alice\@a.test>\n(?:.*\n)*Subject: Hello$/m, 'with its header';
        my ($content, $body) = $entity{$kind} =~ /\A((?:[^\n]+\n)*)\n(.*)\z/s;
        ok index(Bed::head($inner), $content) >= 0, 'its content fields';
        is Bed::body($inner), $body, 'and its body, byte for byte';
    }
};

subtest '1.2-e2e: an individual\'s signature under a warning still verifies' => sub {
    my $signed = sign("Content-Type: text/plain\n\nDear Bob\n", 'alice');
    for my $case (['soft', sign($signed, 'old'), 'x@d.test'], ['hard', $signed, 'alice@a.test']) {
        my ($how, $content, $from) = @$case;
        my $mail = deliver(message($content, From => $from), $from);
        like field($mail, 'X-SEEMAIL-Warning'), qr/ $how$/, $how;
        my (undef, $original) = parts($mail);
        $original = Bed::body($original) if $how eq 'hard';
        Bed::write_file("$work/inner", "$original\n" =~ s/\n/\r\n/gr);
        like Bed::output("cd $work && openssl cms -verify -in inner -CAfile ../ca/ca.pem -purpose any"), qr/Verification successful/, 'verifies';
    }
};

subtest '2.8-notices: a hard warning shows who it is from, whatever stands around that' => sub {
    my ($notice) = parts(deliver(message("\nhi\n", From => '"Alice <alice@a.test>' . ' ' x 300 . '" <eve@evil.test>'), 'eve@evil.test'));
    like $notice, qr/^From: +eve\@evil\.test \("Alice <alice\@a\.test> " <eve\@evil\.test>\)$/m, 'behind a long name';
    my $long = 'a.test.' . join('.', map { 'x' x 50 } 1 .. 4) . '.evil.test';
    ($notice) = parts(deliver(message("\nhi\n", From => "\"alice\@a.test\" <x\@$long>"), "x\@$long"));
    like $notice, qr/^From: +x\@\Q$long\E \(/m, 'in a long domain';
    ($notice) = parts(deliver(message("\nhi\n", From => '=?utf-8?q?J=C3=BCrgen=1B?= <alice@a.test>'), 'alice@a.test'));
    like $notice, qr/^From: +alice\@a\.test \(J\xc3\xbcrgen <alice\@a\.test>\)$/m, 'in words that people read';
};

subtest '2.8-notices: own words, and what senders put into them is harmless' => sub {
    my $undo = Bed::change("$bed->{TB_B_POLICY}/notices/warning-hard", sub { $_ = "Achtung \xe2\x9a\xa0 \${code} \${status} \${subject} \${from}\n" });
    my $tag = table('settings', "warning-subject \"[NOT VERIFIED]\"\n");
    my $mail = deliver(message("\nhi\n", From => "\"\e[2J\" <alice\@a.test>", Subject => "one\n two \${code} \x07 <script>"), 'alice@a.test');
    my ($notice) = parts($mail);
    like $notice, qr/^Achtung \xe2\x9a\xa0 2B no-signature one two \$\{code\} +<script>/m, 'the text, with its values as they are';
    unlike $notice, qr/[\e\x07]/, 'and no control characters';
    is field($mail, 'Subject'), '[NOT VERIFIED] one', 'the subject is tagged';
    $mail = deliver(message("\nhi\n", From => 'alice@a.test', Subject => 'hello' . ' ' x 200 . "[NOT VERIFIED]\nSubject: two"), 'alice@a.test');
    like Bed::head($mail), qr/^Subject: \[NOT VERIFIED\] hello .*^Subject: \[NOT VERIFIED\] two$/ms, 'each, and by ourselves: not where nobody looks';
    $_->() for $undo, $tag;
    my $gone = "$bed->{TB_B_POLICY}/notices/warning-hard";
    rename $gone, "$gone.off";
    $bed->mark('b');
    like $bed->send('b', 'outside', 'alice@a.test', 'bob@b.test', message("\nhi\n", From => 'alice@a.test')), qr/^250/, 'a text is missing';
    ok $bed->wait_log('b', 'bob@b.test .*defer'), 'the mail waits';
    rename "$gone.off", $gone;
    like $bed->take('b'), qr/WARNING 2B/, 'until it is there';
};

subtest '2.11-server: from a server that is trusted, 2B is a note' => sub {
    my $plain = message("\nstatus\n", From => 'alice@a.test');
    is field(deliver($plain, 'alice@a.test'), 'X-SEEMAIL-Warning'), '2B hard', 'without';
    my $undo = table('servers', "server 127.0.0.1\n");
    my $mail = deliver($plain, 'alice@a.test');
    is verdict($mail), 'trusted-server', 'by its address';
    is field($mail, 'X-SEEMAIL-Warning'), '2B soft', 'soft';
    is verdict(deliver(message(sign("\nhi\n", 'alice') =~ s/^hi$/ho/mr, From => 'alice@a.test'), 'alice@a.test')), 'trusted-server',
        'an altered signature of an individual is not ours to judge';
    shell("$pki cert $dir/ca other $dsa $dsa\@a.test");
    is verdict(deliver(message(sign("\nhi\n", 'other') =~ s/^hi$/ho/mr, From => 'x@a.test'), 'x@a.test')), 'altered', 'altered stays altered';
    $undo->();
    $undo = table('servers', "server 192.0.2.1 \"*\@a.test\"\n");
    is verdict(deliver($plain, 'alice@a.test')), 'no-signature', 'another host, though the name fits';
    $undo->();
    $undo = table('servers', "server - \"*\@a.test\"\nlistserv 127.0.0.0/8 \"*\@lists.test\"\n");
    is verdict(deliver($plain, 'alice@a.test')), 'trusted-server', 'by name alone';
    is verdict(deliver($plain, 'bounces@lists.test')), 'trusted-listserv', '2.11-listserv: the host goes before the name';
    $undo->();
};

# A list server of the bed: takes what the hub sent to the list, and sends it to the members.
sub remail {
    my ($mail, %o) = @_;
    my ($head, $body) = (Bed::head($mail), Bed::body($mail));
    $head =~ s/^(?:Envelope-To|Return-Path):.*\n//mg;
    $head =~ s/^Subject: /Subject: [agencies] /m;
    $head .= "List-Id: <agencies.lists.test>\nList-Post: <mailto:agencies\@lists.test>\nPrecedence: list\n";
    $body .= "-- \nlist footer\n" if $o{footer};
    return $bed->send($o{to}, 'outside', 'agencies-bounces@lists.test', $o{rcpt}, "$head\n$body");
}

subtest '1.6-mixed: a post to a list with members everywhere' => sub {
    like $bed->send('a', 'inside', 'alice@a.test', 'agencies@lists.test', Bed::mail(To => 'agencies@lists.test', body => "post\n")), qr/^250/, 'posted';
    my $post = $bed->take_matching('outside', qr/agencies\@lists.test/);
    like $post, qr/^post$/m, 'goes to the list as it is';
    like remail($post, to => 'b', rcpt => 'bob@b.test', footer => 1), qr/^250/, 'and to a member who is a partner';
    my $mail = $bed->take('b');
    is field($mail, 'X-SEEMAIL-Warning'), '2B hard', 'is not known to be from the partner';
    like $mail, qr/^post$/m, 'and is delivered';
    my $undo = table('servers', "listserv 127.0.0.1 \"agencies-bounces\@lists.test\"\n");
    remail($post, to => 'b', rcpt => 'bob@b.test', footer => 1);
    is field($mail = $bed->take('b'), 'X-SEEMAIL-Warning'), '2B soft', '2.11-listserv: a note only, where the list is trusted';
    like $mail, qr/^Subject: \[agencies\] /m, 'with the list\'s subject';
    $undo->();
    like $bed->send('a', 'inside', 'alice@a.test', ['bob@b.test', 'agencies@lists.test'], Bed::mail(To => 'all', body => "both\n")), qr/^250/, 'to a list and a partner';
    like $bed->take('b'), qr/^X-SEEMAIL-Verified: good/m, 'the partner gets it secured';
    like $bed->take_matching('outside', qr/agencies\@lists.test/), qr/^both$/m, 'the list gets it too';
};

subtest '1.6-secure: a list whose members are all partners' => sub {
    like $bed->send('a', 'inside', 'agencies-bounces@a.test', ['bob@b.test', 'carl@b.test'],
        Bed::mail(From => 'Alice <alice@a.test>', To => 'agencies@a.test', Subject => '[agencies] [SEEMAIL] x', 'List-Id' => '<agencies.a.test>', body => "secret\n")),
        qr/^250/, 'a marked post, which our own list server sends on';
    my $mail = $bed->take('b');
    like $mail, qr/^X-SEEMAIL-Verified: good/m, 'reaches the members secured';
    like $mail, qr/^secret$/m, 'opened';
    ok $bed->wait_log('b', "[-=]> \Q$_\E"), "$_ too" for qw(bob@b.test carl@b.test);
    like $bed->send('a', 'inside', 'agencies-bounces@a.test', ['bob@b.test', 'eve@elsewhere.test'],
        Bed::mail(To => 'agencies@a.test', Subject => '[SEEMAIL] x')), qr/^550/, 'one member is no partner: nobody gets it';
};

subtest '1.6-foreign: what a foreign list made of a signed mail' => sub {
    shell("$pki cert $dir/ca fresh $dsa $dsa\@a.test");
    my $signed = message(sign("Content-Type: text/plain\n\npost\n", 'fresh'), From => 'alice@a.test');
    $bed->mark('b');
    like remail($signed, to => 'b', rcpt => 'bob@b.test'), qr/^250/, 'another subject';
    is verdict(my $mail = $bed->take('b')), 'good', 'does not matter: the content is what was signed';
    my $footer = $signed =~ s/^post$/post\n-- \nlist footer/mr;
    like remail($footer, to => 'b', rcpt => 'bob@b.test'), qr/^250/, 'a footer in what was signed';
    is verdict($mail = $bed->take('b')), 'altered', 'is told';
    like $mail, qr/^\*\*\* WARNING 5A/m, 'with a warning';
    like $mail, qr/^list footer$/m, 'and delivered';
    like remail($signed, to => 'b', rcpt => 'bob@b.test', footer => 1), qr/^250/, 'a footer behind what was signed';
    is verdict($mail = $bed->take('b')), 'good', 'is behind the end of the mail, and no part of it';
    unlike $mail, qr/^list footer$/m, 'which is not passed on as signed';
    is $bed->waiting('outside'), 0, 'nothing went back to the list';
    ok Bed::wait_for(sub { $bed->queue('b') == 0 }), 'and nothing waits';
};

subtest '1.9-label: a field and the subject of sealed mail say how it is marked' => sub {
    my $undo = Bed::change("$bed->{TB_A_POLICY}/settings", sub {
        $_ .= "label-header \"X-Protective-Marking: SEC=\${marking}\"\nlabel-subject \"[SEC=\${marking}]\"\nlabel-default UNCLASSIFIED\n";
    });
    $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => 'x [sensitive]'));
    my $mail = $bed->take('b');
    is field($mail, 'X-Protective-Marking'), 'SEC=SENSITIVE', 'the field';
    is field($mail, 'Subject'), '[SEC=SENSITIVE] x [sensitive]', 'the subject';
    $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => 'Re: [SEC=UNCLASSIFIED] x'));
    is field($mail = $bed->take('b'), 'X-Protective-Marking'), 'SEC=UNCLASSIFIED', 'of mail that has no marking';
    is field($mail, 'Subject'), 'Re: [SEC=UNCLASSIFIED] x', 'no tag twice';
    $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', Bed::mail(Subject => 'plain'));
    unlike $bed->take_matching('outside', qr/plain/), qr/SEC=/, 'plain mail stays as it is';
    $undo->();
    $undo = Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ .= "label-header \"X-Label: \${mark}\"\n" });
    like Bed::output("$dir/bin/seemail-policy check $bed->{TB_A_POLICY}"), qr/label-header/, 'a name that there is not is found';
    $undo->();
};

done_testing;
