#!/usr/bin/perl
# What verified messages teach a hub: the certificate that the next answer is encrypted to.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

my $bed = Bed->up('b');
my $dir = $bed->{dir};
my $pki = "$Bed::top/tests/bed/pki";
my $dca = 'domain-confidentiality-authority';
my $policy = $bed->{TB_B_POLICY};
my @as = $> == 0 ? ('setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups') : ();
mkdir "$dir/work";
Bed::write_file("$policy/partners", join '', map { "*\@$_.test\n" } qw(p q r s t u));

sub shell { my $out = Bed::output("cd $dir/work && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }

# A certificate of an agency that no directory has: its name, address and, of an older one, its first day.
sub cert {
    my ($name, $domain, $day) = @_;
    my $times = $day ? sprintf 'FROM=202601%02d000000Z TO=204001%02d000000Z ', $day, $day : '';
    shell("${times}CRL_URL='$bed->{TB_CRL_URL}' $pki cert $dir/ca $name $dca " . join ',', map { "$dca\@$_" } split ' ', $domain);
    return $name;
}

sub signed {
    my ($name, $from, $options) = @_;
    Bed::write_file("$dir/work/entity", "Content-Type: text/plain\r\n\r\nHello from $name.\r\n");
    my $mime = shell("openssl cms -sign -in entity -signer ../ca/$name.pem -inkey ../ca/$name.key " . ($options // '')) =~ s/\r//gr;
    return "From: $from\nTo: bob\@b.test\nSubject: $name\n$mime";
}

# From outside to hub B; gives the verdict.
sub comes {
    my ($mail, $from) = @_;
    $bed->mark('b');
    like $bed->send('b', 'outside', $from, 'bob@b.test', $mail), qr/^250/, 'accepted';
    my ($subject) = $mail =~ /^(Subject: .*)$/m; # that mail waits is told too
    my ($verdict) = ($bed->take_matching('b', qr/^\Q$subject\E$/m) // '') =~ /^X-SEEMAIL-Verified: (\S+)/m;
    $bed->wait_log('b', '=> bob'); # the filter has ended
    return $verdict // 'none';
}

sub answer { my ($to) = @_; return $bed->send('b', 'inside', 'bob@b.test', $to, Bed::mail(From => 'bob@b.test', To => $to)) }

# Whose key opens what went out? Those that do.
sub opened_by {
    my (@names) = @_;
    my $mail = $bed->take('outside') // return 'nothing came';
    Bed::write_file("$dir/work/wire", $mail);
    return join ' ', grep { Bed::output("cd $dir/work && openssl cms -decrypt -in wire -inkey ../ca/$_.key -recip ../ca/$_.pem -out inner"); $? == 0 } @names;
}

subtest '2.8-learn: after one verified message the answer goes out encrypted to its certificate' => sub {
    cert('p1', 'p.test', 1);
    $bed->mark('b');
    like answer('x@p.test'), qr/^250/, 'mail to a partner whose certificate nobody knows';
    ok $bed->wait_log('b', 'no certificate is known'), 'waits';
    is comes(signed('p1', 'x@p.test'), 'x@p.test'), 'good', 'a verified message comes';
    is opened_by('p1'), 'p1', 'the mail that waited leaves, encrypted to its certificate';
    like Bed::read_file("$dir/b/log/seemail"), qr/filter=learn signer=\Q$dca\E\@p\.test learned=1 id=/, 'it is in the log';
};

subtest '2.10-update: a new certificate takes the place of the old one, and a replayed message does not roll back' => sub {
    cert('p2', 'p.test', 2);
    my $old = signed('p1', 'x@p.test');
    is comes(signed('p2', 'x@p.test'), 'x@p.test'), 'good', 'verified with the new one';
    like answer('x@p.test'), qr/^250/;
    is opened_by('p1', 'p2'), 'p2', 'the answer is encrypted to it';
    is comes($old, 'x@p.test'), 'good', 'the old message again';
    like answer('x@p.test'), qr/^250/;
    is opened_by('p1', 'p2'), 'p2', 'nothing changed';
};

subtest '2.8-learn: the certificate that the signer wants to be encrypted to' => sub {
    cert('q_sign', 'q.test', 1);
    cert('q_open', 'q.test', 2);
    my $home = "$dir/q";
    mkdir $home;
    shell("cp -r $policy $home/policies && mkdir -p $home/log && $pki store $dir/ca $home/nssdb q_sign sign && $pki store $dir/ca $home/nssdb q_open open");
    Bed::write_file("$home/policies/identity", "q.test sign open\n");
    Bed::write_file("$home/policies/partners", "*\@b.test\n");
    Bed::write_file("$home/policies/directories", '');
    Bed::write_file("$home/policies/settings", "log $home/log/seemail\nsendmail /bin/true\n");
    shell("certutil -A -d sql:$home/nssdb -f $home/nssdb/password -n b -t ,, -i $dir/ca/b.der");
    Bed::write_file("$dir/work/mail", "From: x\@q.test\nTo: bob\@b.test\nSubject: q\n\nHello.\n");
    my $decision = 'v="1" dir="inside" marking="" from="q.test" verdict="none" all="seal"';
    my $sealed = shell("SEEMAIL_HOME=$home ../bin/seemail-filter seal seal 1 '$decision' bob\@b.test <mail");
    is comes($sealed, 'x@q.test'), 'good', 'sealed by another hub';
    like answer('x@q.test'), qr/^250/;
    is opened_by('q_sign', 'q_open'), 'q_open', 'the answer is encrypted to that one';
};

subtest '2.4-authentic: what was not verified teaches nothing' => sub {
    cert('r1', 'r.test');
    cert('other', 's.test');
    shell("openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=$dca -addext 'subjectAltName=email:$dca\@r.test' -keyout ../ca/self.key -out ../ca/self.pem");
    is comes(signed('r1', 'x@r.test') =~ s/Hello/Hallo/r, 'x@r.test'), 'altered', 'altered';
    isnt comes(signed('self', 'x@r.test'), 'x@r.test'), 'good', 'self-signed';
    is comes(signed('other', 'x@r.test'), 'x@r.test'), 'wrong-address', 'another domain\'s';
    is comes(signed('other', 'x@s.test', '-certfile ../ca/r1.pem'), 'x@s.test'), 'good', 'a good one with a certificate beside it that did not sign';
    $bed->mark('b');
    like answer('x@r.test'), qr/^250/;
    ok $bed->wait_log('b', 'no certificate is known'), 'nothing is known of the domain';
    is $bed->waiting('outside'), 0, 'and nothing leaves';
};

subtest '2.8-learn: a flood of certificates in one message leaves no more than the signer\'s' => sub {
    cert("t$_", 't.test', $_) for 1 .. 2;
    shell("for i in \$(seq 1 200); do openssl x509 -req -in ../ca/t2.csr -CA ../ca/ca.pem -CAkey ../ca/ca.key -set_serial \$((900000+i)) "
            . "-days 300 -extfile ../ca/t2.ext -out one.pem 2>/dev/null && cat one.pem >>flood.pem; done");
    is comes(signed('t1', 'x@t.test', '-certfile flood.pem'), 'x@t.test'), 'good', 'it is verified';
    like answer('x@t.test'), qr/^250/;
    is opened_by('t1', 't2'), 't1', 'the answer is encrypted to the signer\'s';
};

subtest '2.8-learn: a state that cannot be written loses no mail' => sub {
    cert('u1', 'u.test');
    my $data = "$bed->{TB_B_STATE}/data.mdb";
    chmod 0400, $data;
    is comes(signed('u1', 'x@u.test'), 'x@u.test'), 'good', 'delivered';
    is scalar(grep { Bed::read_file($_) =~ /^Subject: u1$/m } glob "$bed->{TB_B_MAILDIR}/new/*"), 0, 'once';
    ok Bed::wait_for(sub { Bed::read_file("$dir/b/log/seemail") =~ /filter=learn.* failure=state/ }), 'only the log has it';
    chmod 0600, $data;
};

subtest '2.10-nocerts: a message without certificates is verified with what is known' => sub {
    is comes(signed('p2', 'x@p.test', '-nocerts'), 'x@p.test'), 'good', 'by issuer and serial number, learned';
    is comes(signed('p2', 'x@p.test', '-nocerts -keyid'), 'x@p.test'), 'good', 'by key identifier';
    is comes(signed('r1', 'x@r.test', '-nocerts'), 'x@r.test'), 'no-signature', 'one that nobody knows is not taken for the domain\'s';
    my $undo = Bed::change("$policy/settings", sub { $_ .= "verify-source directory\n" });
    is comes(signed('p2', 'x@p.test', '-nocerts'), 'x@p.test'), 'no-signature', 'the policy wants a better source';
    shell("$as[0] certutil -A -d sql:$dir/b/nssdb -f $dir/b/nssdb/password -n r -t ,, -i $dir/ca/r1.der");
    is comes(signed('r1', 'x@r.test', '-nocerts'), 'x@r.test'), 'good', 'pinned in the key store';
    is comes(signed('r1', 'x@r.test', '-nocerts -keyid'), 'x@r.test'), 'good', 'likewise by key identifier';
    $undo->();
};

done_testing;
