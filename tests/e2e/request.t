#!/usr/bin/perl
# Certificates by mail: asked for when no directory has them, answered for those that were verified [2.8-mail-request].
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my $dca = 'domain-confidentiality-authority';
my $request = 'domain-certificate-request';

sub policy { my ($x, $table, $code) = @_; return Bed::change($bed->{ 'TB_' . uc($x) . '_POLICY' } . "/$table", $code) }
sub log_of { my ($x) = @_; my $path = "$dir/$x/log/seemail"; return -e $path ? Bed::read_file($path) : '' }
sub fresh { Bed::write_file("$dir/$_/log/seemail", '') for 'a', 'b' }
sub refused { my ($x, $reason) = @_; return Bed::wait_for(sub { log_of($x) =~ /event=request-refused.*$reason/ }) }
sub responder { my ($x, @more) = @_; my $X = uc $x; return Bed::output("$as env SEEMAIL_BIN=$dir/bin $dir/bin/seemail-responder --policies $bed->{\"TB_${X}_POLICY\"} @more") }

# The hub knows nobody, and has no directory of certificates to ask.
sub alone {
    my ($x) = @_;
    my $X = uc $x;
    my $mend = policy($x, 'directories', sub { s/^certs.*\n//m });
    Bed::output("rm -f $bed->{\"TB_${X}_STATE\"}/data.mdb $bed->{\"TB_${X}_STATE\"}/lock.mdb $bed->{\"TB_${X}_STATE\"}/sealed/*; "
            . "$as $dir/bin/seemail-certs --policies $bed->{\"TB_${X}_POLICY\"} refresh");
    return $mend;
}

subtest '2.8-mail-request: a verified request is answered with our certificate' => sub {
    like $bed->send('a', 'inside', 'alice@a.test', "$request\@b.test", Bed::mail(Subject => "$dca\@b.test")), qr/^250/, 'asked';
    my $mail = $bed->take('a') // '';
    like $mail, qr/^X-SEEMAIL-Verified: good/m, 'the answer is sealed and verified';
    like $mail, qr/^Subject: \Q$dca\E\@b\.test$/m, 'its subject is the address';
    like $mail, qr/^Content-Type: application\/pkix-cert; name="certificate\.cer"/m, 'it has a file .cer';
    my ($base64) = $mail =~ /certificate\.cer"\nContent-Transfer-Encoding: base64\n\n(.*?)\n--/s;
    open my $out, '|-', "base64 -d | openssl x509 -inform DER -noout -text >$dir/answer 2>&1" or die;
    print $out $base64 // '';
    close $out;
    $bed->send('a', 'inside', 'alice@a.test', "$request\@b.test", Bed::mail(Subject => "=?utf-8?q?$dca=40b=2Etest?="));
    like $bed->take('a') // '', qr/^Subject: \Q$dca\E\@b\.test$/m, 'a subject in encoded words is read too';
    like Bed::read_file("$dir/answer"), qr/email:\Q$dca\E\@b\.test/, 'with the certificate that was asked for';
    fresh();
    $bed->send('a', 'inside', 'alice@a.test', "$request\@b.test", Bed::mail(Subject => $_)) for "$dca\@a.test", "bob\@b.test", 'nonsense', "x\n y";
    ok Bed::wait_for(sub { my $n = () = log_of('b') =~ /request-refused.*no certificate of ours/g; $n == 4 }), 'others are not';
    fresh();
    $bed->send('b', 'outside', 'alice@a.test', "$request\@b.test", Bed::mail(Subject => "$dca\@b.test"));
    ok refused('b', 'not verified'), '2.4-authentic: nor is an unverified request';
};

subtest '2.8-mail-request: the hub asks by itself, learns from the answer, and the held mail goes out' => sub {
    my @mend = (alone('a'), alone('b'), policy('a', 'settings', sub { s/^request-hours.*$/request-hours 24/m }));
    $bed->mark('a', 'b');
    fresh();
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[seemail] waits')), qr/^250/, 'a mail for a partner';
    ok $bed->wait_log('a', 'bob@b.test .*cannot seal: no certificate'), 'waits';
    ok $bed->wait_log('a', "<= $request\@a.test .* for $request\@b.test"), 'the partner is asked';
    like $bed->take('b') // '', qr/^Subject: \[seemail\] waits.*^X-SEEMAIL-Verified: good/ms, 'and the mail goes out without a hand on it';
    my @asked = substr($bed->log('a'), $bed->{mark}{a}) =~ /<= $request\@a\.test/g;
    is scalar(@asked), 1, 'asked once';
    is $bed->waiting('outside'), 0, 'nothing went elsewhere';
    responder('a', 'request', "$dca\@b.test");
    @asked = substr($bed->log('a'), $bed->{mark}{a}) =~ /<= $request\@a\.test/g;
    is scalar(@asked), 1, 'and not again within the hours';
    $_->() for @mend;
    1 while $bed->waiting('a') && $bed->take('a');
};

subtest '2.8-mail-request: certificates as files, in each form, of the domain that sent them alone' => sub {
    my $pki = "$Bed::top/tests/bed/pki";
    my %form = ('.cer' => ['application/pkix-cert', 'openssl x509 -outform DER'], '.crt' => ['application/octet-stream', 'cat'],
        '.p7b' => ['application/x-pkcs7-certificates', 'openssl crl2pkcs7 -nocrl -certfile /dev/stdin -outform DER'],
        '.p7c' => ['application/octet-stream', 'openssl crl2pkcs7 -nocrl -certfile /dev/stdin']);
    my $n = 0;
    for my $end (sort keys %form) {
        for my $domain ('b.test', 'c.test') {
            my $name = 'file' . $n++;
            Bed::output("$pki cert $dir/ca $name $dca $dca\@$domain");
            my $base64 = Bed::output("$form{$end}[1] <$dir/ca/$name.pem | base64");
            fresh();
            $bed->send('b', 'inside', 'bob@b.test', "$request\@a.test", Bed::mail(From => 'bob@b.test', To => "$request\@a.test", Subject => 'certificate',
                'MIME-Version' => '1.0', 'Content-Type' => 'multipart/mixed; boundary=x', body => "--x\n\nHere it is.\n--x\nContent-Type: $form{$end}[0]\n"
                    . "Content-Disposition: attachment; filename=\"x$end\"\nContent-Transfer-Encoding: base64\n\n$base64\n--x--\n"));
            ok refused('a', 'no certificate of ours'), "$end of $domain: came";
            my ($learned) = log_of('a') =~ /responder=answer.* learned=(\d+)/;
            is $learned // 0, $domain eq 'b.test' ? 1 : 0, $domain eq 'b.test' ? 'taken in' : 'not taken in';
        }
    }
};

subtest '1.2-trigger: nothing else goes out unsealed by it' => sub {
    my @mend = (alone('a'), policy('a', 'settings', sub { s/^request-hours.*$/request-hours 24/m }));
    my $signed = "MIME-Version: 1.0\nContent-Type: multipart/signed; boundary=x\n\n--x\n\nhello\n--x--\n";
    my $from = "From: $request\@a.test\nTo: $request\@b.test\n";
    my %mails = (
        'from inside by SMTP' => sub { $bed->send('a', 'inside', "$request\@a.test", "$request\@b.test", "${from}Subject: $dca\@b.test\n$signed") },
        marked => sub { local_mail("$request\@a.test", "$request\@b.test", "${from}Subject: $dca\@b.test\nX: [seemail]\n" . $signed =~ s/hello/[sensitive]/r) },
        'another subject' => sub { local_mail("$request\@a.test", "$request\@b.test", "${from}Subject: hello $dca\@b.test\n$signed") },
        'of another domain' => sub { local_mail("$request\@a.test", "$request\@b.test", "${from}Subject: $dca\@c.test\n$signed") },
        'not signed' => sub { local_mail("$request\@a.test", "$request\@b.test", "${from}Subject: $dca\@b.test\n\nhello\n") },
        'another recipient' => sub { local_mail("$request\@a.test", 'bob@b.test', "${from}Subject: $dca\@b.test\n$signed") },
        'another sender' => sub { local_mail('alice@a.test', "$request\@b.test", "${from}Subject: $dca\@b.test\n$signed") },
        large => sub { local_mail("$request\@a.test", "$request\@b.test", "${from}Subject: $dca\@b.test\n" . $signed =~ s/hello/'x' x 40_000/er) });
    for my $what (sort keys %mails) {
        $bed->mark('a');
        $mails{$what}->();
        ok $bed->wait_log('a', '== \S+@b\.test .*(?:cannot seal|retry time)'), "$what: waits";
    }
    is $bed->waiting('b') + $bed->waiting('outside'), 0, 'nothing arrived';
    $_->() for @mend;
};

sub local_mail {
    my ($sender, $to, $text) = @_;
    open my $out, '|-', "$as /usr/sbin/exim4 -C $dir/a/exim.conf -oi -f $sender -- $to" or die "exim: $!";
    print $out $text;
    close $out;
}

done_testing;
