#!/usr/bin/perl
# Certificates that are found when a mail needs them: on a real slapd, and on servers that misbehave.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use IO::Socket::INET;
use JSON::PP;
use POSIX qw(strftime);
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $pki = "$Bed::top/tests/bed/pki";
my $dca = 'domain-confidentiality-authority';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my $lists = "lists seemail $bed->{TB_LDAP_URI} ou=SEEMAIL,c=NZ\n";
my $find = "find discover $bed->{TB_LDAP_URI}\n";
my $state = 0;
$ENV{CRL_URL} = $bed->{TB_CRL_URL};

sub shell { my $out = Bed::output("cd $dir && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }
sub certs { return Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} @_") }
sub json { my $out = certs('--json', @_); return eval { decode_json((split /\n/, $out)[0]) } // { text => $out } }
sub day { return strftime('%Y%m%d000000Z', gmtime(time + 86400 * $_[0])) }
# Why a mail to the address would wait; nothing when it would go, sealed.
sub filtered {
    my ($address) = @_;
    my $out = Bed::output("$as env SEEMAIL_HOME=$dir/a SEEMAIL_BIN=$dir/bin $dir/bin/seemail-filter ready seal 1abc a.test 0 '' $address");
    return $? ? "exit status $?" : $out;
}

# What the bed has set, the way out of its notices too.
my $own = Bed::read_file("$bed->{TB_A_POLICY}/settings");

# Hub A with these rows and settings and a state of its own, with the lists in it unless told otherwise.
sub fresh {
    my ($rows, %o) = @_;
    $state++;
    Bed::write_file("$bed->{TB_A_POLICY}/directories", $lists . $rows);
    Bed::write_file("$bed->{TB_A_POLICY}/settings",
        $own . "state $dir/a/state.$state\nfetch-pause 1\n" . ($o{settings} // ''));
    return if $o{empty};
    my $out = certs('refresh');
    $? == 0 or die $out;
}

# A certificate of the CA for the address, valid from and to these days.
sub certificate {
    my ($name, $address, $from, $to, $ca) = @_;
    local @ENV{qw(FROM TO)} = (day($from), day($to));
    shell("$pki cert " . ($ca // 'ca') . " $name $dca $address");
    shell("mv $ca/$name.* ca/") if $ca;
}

my $admin = "-x -H $bed->{TB_LDAP_URI} -D $bed->{TB_LDAP_BINDDN} -w $bed->{TB_LDAP_PASSWORD}";
sub ldap_add { Bed::write_file("$dir/add.ldif", $_[0]); shell("ldapadd $admin -f add.ldif") }
sub entry {
    my ($name, $mail, @certificates) = @_;
    my $under = $name =~ /=/ ? $name : "cn=$name,ou=agencies,c=NZ";
    my ($cn) = $under =~ /cn=([^,]*)/;
    ldap_add("dn: $under\nobjectClass: organizationalRole\nobjectClass: extensibleObject\ncn: $cn\nmail: $mail\n"
            . join '', map { /^\w+:/ ? "$_\n" : "userCertificate;binary:< file://$dir/ca/$_.der\n" } @certificates);
}

# A server that misbehaves; its URI. Stopped with the bed.
my $bad = 0;
sub bad_server {
    my $ready = "$dir/bad" . ++$bad;
    my $pid = fork // die;
    if (!$pid) { close STDIN; close STDOUT; exec "$Bed::top/tests/bed/ldap-bad", $ready, @_ }
    open my $f, '>>', "$dir/pids" or die;
    print $f "$pid\n";
    close $f;
    Bed::wait_for(sub { -e $ready }) or die;
    chomp(my $port = Bed::read_file($ready));
    return ("ldap://127.0.0.1:$port", $ready);
}

sub list { ldap_add("dn: cn=$_,ou=SEEMAIL,c=NZ\nobjectClass: organizationalRole\nobjectClass: extensibleObject\ncn: $_\nmail: *\@$_\n") for @_ }

list(map { "$_.test" } qw(c d e f g h));

subtest '2.10-nocerts: a signer whose certificate did not come is found in the directory' => sub {
    certificate('silent', "$dca\@silent.test", -1, 300);
    entry('silent', "$dca\@silent.test", 'silent');
    Bed::write_file("$dir/entity", "Content-Type: text/plain\r\n\r\nHello.\r\n");
    my $mail = "From: x\@silent.test\nTo: al\@a.test\nSubject: silent\n"
        . shell('openssl cms -sign -in entity -signer ca/silent.pem -inkey ca/silent.key -nocerts') =~ s/\r//gr;
    for ([$find, 'good'], ['', 'none']) {
        my ($rows, $verdict) = @$_;
        fresh($rows);
        like $bed->send('a', 'outside', 'x@silent.test', 'al@a.test', $mail), qr/^250/, 'accepted';
        my $got = $bed->take_matching('a', qr/^Subject: silent$/m) // '';
        is $got =~ /^X-SEEMAIL-Verified: (\S+)/m ? $1 : 'none', $verdict, $rows ? 'found' : 'without a directory it is not';
    }
};

subtest '2.10-nocerts: a directory that hangs costs one mail its wait, and no more' => sub {
    my $hanging = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 20) or die "$!";
    fresh('find discover ldap://127.0.0.1:' . $hanging->sockport . "\n");
    my $restore = Bed::change("$bed->{TB_A_POLICY}/settings", sub { s/^fetch-pause.*$/fetch-pause 6000/m });
    my $mail = "From: x\@silent.test\nTo: al\@a.test\nSubject: hangs\n"
        . shell('openssl cms -sign -in entity -signer ca/silent.pem -inkey ca/silent.key -nocerts') =~ s/\r//gr;
    my @asked;
    for my $time (1 .. 2) {
        like $bed->send('a', 'outside', 'x@silent.test', 'al@a.test', $mail), qr/^250/, "mail $time is accepted";
        ok $bed->take_matching('a', qr/^Subject: hangs$/m), 'and delivered';
        $hanging->blocking(0);
        $asked[$time] = 0;
        while (my $one = $hanging->accept) { $asked[$time]++; close $one }
    }
    is $asked[1], 1, 'asked at the first';
    is $asked[2], 0, 'and left alone then';
    $restore->();
};

subtest '2.8-auto-a: a hub with an empty state seals to a partner it never met, unattended' => sub {
    fresh($find, empty => 1);
    $bed->mark('a');
    my $first = $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[seemail] first'));
    like $first, qr/^451/, 'not before it has the list of partners';
    my $answer = Bed::wait_for(sub {
        my $now = $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[seemail] first'));
        return $now =~ /^250/ ? $now : do { select undef, undef, undef, 0.2; 0 };
    });
    like $answer // '', qr/^250/, 'which it has got by itself when the sender tries again';
    my $mail = $bed->take('b') // '';
    like $mail, qr/^X-SEEMAIL-Verified: good/m, 'sealed, delivered and opened';
    is $bed->waiting('outside'), 0, 'and nothing went elsewhere';
    like json('fetch --if-due b.test')->{text}, qr/is known/, 'the certificate is kept';
    certificate('c', "$dca\@c.test", -1, 300);
};

subtest '2.8-ldap: multi-valued, several entries, both forms of the attribute: the best valid one is used' => sub {
    fresh($find);
    certificate('c1', "$dca\@c.test", -400, -10);
    certificate('c2', "$dca\@c.test", -20, 300);
    certificate('c3', "$dca\@c.test", -10, 300);
    certificate('c4', "$dca\@c.test", 10, 300);
    entry('c', "$dca\@c.test", 'c1', 'c2');
    entry('c other', "$dca\@c.test", 'c3', 'c4');
    my $got = json('fetch c.test');
    ok $got->{usable}, 'found, an expired one beside it does not matter';
    is $got->{found}, 3, 'the two that are valid are kept, and the one that will be';
    my ($plain) = bad_server('plain', "$dir/ca/c2.der");
    fresh("plain discover $plain\n");
    ok json('fetch c.test')->{usable}, 'userCertificate without ;binary';
    fresh("find discover $bed->{TB_LDAP_URI} ou=agencies,c=NZ (&(cn=%l)(mail=*\@%d)) userCertificate\n");
    is json("fetch c\@c.test")->{found}, 0, 'base and filter are the row\'s';
    fresh("find discover $bed->{TB_LDAP_URI} ou=agencies,c=NZ (&(cn=*)(mail=%l\@%d)) userCertificate\n");
    is json('fetch c.test')->{found}, 3, 'with the address in their places';
    is json("fetch 'a*)(cn=*\@c.test'")->{text} =~ /no address|not found/ ? 1 : 0, 1, 'an address is no filter';
    fresh($find);
    my $sub = json('fetch sub.c.test');
    ok !$sub->{usable}, 'nothing for a domain below';
    like filtered('x@sub.c.test'), qr/^$/, '2.6-mapping: the domain above speaks for it';
};

subtest '2.8-ldap: certificates for another domain, of an unknown CA, or no certificates at all are not kept' => sub {
    fresh($find);
    certificate('wrong', "$dca\@other.test", -1, 300);
    entry('d', "$dca\@d.test", 'wrong');
    my $got = json('fetch d.test');
    is "$got->{usable} $got->{found}", '0 0', 'of another domain: not kept';
    like $got->{text}, qr/another address/, 'and says so';
    shell("CA_NAME=Other $pki ca other");
    certificate('unknown', "$dca\@d.test", -1, 300, 'other');
    entry('d unknown', "$dca\@d.test", 'unknown');
    is json('fetch d.test')->{found}, 0, 'of an unknown CA';
    entry('d text', "$dca\@d.test", 'description: no certificate');
    fresh("find discover $bed->{TB_LDAP_URI} - - description\n");
    like json('fetch d.test')->{text}, qr/no certificate in it/, 'a value that is none';
    $bed->mark('a');
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@d.test', Bed::mail(Subject => '[seemail]')), qr/^250/, 'mail is accepted';
    ok $bed->wait_log('a', 'bob@d.test .*defer.*no certificate is known for .*not found'), 'and waits: the log says why';
    is $bed->waiting('outside'), 0, 'nothing went out';
};

subtest '2.8-ldap-specs: rows by domain and by issuer, in their order' => sub {
    certificate('e', "$dca\@e.test", -1, 300);
    entry('e', "$dca\@e.test", 'e');
    my ($empty, $log) = bad_server('empty');
    fresh("one discover $empty - - - - - *\@.other.test\ntwo discover $bed->{TB_LDAP_URI} - - - - - *\@e.test\nthree discover $empty\n");
    my $got = json('fetch e.test');
    is "$got->{usable} $got->{directories}", '1 1', 'one for another domain is not asked, nor those after the one that had it';
    is json('fetch x.other.test')->{directories}, 2, 'the first and the last for a domain below the first\'s';
    certificate('old', "$dca\@f.test", -300, -1);
    entry('f', "$dca\@f.test", 'old');
    my $rows = "certs certificates $bed->{TB_LDAP_URI} c=NZ (mail=$dca\@f.test)\n";
    fresh("ca discover $empty - - - - - \"CN=Test Root, O=Nobody\"\nno discover $empty - - - - - CN=Other\n$rows");
    is json('fetch f.test')->{directories}, 1, 'by the issuer of the certificate that fails';
    is json('fetch g.test')->{directories}, 0, 'and not where none is known';
};

subtest '2.15-publish: an entry that holds a URL is followed' => sub {
    certificate('g', "$dca\@g.test", -1, 300);
    my ($web) = $bed->{TB_CRL_URL} =~ m{(http://[^/]*)};
    shell("openssl crl2pkcs7 -nocrl -certfile ca/g.pem -outform DER -out http/g.p7c; cp ca/g.pem http/g.pem");
    my %url = (p7c => "$web/g.p7c", pem => "$web/g.pem certificate", ldap => "$bed->{TB_LDAP_URI}/cn=store,c=NZ?userCertificate;binary");
    entry('cn=store,c=NZ', 'nobody@nowhere.test', 'g');
    for my $form (sort keys %url) {
        entry("g $form", "$dca\@g.test", "labeledURI: $url{$form}");
        fresh($find);
        ok json('fetch g.test')->{usable}, $form;
        shell("ldapdelete $admin 'cn=g $form,ou=agencies,c=NZ'");
    }
    my %not = (gone => "$web/none.cer", closed => 'ldap://127.0.0.1:1/c=NZ?userCertificate');
    for my $form (sort keys %not) {
        entry("g $form", "$dca\@g.test", "labeledURI: $not{$form}");
        fresh($find);
        my $got = json('fetch g.test');
        is "$got->{usable} $got->{failed}", '0 1', "$form: fails";
        like $got->{text}, $form eq 'gone' ? qr/the server answers 404/ : qr/contact LDAP/, 'and says why';
        shell("ldapdelete $admin 'cn=g $form,ou=agencies,c=NZ'");
    }
    entry('g file', "$dca\@g.test", "labeledURI: file://$dir/ca/g.der");
    entry('g web', "$dca\@g.test", "labeledURI: http://[");
    fresh($find);
    is json('fetch g.test')->{usable}, 0, 'other URLs are not';
};

subtest '2.8-ldap: TLS, and who we are' => sub {
    my $ca = $bed->{TB_CA_CERT};
    my $other = "$dir/other/ca.pem";
    certificate('h', "$dca\@h.test", -1, 300);
    ldap_add("dn: ou=closed,c=NZ\nobjectClass: organizationalUnit\nou: closed\n\ndn: cn=hub,c=NZ\n"
            . "objectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: hub\nuserPassword: pass word\n");
    entry('cn=h,ou=closed,c=NZ', "$dca\@h.test", 'h');
    Bed::write_file("$dir/password", "pass word\n");
    Bed::write_file("$dir/wrong", "password\n");
    shell("chmod 600 password wrong" . ($> == 0 ? ' && chown Debian-exim password wrong' : ''));
    my ($open) = bad_server('empty');
    my $tls = $bed->{TB_LDAPS_URI};
    my $plain = $bed->{TB_LDAP_URI};
    my @rows = (
        ["$tls - - - - - - - $ca", 'b.test', qr/found/, 'ldaps'],
        ["$tls - - - - - - - $other", 'b.test', qr/connecting/, 'not with a server of another CA'],
        ["$plain - - - - - - starttls $ca", 'b.test', qr/found/, 'StartTLS'],
        ["$plain - - - - - - starttls $other", 'b.test', qr/StartTLS/, 'not with a server of another CA'],
        ["$open - - - - - - starttls $ca", 'b.test', qr/StartTLS/, 'nor with one that has no TLS'],
        [$plain, 'h.test', qr/not found/, 'what is closed to strangers'],
        ["$tls - - - cn=hub,c=NZ $dir/password - - $ca", 'h.test', qr/found, 1/, 'opens by a password'],
        ["$plain - - - cn=hub,c=NZ $dir/wrong", 'h.test', qr/bind: Invalid credentials/, 'the right one'],
        ["$bed->{TB_LDAPI_URI} - - - - - - - - EXTERNAL", 'h.test', qr/found, 1/, 'SASL EXTERNAL'],
        ["$plain - - - hub $dir/password - starttls $ca SCRAM-SHA-256", 'h.test', qr/found, 1/, 'SCRAM-SHA-256'],
        ["$plain - - - hub $dir/password - starttls $ca DIGEST-MD5", 'h.test', qr/found, 1/, 'DIGEST-MD5'],
        ["$plain - - - hub $dir/wrong - starttls $ca SCRAM-SHA-1", 'h.test', qr/SASL bind: Invalid cred/, 'not with another password'],
    );
    local $ENV{LDAPTLS_REQCERT} = 'never';
    for my $row (@rows) {
        fresh("find discover $row->[0]\n");
        like json("fetch $row->[1]")->{text}, $row->[2], $row->[3];
    }
    fresh("find discover $tls\n");
    {
        local $ENV{LDAPTLS_CACERT} = $other;
        like json('fetch b.test')->{text}, qr/connecting with TLS: .*\(column ca-file\)/, 'without a ca-file not with one that the system does not know';
        local $ENV{LDAPTLS_CACERT} = $ca;
        like json('fetch b.test')->{text}, qr/^1 found/, 'but with one that it knows';
    }
    shell("mkdir stranger && cp $ca stranger/ca.pem && chmod 666 stranger/ca.pem && echo TLS_CACERT $dir/stranger/ca.pem >stranger/ldaprc");
    like Bed::output("cd $dir/stranger && $as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} --json fetch b.test"),
        qr/connecting with TLS/, 'nor with one that a stranger names where we happen to be';
    Bed::write_file("$bed->{TB_A_POLICY}/directories", "find discover ldap://127.0.0.1:1\n");
    like json('fetch b.test')->{text}, qr/^nothing found, the one that is known can be used; directory .*connecting/, 'and one that is known is used without any';
};

subtest '2.8-ldap: referrals are not followed, and half a list is none' => sub {
    my ($elsewhere, $log) = bad_server('empty');
    ldap_add("dn: ou=far,ou=SEEMAIL,c=NZ\nobjectClass: referral\nobjectClass: extensibleObject\nou: far\nref: $elsewhere/ou=far,c=NZ\n");
    fresh($find, empty => 1);
    like certs('refresh'), qr/a part of ou=SEEMAIL,c=NZ is elsewhere/, 'a list with a part elsewhere';
    is $? >> 8, 75, 'fails';
    ok json('fetch b.test')->{found}, 'what is here is found all the same';
    shell("ldapdelete $admin -M ou=far,ou=SEEMAIL,c=NZ");
    ldap_add("dn: ou=away,c=NZ\nobjectClass: referral\nobjectClass: extensibleObject\nou: away\nref: $elsewhere/ou=away,c=NZ\n");
    fresh("find discover $bed->{TB_LDAP_URI} ou=x,ou=away,c=NZ\n");
    like json('fetch b.test')->{text}, qr/Referral/, 'a base that is elsewhere fails';
    ok !-e "$log.log", 'nobody was asked there';
    shell("ldapdelete $admin -M ou=away,c=NZ");
};

subtest '2.8-ldap: servers that hang, or give without end, are cut off, and the next is asked' => sub {
    my %words = (hang => qr/Timed out|not done in/, silent => qr/Timed out|not done in/, many => qr/more than 100 entries/,
        big => qr/Can't contact|Decoding|error/, endless => qr/not done in|Timed out/);
    for my $mode (sort keys %words) {
        my ($uri) = bad_server($mode);
        fresh("bad discover $uri\n", settings => "fetch-timeout 2\n");
        my $start = time;
        my $got = json('fetch b.test');
        is "$got->{usable} $got->{failed}", '0 1', "$mode: failed";
        like $got->{text}, $words{$mode}, 'says why';
        cmp_ok time - $start, '<', 90, 'in time'; # on a busy machine too; the server would hang for 120
    }
    my ($uri) = bad_server('many');
    fresh("bad discover $uri\n$find");
    my $got = json('fetch b.test');
    is "$got->{usable} $got->{failed} $got->{directories}", '1 1 2', 'the next one has it';
    fresh('', empty => 1);
    Bed::write_file("$bed->{TB_A_POLICY}/directories", "bad vendor ldap://127.0.0.1:1 ou=x,c=NZ\n$lists");
    certs('refresh');
    like certs('list SEEMAIL'), qr/b\.test/, 'a refresh goes on to the next as well';
};

subtest '2.8-auto-a: a queue of mails does not storm a directory' => sub {
    my ($uri, $ready) = bad_server('empty');
    fresh("none discover $uri\n", settings => "fetch-pause 600\n" =~ s/^/# /r);
    Bed::change("$bed->{TB_A_POLICY}/settings", sub { s/fetch-pause 1\n/fetch-pause 600\n/ });
    my @all = map { open my $out, '-|', "$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} fetch --if-due none.test" or die; $out } 1 .. 10;
    my @said = map { my $out = $_; join '', <$out> } @all;
    is scalar(() = Bed::read_file("$ready.log") =~ /none\.test/g), 1, 'ten at once ask once';
    is scalar(grep { /tried again in \d+ seconds/ } @said), 9, 'the others are told when';
    is json('fetch none.test')->{directories}, 1, 'an administrator asks when he likes';
};

subtest '2.8-approval: who is not on the list waits for an administrator\'s word' => sub {
    my $undo = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "*\@p.test\n" });
    certificate('p', "$dca\@p.test", -1, 300);
    entry('p', "$dca\@p.test", 'p');
    fresh($find, settings => "approval seemail\n");
    $bed->mark('a');
    like $bed->send('a', 'inside', 'alice@a.test', 'pat@p.test', Bed::mail(Subject => '[seemail] wait')), qr/^250/, 'accepted';
    ok $bed->wait_log('a', 'pat@p.test .*defer.*waits for an approval'), 'waits, with that reason';
    my ($print) = certs('pending') =~ /\n +([0-9a-f]{64})/;
    is $? >> 8, 1, 'a monitor sees that somebody has to look';
    is $print, lc(shell('openssl x509 -in ca/p.pem -noout -fingerprint -sha256') =~ s/.*=|[:\n]//gr), 'by its fingerprint';
    is json('pending')->[0]{address}, "$dca\@p.test", 'for programs too';
    certs('deny p.test');
    like filtered('pat@p.test'), qr/denied by an administrator/, 'denied';
    certs('fetch p.test');
    like filtered('pat@p.test'), qr/denied by an administrator/, 'stays denied';
    is $bed->waiting('outside'), 0, 'nothing went out until now';
    certs('approve ' . substr $print, 0, 16);
    is $? >> 8, 0, 'approved by the first digits';
    my $mail = $bed->take('outside') // '';
    like $mail, qr/^Envelope-To: .*pat\@p\.test/m, 'it goes at the next try';
    like $mail, qr{^Content-Type: application/pkcs7-mime}m, 'sealed';
    certs('approve nobody.test');
    is $? >> 8, 69, 'there must be a certificate';
    certificate('p2', "$dca\@p.test", -2, 310);
    certs("import $dir/ca/p2.der");
    certificate('p3', "$dca\@p.test", -3, 320);
    certs("import $dir/ca/p3.der");
    my $out = certs('approve p.test');
    is $? >> 8, 64, 'an address with several is not approved';
    is scalar(() = $out =~ /^ +seemail-certs approve [0-9a-f]{64}$/mg), 2, 'they are listed, without the one that is approved';
    unlike $out, qr/^approved/m, 'nothing was approved';
    my ($one, $two) = $out =~ /([0-9a-f]{64})/g;
    is json("deny $one")->[0]{consent}, 'denied', 'one is denied';
    is json("approve $two")->[0]{fingerprint}, $two, 'the other approved';
    certs('approve p.test');
    is $? >> 8, 69, 'by the address no denial is overturned';
    is json("approve $one")->[0]{consent}, 'approved', 'by its fingerprint it is';
    fresh($find, settings => "approval all\n");
    is filtered('pat@p.test'), '', 'the policy may let all be used';
    fresh($find);
    is filtered('pat@p.test'), '', 'or those of the table partners, as it does if not told otherwise';
    fresh($find, settings => "approval nobody\n");
    like filtered('pat@b.test'), qr/waits for an approval/, 'or nobody, listed or not';
    $undo->();
};

subtest '2.15-removal: who leaves the list is no partner any more' => sub {
    fresh($find);
    like certs('refresh'), qr/^lists: 8 entries$/m, 'nothing new at first';
    shell("ldapdelete $admin cn=h.test,ou=SEEMAIL,c=NZ");
    list('i.test');
    my $out = certs('refresh');
    like $out, qr/^lists: \*\@h\.test left the list SEEMAIL;\*\@i\.test came to the list SEEMAIL$/m, 'told';
    like Bed::read_file("$dir/a/log/seemail"), qr/event=list-changed about=lists reason=".*h\.test left/, 'and an event';
    like $bed->send('a', 'inside', 'alice@a.test', 'x@h.test', Bed::mail(Subject => '[seemail]')), qr/^550.*h\.test/, 'marked mail to it is refused';
};

subtest '2.8-auto-a: the directory is gone: mail waits, and goes when it is back' => sub {
    fresh($find);
    my ($pid) = Bed::read_file("$dir/ldap/slapd.pid") =~ /(\d+)/;
    kill 'TERM', $pid;
    ok Bed::wait_for(sub { !-e "$dir/ldap/slapd.pid" }), 'slapd has stopped';
    $bed->mark('a');
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[seemail] late')), qr/^250/, 'accepted';
    ok $bed->wait_log('a', 'bob@b.test .*defer.*connecting'), 'waits, the log names the directory';
    is json('fetch b.test')->{failed}, 1, 'told';
    is $? >> 8, 75, 'as a failure for now';
    my $new = fork // die;
    if (!$new) { close STDIN; close STDOUT; exec "$as sh $dir/ldap/start" }
    open my $f, '>>', "$dir/pids" or die;
    print $f "$new\n";
    close $f;
    my $mail = $bed->take_matching('b', qr/late/) // '';
    like $mail, qr/^X-SEEMAIL-Verified: good/m, 'and goes when it is back';
};

done_testing;
