#!/usr/bin/perl
# Our certificate is kept in the directory, and a renewed one is fetched from there: on a real slapd.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use JSON::PP;
use Digest::MD5 qw(md5_hex);
use MIME::Base64;
use POSIX qw(strftime);
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $pki = "$Bed::top/tests/bed/pki";
my $dca = 'domain-confidentiality-authority';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my ($store, $uri) = @$bed{qw(TB_A_NSSDB TB_LDAP_URI)};
$ENV{CRL_URL} = $bed->{TB_CRL_URL};

sub shell { my $out = Bed::output("cd $dir && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }
sub certs { my $out = Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} @_"); return wantarray ? ($out, $? >> 8) : $out }
sub day { return strftime('%Y%m%d%H%M%SZ', gmtime(time + 86400 * $_[0])) }
sub id { return md5_hex(der($_[0])) }
sub der { return Bed::read_file("$dir/ca/$_[0].der") }
sub owned { shell("chown -R Debian-exim: $store") if $> == 0 }

sub ldap {
    my ($tool, $ldif) = @_;
    Bed::write_file("$dir/ldif", $ldif);
    shell("$tool -x -H $uri -D cn=admin,c=NZ -w secret -f ldif");
}

# The certificates of an entry, by their digests; undef = there is no such entry.
sub entry {
    my ($dn) = @_;
    my $out = Bed::output("ldapsearch -x -LLL -o ldif-wrap=no -H $uri -s base -b '$dn' userCertificate");
    return $out =~ /^dn:/m ? [sort map { md5_hex(decode_base64($_)) } $out =~ /^userCertificate;binary:: (\S+)/mg] : undef;
}

sub directory_row { my ($row) = @_; return Bed::change("$bed->{TB_A_POLICY}/directories", sub { $_ .= "$row\n" }) }
sub publish_to { my ($base) = @_; return directory_row("ours publish $uri \"$base\" - - cn=admin,c=NZ nssdb/ldap-password") }

Bed::write_file("$store/ldap-password", "secret\n");
chmod 0600, "$store/ldap-password";
owned();
my $there = 'cn=a,ou=agencies,c=NZ';

subtest '2.15-publish: our certificate is put into its entry, once' => sub {
    my ($out, $exit) = certs('publish');
    is $exit, 78, 'no row for it: exit status 78';
    my $undo = publish_to($there);
    like certs('publish'), qr/^published: $there: as it is to be$/m, 'it is there already';
    my $foreign = encode_base64(der('b'), '');
    ldap('ldapmodify', "dn: $there\nchangetype: modify\nreplace: userCertificate;binary\nuserCertificate;binary:: $foreign\n-\ndelete: mail\n");
    ($out, $exit) = certs('publish');
    is $exit, 0, 'exit status 0';
    like $out, qr/^published: $there: 1 certificates added, 0 removed$/m, 'added';
    is_deeply entry($there), [sort(id('a'), id('b'))], 'it is in the entry, and what is not ours is left alone';
    like Bed::output("ldapsearch -x -LLL -H $uri -b $there mail"), qr/^mail: $dca\@a\.test$/m, 'with its address';
    is_deeply decode_json(certs('--json publish'))->{published}, [{ dn => $there, added => 0, removed => 0, made => JSON::PP::false }],
        'again: nothing to do';
    $undo->();
    $undo = publish_to('cn=%d,ou=agencies,c=NZ');
    like certs('publish'), qr/^published: cn=a\.test,ou=agencies,c=NZ: 1 certificates added/m, 'an entry a domain';
    is_deeply entry('cn=a.test,ou=agencies,c=NZ'), [id('a')], 'is made if it is not there';
    $undo->();
};

subtest '2.15-publish: a partner that knows nothing finds it there' => sub {
    my $row = Bed::change("$bed->{TB_B_POLICY}/directories", sub { s/^certs.*/find discover $uri "ou=agencies,c=NZ"/m });
    shell("rm -rf $bed->{TB_B_STATE}");
    Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_B_POLICY} refresh");
    my $out = Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_B_POLICY} fetch a.test");
    is $? >> 8, 0, 'found' or diag $out;
    $bed->send('b', 'inside', 'bob@b.test', 'alice@a.test', Bed::mail(From => 'bob@b.test', To => 'alice@a.test'));
    like $bed->take('a') // '', qr/^X-SEEMAIL-Verified: good/m, 'and encrypts to it';
    $row->();
};

subtest '2.15-publish: what cannot be done is said' => sub {
    my $before = entry($there);
    my @cases = (['ours publish ' . $uri . ' cn=nobody,ou=nowhere,c=NZ - - cn=admin,c=NZ nssdb/ldap-password', 'No such object', 'no place for the entry'],
        ["ours publish $uri ou=new,ou=agencies,c=NZ - - cn=admin,c=NZ nssdb/ldap-password", 'only one named CN= is made', 'an entry of another kind'],
        ["ours publish $uri $there - - cn=eve,c=NZ nssdb/ldap-password", 'Invalid credentials', 'a stranger'],
        ["ours publish ldap://127.0.0.1:1 $there - - cn=admin,c=NZ nssdb/ldap-password", 'connecting', 'no directory'],
        ["ours publish $uri $there - - cn=admin,c=NZ nssdb/nothing", 'nssdb/nothing', 'no password file'],
        ["ours publish $uri $there", 'directories:\d+:.*nobody may not write', 'nobody']);
    for my $case (@cases) {
        my $undo = directory_row($case->[0]);
        my ($out, $exit) = certs('publish');
        is $exit, 75, "$case->[2]: exit status 75";
        like $out, qr/$case->[1]/, "$case->[2]: and why";
        $undo->();
    }
    my $undo = publish_to($there);
    my $mend = Bed::change("$store/password", sub { $_ = "wrong\n" });
    Bed::change("$bed->{TB_A_POLICY}/identity", sub { s/"a DCA"/Nothing/g });
    is((certs('publish'))[1], 75, 'no such certificate in the key store: exit status 75');
    Bed::change("$bed->{TB_A_POLICY}/identity", sub { s/Nothing/"a DCA"/g });
    $mend->();
    is_deeply entry($there), $before, 'and nothing was changed';
    my $one = "$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} publish";
    ldap('ldapmodify', "dn: $there\nchangetype: modify\ndelete: userCertificate;binary\n");
    my $out = Bed::output("for i in 1 2 3 4; do ($one || echo failed) & done; wait");
    unlike $out, qr/failed/, 'four at once: none fails';
    is_deeply entry($there), [id('a')], 'and it is there once';
    $undo->();
};

# The CA signs our key, or a request, anew: days from now.
sub issue {
    my ($name, $from, $to, %o) = @_;
    local @ENV{qw(FROM TO)} = (day($from), day($to));
    local $ENV{REQUEST} = $o{request} // "$dir/ca/a.csr";
    shell("$pki cert " . ($o{ca} // "$dir/ca") . " $name x " . ($o{address} // "$dca\@a.test") . " && chmod -R a+rX ca");
}

sub in_directory {
    my (@ders) = @_;
    ldap('ldapmodify', "dn: $there\nchangetype: modify\nreplace: userCertificate;binary\n"
            . join '', map { 'userCertificate;binary:: ' . encode_base64($_, '') . "\n" } @ders);
}

subtest '2.7-keyserver: a renewed certificate for our key is fetched from the directory' => sub {
    is((certs('renew'))[1], 78, 'no directory to look in: exit status 78');
    my $find = directory_row("find discover $uri ou=agencies,c=NZ");
    my $publish = publish_to($there);
    my ($out, $exit) = certs('renew');
    is $exit, 0, 'nothing new: exit status 0';
    like $out, qr/nothing newer/, 'and said so';
    issue('renewed', 0, 380);
    issue('over', -200, -1);
    shell("CA_NAME=Other $pki ca $dir/other");
    issue('wrong', 0, 390, ca => "$dir/other");
    in_directory(der('a'), der('b'), der('renewed'), der('over'), Bed::read_file("$dir/other/wrong.der"));
    ($out, $exit) = certs('renew');
    is $exit, 0, 'exit status 0';
    like $out, qr/^installed "a DCA": serial \w+, valid from \S+ to \S+$/m, '2.8-auto-b: taken in';
    like $out, qr/^refused "a DCA".*no path/m, 'one of another CA is refused';
    is scalar(() = $out =~ /^(?:installed|refused)/mg), 2, 'old ones and those of others are passed over';
    my ($own) = grep { $_->{nickname} eq 'a DCA' } @{ decode_json(certs('--json status 2>/dev/null'))->{own} };
    is $own->{serial} =~ s/://gr, shell('openssl x509 -in ca/renewed.pem -noout -serial') =~ s/serial=|\n//gr, 'and is used';
    $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail());
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'mail goes on';
    in_directory(der('a'), der('renewed'));
    like certs('renew'), qr/nothing newer/, 'again: nothing to do';
    $_->() for $publish, $find;
    $find = directory_row("find discover ldap://127.0.0.1:1 ou=agencies,c=NZ");
    ($out, $exit) = certs('renew');
    is $exit, 75, 'the directory is gone: exit status 75';
    like $out, qr/connecting/, 'and said so';
    $find->();
    $find = directory_row("find discover $uri ou=agencies,c=NZ");
    {
        local @ENV{qw(FROM TO)} = (day(-300), day(20));
        shell("$pki cert $dir/ca soon $dca $dca\@a.test");
    }
    shell("$pki store $dir/ca $store soon soon");
    owned();
    my $identity = Bed::change("$bed->{TB_A_POLICY}/identity", sub { $_ = "a.test soon\n" });
    certs('renew');
    like Bed::read_file("$bed->{TB_A_STATE}/events"), qr/own-certificate.*soon.*expires in (?:19|20) days/, '2.3-thirteen: what is wrong soon is an event';
    $_->() for $identity, $find;
};

subtest 'B-overlap: both are in the directory for five days' => sub {
    my $publish = publish_to($there);
    is_deeply entry($there), [sort(id('a'), id('renewed'))], 'the old and the new one';
    for my $name (['x-old', -200, 100], ['x-new', -6, 300]) {
        issue($name->[0], $name->[1], $name->[2], address => "$dca\@x.test", request => "$dir/ca/b.csr");
        shell("cp ca/b.key ca/$name->[0].key && $pki store $dir/ca $store $name->[0] x");
    }
    owned();
    my $identity = Bed::change("$bed->{TB_A_POLICY}/identity", sub { $_ = "x.test x\n" });
    in_directory(der('x-old'));
    like certs('publish'), qr/1 certificates added, 1 removed/, 'six days after the renewal';
    is_deeply entry($there), [id('x-new')], 'the new one alone';
    $identity->();
    for my $name (['y-early', 2, 300], ['y-over', -300, -2]) {
        local @ENV{qw(FROM TO)} = (day($name->[1]), day($name->[2]));
        shell("$pki cert $dir/ca $name->[0] $dca $dca\@y.test && $pki store $dir/ca $store $name->[0] $name->[0]");
        owned();
        $identity = Bed::change("$bed->{TB_A_POLICY}/identity", sub { $_ = "y.test $name->[0]\n" });
        in_directory(der('b'), der($name->[0]));
        like certs('publish'), qr/"$name->[0]" is not to be found by partners: (?:not valid yet|expired)/, "$name->[0]: none is in its time";
        is_deeply entry($there), [sort(id('b'), id($name->[0]))], 'as it may be the clock that is wrong, none is taken out';
        $identity->();
    }
    in_directory(der('x-new'));
    $publish->();
};

subtest '1.9-compromise: taken out of the directory, and the new one put in' => sub {
    my $publish = publish_to($there);
    certs('publish');
    is_deeply entry($there), [sort(id('a'), id('renewed'), id('x-new'))], 'before';
    my $mend = Bed::change("$bed->{TB_A_STATE}/data.mdb", sub { $_ = 'x' x 10_000 });
    my ($out, $exit) = certs("compromise 'a DCA'");
    is $exit, 75, 'without a state that can be read: exit status 75';
    like $out, qr/^published: $there: 0 certificates added, 2 removed/m, 'but suspended, and taken out';
    in_directory(der('a'), der('x-new'));
    like certs('publish'), qr/^published: $there: 0 certificates added, 1 removed/m, 'nothing is put in unseen';
    $mend->();
    ($out, $exit) = certs("compromise 'a DCA'");
    is $exit, 0, 'exit status 0';
    like $out, qr/^published: $there: as it is to be/m, 'done already';
    is_deeply entry($there), [id('x-new')], 'nobody finds it any more';
    certs("renew --new-key --out $dir/a/request 'a DCA'");
    issue('fresh', 0, 300, request => "$dir/a/request");
    like certs("renew --install $dir/ca/fresh.pem"), qr/^published: $there: 1 certificates added/m, 'the new one is announced';
    is_deeply entry($there), [sort(id('fresh'), id('x-new'))], 'and found';
    my ($pid) = Bed::read_file("$dir/ldap/slapd.pid") =~ /(\d+)/;
    kill 'TERM', $pid;
    ok Bed::wait_for(sub { !-e "$dir/ldap/slapd.pid" }), 'without a directory';
    ($out, $exit) = certs("compromise 'a DCA'");
    is $exit, 75, 'exit status 75';
    like $out, qr/^"a DCA": \d+ key pairs suspended/m, 'but suspended it is';
    $publish->();
};

done_testing;
