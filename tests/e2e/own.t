#!/usr/bin/perl
# Our own certificates: what status says of them, and what becomes of mail.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use JSON::PP;
use POSIX qw(strftime);
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $pki = "$Bed::top/tests/bed/pki";
my $dca = 'domain-confidentiality-authority';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my $identity = "$bed->{TB_A_POLICY}/identity";
$ENV{CRL_URL} = $bed->{TB_CRL_URL};

sub shell { my $out = Bed::output("cd $dir && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }
sub owned { shell("chown -R Debian-exim: $bed->{TB_A_NSSDB}") if $> == 0 }
sub certs { return Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} @_") }
sub day { return strftime('%Y%m%d000000Z', gmtime(time + 86400 * $_[0])) }

# A certificate with its key in hub A's store: days from now.
sub own {
    my ($name, $from, $to, %o) = @_;
    local @ENV{qw(FROM TO)} = (day($from), day($to));
    local $ENV{CRL_URL} = exists $o{crl} ? $o{crl} : $ENV{CRL_URL};
    shell("$pki cert $dir/ca $name " . ($o{cn} // $dca) . ' ' . ($o{address} // "$dca\@a.test"));
    shell("$pki store $dir/ca $bed->{TB_A_NSSDB} $name '$name'") unless $o{only};
    owned();
}

# What status says of one nickname: the names of its findings.
sub findings {
    my ($nickname) = @_;
    my $out = Bed::output("$as $dir/bin/seemail-certs --json --policies $bed->{TB_A_POLICY} status 2>/dev/null");
    my $exit = $? >> 8;
    my $answer = eval { decode_json($out) } or return "no JSON: $out";
    my ($own) = grep { $_->{nickname} eq $nickname } @{ $answer->{own} };
    return join ' ', $exit, $own ? ($own->{level}, map { $_->{name} } @{ $own->{findings} }) : "no $nickname";
}

sub with_identity { my ($text, $code) = @_; my $undo = Bed::change($identity, sub { $_ = $text }); $code->(); $undo->() }
sub setting { my ($text) = @_; return Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ .= "$text\n" }) }

# What the filter would say before it seals; nothing when it would.
sub ready {
    local $ENV{SEEMAIL_HOME} = "$dir/a";
    return Bed::output("$as env SEEMAIL_HOME=$dir/a $dir/bin/seemail-filter ready seal 1abc a.test 0 \"\" bob\@b.test");
}

subtest '2.3-thirteen: status warns ahead, and a monitor sees it' => sub {
    is findings('a DCA'), '0 good', 'all is well';
    my $out = certs('status');
    is $? >> 8, 0, 'exit status 0';
    like $out, qr/^good "a DCA": signs, is encrypted to for a\.test, \.a\.test; until 20\d\d-\d\d-\d\d \(36\d days\)$/m, 'for people';
    own('long', -1, 400);
    own('soon', -300, 20);
    own('urgent', -300, 3);
    own('over', -300, -3);
    own('early', 3, 300);
    own('old', -365 * 4 - 10, -1200);
    own('nocrl', -1, 300, crl => '');
    own('cn', -1, 300, cn => 'Agency');
    own('address', -1, 300, address => "$dca\@other.test");
    my %expected = (long => '1 warning over-13-months', soon => '1 warning expires-soon', urgent => '2 critical expires-soon',
        over => '2 critical expired', early => '2 critical invalid', nocrl => '2 critical no-crl-pointer', cn => '1 warning name',
        address => '1 warning address', missing => '2 critical no-certificate');
    for my $name (sort keys %expected) {
        with_identity("a.test $name\n", sub { is findings($name), $expected{$name}, $name });
    }
    with_identity("a.test over\n", sub { like certs('status'), qr/^critical "over".*\n +critical: expired\n +run seemail-certs renew/m,
        'and the next step' });
    with_identity("a.test \"a DCA\" \"a DCA, over\"\n", sub { is findings('over'), '0 good', '2.10-oldkeys: an old key may be expired' });
    with_identity(".sub.a.test \"a DCA\"\n", sub { is findings('a DCA'), '0 good', '2.6-mapping: for a domain below its own' });
};

# A further certificate, NAME-2, for the key of one: days from now.
sub again {
    my ($name, $from, $to, %o) = @_;
    local @ENV{qw(FROM TO)} = (day($from), day($to));
    shell("cd ca && : >dated.txt && openssl req -new -key $name.key -subj '/C=NZ/O=$name/CN=$dca' -out $name-2.csr "
            . "&& openssl ca -batch -config dated.conf -cert ca.pem -keyfile ca.key -notext -startdate $ENV{FROM} -enddate $ENV{TO} "
            . "-extfile $name.ext -in $name-2.csr -out $name-2.pem 2>/dev/null && chmod a+r $name-2.pem && cd .. "
            . ($o{only} ? 'true' : "&& $pki add $dir/ca $bed->{TB_A_NSSDB} $name-2 $name"));
    owned();
}

# Two certificates for one key, the first of them so many years ago.
sub same_key {
    my ($years, $name) = @_;
    own($name, -365 * $years - 10, -365 * $years + 100);
    again($name, -2, 300);
}

subtest '2.3-thirteen: the age of a key pair, by its first certificate' => sub {
    same_key(4, 'four');
    same_key(5, 'five');
    with_identity("a.test four\n", sub { is findings('four'), '1 warning key-over-4-years', 'four years'; is ready(), '', 'signs' });
    my $undo = setting('own-limits refuse');
    with_identity("a.test four\n", sub { is ready(), '', 'and signs still when limits refuse' });
    with_identity("a.test five\n", sub {
        is findings('five'), '2 critical key-over-5-years', 'five years';
        like ready(), qr/"five".*key pair is more than 5 years old/, 'is refused';
    });
    $undo->();
    with_identity("a.test five\n", sub { is findings('five'), '1 warning key-over-5-years', 'as a warning'; is ready(), '', 'signs' });
};

subtest '2.3-thirteen: the policy refuses a certificate over the limit, and mail waits' => sub {
    my $undo = setting('own-limits refuse');
    with_identity("a.test long\n", sub {
        is findings('long'), '2 critical over-13-months', 'critical then';
        $bed->mark('a');
        like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail()), qr/^250/, 'accepted';
        ok $bed->wait_log('a', 'bob@b.test .*defer.*longer than 13 months'), 'waits, and the log says why';
        is $bed->waiting('b') + $bed->waiting('outside'), 0, 'nothing went out';
        $undo->();
        like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'goes out when the policy lets it';
    });
};

subtest '2.7-crldp: our own certificate without a CRL pointer is refused' => sub {
    with_identity("a.test nocrl\n", sub {
        like ready(), qr/"nocrl".*no CRL distribution point/, 'refused';
        my $undo = setting('own-crl-pointer warn');
        is ready(), '', 'the policy may allow it';
        is findings('nocrl'), '1 warning no-crl-pointer', 'with a warning';
        $undo->();
    });
};

sub serial { return shell("openssl x509 -in ca/$_[0].pem -noout -serial") =~ s/serial=|\n//gr }
my $number = 500;

our $why = 4; # superseded

sub revoke {
    $number++;
    shell("$Bed::top/tests/bed/crl ca http/ca.crl number=$number next=864000 revoked=" . join ',', map { "$_:$why" } @_);
    certs("crl import $dir/http/ca.crl");
}

subtest '2.9-validown: of ours one that was revoked stops no mail while another is good' => sub {
    own('two', -100, 200);
    again('two', -1, 300);
    my ($old, $new) = (serial('two'), serial('two-2'));
    my $used = sub { return decode_json(certs('--json status 2>/dev/null'))->{own}[0] };
    with_identity("a.test two\n", sub {
        is $used->()->{serial} =~ s/://gr, $new, 'the newest is used';
        revoke($new);
        is $used->()->{serial} =~ s/://gr, $old, 'the newest was revoked: the one before is used';
        is findings('two'), '1 warning passed-over', 'and status says so';
        like certs('status'), qr/a newer one, \S+, is not used: revoked/, 'why';
        is scalar @{ $used->()->{others} }, 0, 'what was revoked is not among what else may be used';
        is ready(), '', 'mail goes out';
        revoke($old, $new);
        is findings('two'), '2 critical revoked', 'all revoked: status is critical';
        like ready(), qr/our own certificate "two": revoked/, 'and mail waits';
        revoke();
        is findings('two'), '0 good', 'in the next CRL none is: good';
    });
};

subtest '1.9-compromise: a key whose certificate was revoked for it is not used with another certificate' => sub {
    own('same', -100, 200);
    again('same', -1, 300);
    my ($old, $new) = (serial('same'), serial('same-2'));
    my $there = 'cn=a,ou=agencies,c=NZ';
    my $undo = Bed::change("$bed->{TB_A_POLICY}/directories",
        sub { $_ .= "ours publish $bed->{TB_LDAP_URI} $there - - cn=admin,c=NZ nssdb/ldap-password\n" });
    Bed::write_file("$bed->{TB_A_NSSDB}/ldap-password", "secret\n");
    chmod 0600, "$bed->{TB_A_NSSDB}/ldap-password";
    owned();
    my $entry = sub { scalar(() = shell("ldapsearch -x -LLL -H $bed->{TB_LDAP_URI} -b $there userCertificate") =~ /^userCertificate;binary/mg) };
    with_identity("a.test same\n", sub {
        my $before = $entry->();
        certs('publish');
        is $entry->(), $before + 2, 'both are published';
        local $why = 1; # keyCompromise
        revoke($new);
        like ready(), qr/our own certificate "same": revoked/, 'mail waits';
        is findings('same'), '2 critical revoked', 'status is critical';
        certs('publish');
        is $entry->(), $before, 'neither is to be found any more';
        revoke($old);
        is ready(), '', 'the CA has made a new one for it since: that counts';
        revoke();
    });
    $undo->();
};

subtest '2.8-auto-b: a renewed certificate that was revoked already is not taken in' => sub {
    own('taken', -100, 200);
    again('taken', -1, 300, only => 1);
    with_identity("a.test taken\n", sub {
        revoke(serial('taken-2'));
        like certs("renew --install $dir/ca/taken-2.pem"), qr/^refused "taken": .*: revoked/m, 'refused';
        is $? >> 8, 65, 'exit status 65';
        revoke();
        like certs("renew --install $dir/ca/taken-2.pem"), qr/^installed "taken": /m, 'taken in when it is not';
    });
};

subtest '2.3-thirteen: a broken key store and a state never fetched are critical' => sub {
    rename "$bed->{TB_A_NSSDB}/key4.db", "$dir/key4.away";
    my $out = certs('status');
    is $? >> 8, 2, 'no key store: exit status 2';
    like $out, qr/key4\.db/, 'says what';
    like $out, qr/^SEEMAIL: 2 entries/m, 'the rest is shown all the same';
    like certs('--json status 2>/dev/null'), qr/"faults":\[".*key4\.db.*"\],"level":"critical"/, 'for programs too';
    rename "$dir/key4.away", "$bed->{TB_A_NSSDB}/key4.db";
    my $undo = setting("state $dir/nowhere");
    like certs('status'), qr/^SEEMAIL: never fetched: run seemail-certs refresh$/m, 'nothing fetched';
    is $? >> 8, 2, 'exit status 2';
    $undo->();
};

done_testing;
