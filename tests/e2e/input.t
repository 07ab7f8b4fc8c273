#!/usr/bin/perl
# Bad messages: each arrives sealed and whole, or is refused with a reason; never in clear, never half, never a crash.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use MIME::Base64;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};

# A message to a partner. It arrives (and its body is what it was, line ends aside) or is refused.
sub goes {
    my ($what, $message, %expect) = @_;
    $bed->mark('a', 'b');
    my $answer = $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', $message);
    if ($expect{refused}) {
        like $answer, $expect{refused}, "$what: refused";
        is $bed->queue('a'), 0, "$what: not taken";
        return;
    }
    like $answer, qr/^250/, "$what: accepted" or return;
    my $arrived = $bed->take('b') // '';
    like $arrived, qr/^X-SEEMAIL-Verified: (?:good|ambiguous-from|too-deep)/m, "$what: arrived, sealed";
    ok Bed::body($arrived) eq $expect{body}, "$what: the body is what was sent" if defined $expect{body};
    ok index($arrived, $expect{has}) >= 0, "$what: arrived whole" if defined $expect{has};
    is $bed->waiting('outside'), 0, "$what: nothing went elsewhere";
    ok Bed::wait_for(sub { $bed->queue('a') + $bed->queue('b') == 0 }), "$what: nothing is left";
}

my $head = "From: alice\@a.test\nTo: bob\@b.test\nSubject: [seemail]\n";
my $long = join '', map { 'x' x 100_000 . "\n" } 1 .. 3;
my @cases = (
    ['0 bytes of body', "$head\n", body => ''],
    ['no header at all', "\njust a body\n", has => "just a body\n"],
    ['0 bytes', '', has => 'X-SEEMAIL'],
    ['no From', "Subject: x\n\nx\n", has => "\nx\n"],
    ['two Froms', "From: alice\@a.test\n$head\nx\n", has => "\nx\n"],
    ['NULs', "$head\na\0b\0\0\n", body => "a\0b\0\0\n"],
    ['a bare CR', "$head\na\rb\n", has => 'b'],
    ['lines of 100 KB', "$head\n$long", body => $long],
    ['no line end at the end', "$head\nlast line", body => "last line\n"],
    ['8-bit without a charset', "$head\n\xe9\xff\x80\n", body => "\xe9\xff\x80\n"],
    ['a header line without a colon', "${head}no colon here\n\nx\n", has => "x\n"],
    ['a boundary that never comes', "${head}Content-Type: multipart/mixed; boundary=never\n\nx\n", body => "x\n"],
    ['dots', "$head\n.\n..\n...x\n", body => ".\n..\n...x\n"],
);
for my $case (@cases) {
    my ($what, $message, %expect) = @$case;
    subtest "1.2-trigger: $what" => sub { goes($what, $message, %expect) };
}

subtest '1.2-trigger: 5,000 MIME levels cannot be searched' => sub {
    my $deep = join '', map { "Content-Type: multipart/mixed; boundary=b$_\n\n--b$_\n" } 1 .. 5000;
    goes('to a partner', "From: alice\@a.test\n$deep\nx\n", has => 'boundary=b5000');
    like $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', "From: alice\@a.test\n$deep\nx\n"),
        qr/^550.*could not be searched/s, 'to a stranger: refused';
    like $bed->send('b', 'outside', 'eve@elsewhere.test', 'bob@b.test', "From: eve\@elsewhere.test\n$deep\nx\n"), qr/^250/, 'in: accepted';
    like $bed->take('b'), qr/boundary=b5000/, 'in: arrives';
};

subtest '1.2-trigger: 100,000 header lines' => sub {
    my $answer = $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', $head . join('', map { "X-$_: x\n" } 1 .. 100_000) . "\nx\n");
    like $answer, qr/^55\d/, 'refused for good: ' . substr $answer, 0, 60;
    is $bed->queue('a') + $bed->waiting('b') + $bed->waiting('outside'), 0, 'not taken';
    my $mail = $head . join('', map { "X-$_: x\n" } 1 .. 5000) . "\nx\n";
    goes('5,000 of them', $mail, has => 'X-5000: x');
    $bed->mark('b');
    my $from_stranger = sub { "From: eve\@elsewhere.test\n" . join('', map { "X-$_: x\n" } 1 .. $_[0]) . "\nx\n" };
    like $bed->send('b', 'outside', 'eve@elsewhere.test', 'bob@b.test', $from_stranger->(12_000)), qr/^550 SEEMail: not accepted, over a limit: more than/,
        '12,000 of a stranger: refused for good';
    ok $bed->wait_log('b', 'seemail direction=outside reason="more than'), 'and logged';
    unlike $bed->log('b'), qr/failure=/, 'as no fault of ours';
    like $bed->send('b', 'outside', 'eve@elsewhere.test', 'bob@b.test', $from_stranger->(9_940)), qr/^250/, 'what is accepted';
    like $bed->take('b') // '', qr/^X-9940: x$/m, 'can be delivered';
};

subtest '1.2-trigger: a header of 300 KB' => sub {
    my $header = "From: alice\@a.test\nCc: " . join(",\n ", map { "user$_\@elsewhere.test" } 1 .. 12_000) . "\n";
    goes('to a partner', "$header\nx\n", has => "user12000\@elsewhere.test\n");
    like $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', "$header\n[seemail]\n"), qr/^550/, 'marked, to a stranger: refused';
};

subtest '1.2-allsecured: any local part of a partner' => sub {
    for my $local ('x' x 70, "j\xc3\xbcrgen", '"b ob"', '"a\\"b"', '"x' . ' y' x 40 . '"', '$h_subject', '"a}b{c"', '-x', "o'brien") {
        like $bed->send('a', 'inside', 'alice@a.test', "$local\@b.test", "$head\nx\n"), qr/^250/, "$local: accepted";
        like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'and arrived, sealed';
    }
    ok Bed::wait_for(sub { $bed->queue('a') == 0 }), 'nothing is left';
};

subtest '1.2-multi: 10,000 recipients' => sub {
    my @to = map { "user$_\@b.test" } 1 .. 10_000;
    my $answer = $bed->send('a', 'inside', 'alice@a.test', \@to, "$head\nx\n");
    like $answer, qr/^550 SEEMail: .*max-recipients/, 'more than max-recipients: refused';
    $answer = $bed->send('a', 'inside', 'alice@a.test', [@to[0 .. 899]], "$head\nx\n");
    like $answer, qr/^250/, '900: accepted';
    ok Bed::wait_for(sub { $bed->queue('a') + $bed->queue('b') == 0 && $bed->waiting('b') }), 'and delivered';
    $bed->take('b') while $bed->waiting('b');
};

subtest '1.2-attach: 200 MB' => sub {
    my $line = encode_base64(pack('N*', 1 .. 14) . 'x');
    my $body = $line x (200_000_000 / length $line);
    my $answer = $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test',
        "From: alice\@a.test\nTo: bob\@b.test\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n$body");
    like $answer, qr/^250/, 'accepted';
    my $arrived;
    for (1 .. 6) { last if $arrived = $bed->take('b') }
    ok Bed::body($arrived // '') eq $body, 'arrives as it was';
};

# What comes from outside, cut and broken.
my $work = "$dir/work";
mkdir $work;
Bed::write_file("$work/entity", "Content-Type: text/plain\r\n\r\n" . "a line of text\r\n" x 500);
Bed::output("cd $work && openssl cms -sign -binary -in entity -signer ../ca/a.pem -inkey ../ca/a.key -out signed && "
        . "openssl cms -encrypt -aes256 -in signed -outform DER -out sealed.der ../ca/b.pem");
my $der = Bed::read_file("$work/sealed.der");
my $type = "From: alice\@a.test\nTo: bob\@b.test\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; "
    . "smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n";

sub verdict_of {
    my ($message) = @_;
    my $answer = $bed->send('b', 'outside', 'alice@a.test', 'bob@b.test', $message);
    return "refused $answer" unless $answer =~ /^250/;
    my $arrived = $bed->take('b') // return 'lost';
    return $arrived =~ /^X-SEEMAIL-Verified: (\S+)/m ? $1 : 'none';
}

subtest '1.2-sender-rcpt: a CMS object cut at every 1,000th byte' => sub {
    is verdict_of($type . encode_base64($der)), 'good', 'whole: good';
    for (my $cut = 0; $cut < length $der; $cut += 1000) {
        like verdict_of($type . encode_base64(substr $der, 0, $cut)), qr/^(?:malformed|undecryptable)$/, "cut at $cut";
    }
    like verdict_of($type . substr(encode_base64($der), 0, -30) . "\n"), qr/^(?:malformed|undecryptable)$/, 'base64 cut short';
    is verdict_of($type . "!!! no base64 at all\n"), 'malformed', 'no base64';
    is verdict_of($type), 'malformed', 'nothing';
    is verdict_of($type . encode_base64("\x30\x80" x 5000)), 'malformed', '5,000 levels of BER';
};

subtest '1.2-sender-rcpt: layers without end' => sub {
    Bed::output("cd $work && cp signed layer && for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "
            . "openssl cms -encrypt -aes128 -in layer -out next ../ca/b.pem && mv next layer; done");
    my $mail = "From: alice\@a.test\n" . Bed::read_file("$work/layer") =~ s/\r\n/\n/gr;
    is verdict_of($mail), 'too-deep', 'twelve of them: too deep, and delivered';
};

subtest '1.8-scale: one mail to a thousand domains that are treated differently' => sub {
    my @strangers = map { "x\@company-number-$_.example" } 1 .. 999;
    # Exim 4.96 falls over its own log line when that has all of so many recipients.
    Bed::change($bed->{TB_A_CONF}, sub { s/\+received_recipients // });
    $bed->mark('a');
    kill 'HUP', (split /\n/, Bed::read_file("$dir/pids"))[-2];
    ok $bed->wait_log('a', 'daemon started'), 'Exim starts again' or return;
    like $bed->send('a', 'inside', 'alice@a.test', [@strangers, 'bob@b.test'], "${head}To: all\n\nhello\n" =~ s/\[seemail\]/all/r), qr/^250/, 'accepted';
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'to the partner it is sealed';
    my %reached;
    while (keys %reached < 999) {
        my $mail = $bed->take('outside') // last;
        my ($to) = $mail =~ /^Envelope-To: (.*)$/m;
        $reached{$_}++ for split /, /, $to;
        like Bed::body($mail), qr/^hello$/m, 'to strangers as it came';
    }
    is scalar(keys %reached), 999, 'each stranger got it';
    ok Bed::wait_for(sub { $bed->queue('a') == 0 }), 'nothing is left';
    my $undo = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "*\@.gov.example\n" });
    my @mixed = map { my $n = $_; map { 'x@' . 'long-name-' x 5 . "$n.$_" } 'gov.example', 'com.example' } 1 .. 300;
    like $bed->send('a', 'inside', 'alice@a.test', \@mixed, "$head\nhello\n" =~ s/\[seemail\]/all/r), qr/^550.*send this in several mails/, 'what does not fit is refused with a way out';
    is $bed->queue('a'), 0, 'and not taken';
    $undo->();
};

done_testing;
