#!/usr/bin/perl
# Certificates found by the DNS: the directories that a domain names there, and those that it has itself.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Digest::SHA qw(sha256_hex);
use JSON::PP;
use Test::More;
use Time::HiRes qw(time);

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $pki = "$Bed::top/tests/bed/pki";
my $dca = 'domain-confidentiality-authority';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my ($ldap) = $bed->{TB_LDAP_URI} =~ /(\d+)$/;
my $state = 0;
$ENV{CRL_URL} = $bed->{TB_CRL_URL};

sub shell { my $out = Bed::output("cd $dir && $_[0]"); $? == 0 or die "$_[0]: $out"; return $out }
sub certs { return Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} @_") }
sub json { my $out = certs('--json', @_); return eval { decode_json((split /\n/, $out)[0]) } // { text => $out } }
sub label { return substr(sha256_hex($_[0]), 0, 56) }
sub answers { Bed::write_file("$dir/answers", join '', map { "$_\n" } @_) }
sub asked { return Bed::read_file("$dir/dns.log") }

answers();
my $pid = fork // die;
if (!$pid) { close STDIN; close STDOUT; exec "$Bed::top/tests/bed/dns", "$dir/dns", "$dir/answers" }
open my $pids, '>>', "$dir/pids" or die;
print $pids "$pid\n";
close $pids;
Bed::wait_for(sub { -e "$dir/dns" }) or die 'no DNS server';
chomp(my $port = Bed::read_file("$dir/dns"));

# What the bed has set, the way out of its notices too.
my $own = Bed::read_file("$bed->{TB_A_POLICY}/settings");

# Hub A with these rows and settings, and a state of its own that has the lists.
sub fresh {
    my ($rows, $settings) = @_;
    $state++;
    Bed::write_file("$bed->{TB_A_POLICY}/directories", "lists seemail $bed->{TB_LDAP_URI} ou=SEEMAIL,c=NZ\n$rows");
    Bed::write_file("$bed->{TB_A_POLICY}/settings", "${own}state $dir/a/state.$state\n"
            . "fetch-pause 1\ndns-server 127.0.0.1:$port\n" . ($settings // ''));
    my $out = certs('refresh');
    $? == 0 or die $out;
}

my $srv = "dns discover ldap+srv:\n";
my $smimea = "dns discover smimea:\n";
my $b = label($dca) . '._smimecert.b.test';

subtest '2.8-ldap: found in the directory that the domain names in the DNS (SRV)' => sub {
    fresh($srv);
    answers("_ldap._tcp.b.test SRV 0 0 $ldap localhost");
    my $got = json('fetch b.test');
    is "$got->{usable} $got->{found}", '1 1', 'found';
    like asked(), qr/^33 _ldap\._tcp\.b\.test$/m, 'asked for by its name';
    fresh($srv);
    answers("_ldap._tcp.b.test SRV 20 0 $ldap localhost", '_ldap._tcp.b.test SRV 10 0 1 localhost');
    ok json('fetch b.test')->{usable}, 'the next by priority when the first does not answer';
    fresh($srv);
    answers("_ldap._tcp.b.test SRV 9 0 $ldap localhost", map { "_ldap._tcp.b.test SRV $_ 5 1 localhost" } 1 .. 3);
    $got = json('fetch b.test');
    is "$got->{usable} $got->{failed}", '0 1', 'a fourth is not asked';
    fresh($srv);
    answers("_ldap._tcp.b.test SRV 0 65535 $ldap localhost", map { "_ldap._tcp.b.test SRV 0 0 $_ localhost" } 1 .. 19);
    ok json('fetch b.test')->{usable}, 'among 20 of one priority, that of weight is asked';
    fresh($srv);
    answers('_ldap._tcp.b.test CNAME l.else.test', "l.else.test SRV 0 0 $ldap localhost");
    ok json('fetch b.test')->{usable}, 'through an alias';
    fresh($srv);
    answers('_ldap._tcp.b.test SRV 0 0 0 .');
    $got = json('fetch b.test');
    is "$got->{usable} $got->{failed}", '0 0', 'a domain that says that it has none';
    answers();
    $got = json('fetch b.test');
    is "$got->{usable} $got->{failed}", '0 0', 'and one that says nothing';
};

subtest '2.8-auto-a: a certificate in the DNS (SMIMEA) is used as far as the policy trusts the resolver' => sub {
    my @found = ("$b SMIMEA 3 0 0 $dir/ca/b.der");
    fresh($smimea);
    answers(@found, 'mode ad');
    my $got = json('fetch b.test');
    is "$got->{usable} $got->{found}", '0 1', 'kept, but not used: nobody vouches for the resolver';
    like asked(), qr/^53 \Q$b\E$/m, 'the name is that of RFC 8162';
    fresh($smimea, "dns-trusted yes\n");
    answers(@found);
    is json('fetch b.test')->{usable}, 0, 'nor where the answer is not authenticated';
    fresh($smimea, "seal-source unverified\n");
    ok json('fetch b.test')->{usable}, 'unless the policy seals with such';
    fresh($smimea, "dns-trusted yes\n");
    answers(@found, 'mode ad');
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[seemail] dns')), qr/^250/, 'accepted';
    my $mail = $bed->take('b') // '';
    like $mail, qr/^X-SEEMAIL-Verified: good/m, 'authenticated and trusted: sealed, delivered and opened';
};

subtest '2.8-ldap: certificates in the DNS are judged like others: DANE replaces no trusted root' => sub {
    shell("$pki cert ca wrong $dca $dca\@other.test; CA_NAME=Other $pki ca other; $pki cert other unknown $dca $dca\@b.test");
    fresh($smimea, "dns-trusted yes\nseal-source unverified\n");
    my %not = ('another domain' => "3 0 0 $dir/ca/wrong.der", 'an unknown CA' => "3 0 0 $dir/other/unknown.der",
        'an unknown CA, said to be trusted' => "2 0 0 $dir/other/ca.der", 'a key alone' => "3 1 0 $dir/ca/b.der",
        'a hash' => "3 0 1 $dir/ca/b.der", 'an unknown usage' => "4 0 0 $dir/ca/b.der", 'no certificate' => "3 0 0 $dir/ca/b.pem.none");
    Bed::write_file("$dir/ca/b.pem.none", 'none');
    for (sort keys %not) {
        answers("$b SMIMEA $not{$_}", 'mode ad');
        my $got = json('fetch b.test');
        is "$got->{usable} $got->{found}", '0 0', "of $_: not kept";
    }
    answers((map { "$b SMIMEA $_" } values %not), "$b SMIMEA 1 0 0 $dir/ca/b.der", 'mode ad');
    my $got = json('fetch b.test');
    is "$got->{usable} $got->{found}", '1 1', 'the good one among them is';
};

subtest '2.8-ldap: a resolver that lies or hangs costs its time limit, and the next row is asked' => sub {
    my @found = ("$b SMIMEA 3 0 0 $dir/ca/b.der", "_ldap._tcp.b.test SRV 0 0 $ldap localhost");
    my %text = (id => qr/no answer to us/, question => qr/another question/, tc => qr/cut short/, refused => qr/error 5/,
        loop => qr/cannot be read/, cut => qr/cannot be read/, short => qr/the resolver/, rubbish => qr/cannot be read|another question/,
        many => qr/more than 20/);
    for my $rows ($srv, $smimea) {
        fresh($rows, "dns-trusted yes\nseal-source unverified\n");
        for my $mode (sort keys %text) {
            answers(@found, "mode $mode");
            my $got = json('fetch b.test');
            is "$got->{usable} $got->{found} $got->{failed}", '0 0 1', "$mode: nothing is found";
            like $got->{text}, $text{$mode}, 'and it says why';
        }
    }
    for my $mode (qw(silent drip)) {
        fresh($smimea . "find discover $bed->{TB_LDAP_URI}\n");
        answers(@found, "mode $mode");
        my $start = time;
        my $got = json('fetch b.test');
        is "$got->{usable} $got->{failed}", '1 1', "$mode: given up, the next row has it";
        cmp_ok time - $start, '<', 35, 'after its 5 seconds, not the 40 of all';
    }
    fresh($smimea, "fetch-timeout 1\n");
    answers(@found, 'mode silent');
    like json('fetch b.test')->{text}, qr/no answer in time/, 'the limit of all holds too';
};

subtest '2.8-ldap: rows for the DNS: discovery alone, and without a password' => sub {
    my %bad = ("x seemail ldap+srv:" => qr/purpose|discover, with/, "x discover ldap+srv: - - - cn=us" => qr/nothing, where the DNS/,
        "x discover smimea: - - - - - - starttls" => qr/starttls with/, "x discover srv:" => qr/ldapi/);
    for (sort keys %bad) {
        Bed::write_file("$bed->{TB_A_POLICY}/directories", "$_\n");
        like certs('fetch b.test'), $bad{$_}, $_;
    }
    my %server = ('nowhere' => qr/not ADDRESS/, '[::1' => qr/not ADDRESS/, '1.2.3.4:x' => qr/not ADDRESS/, '127.0.0.1:1' => qr/refused/,
        '[::1]:1' => qr/the resolver/);
    for my $server (sort keys %server) {
        fresh($smimea);
        Bed::change("$bed->{TB_A_POLICY}/settings", sub { s/^dns-server .*/dns-server $server/m });
        like json('fetch b.test')->{text}, $server{$server}, "dns-server $server";
    }
};

done_testing;
