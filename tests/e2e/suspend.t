#!/usr/bin/perl
# Broken surroundings: mail waits or is refused for now, nothing is lost, nothing goes out in clear [1.2-suspend].
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

$ENV{TB_DELAY_WARNING} = '4s';
my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $owner = $> == 0 ? 'Debian-exim:' : '';
Bed::change("$_/events", sub { s/^(\S+\s+)(?:mail|digest)/$1log/mg }) for @$bed{qw(TB_A_POLICY TB_B_POLICY)}; # what arrives is to be counted

# The outside sink shows all that leaves hub A but what goes to B.
sub to_partner { return $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail(Subject => '[seemail] x')) }
sub to_stranger { return $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', Bed::mail()) }

# The mail is in the queue with this reason, and goes out once the trouble is over.
sub waits {
    my ($what, $reason, $mend) = @_;
    $bed->mark('a');
    like to_partner(), qr/^250/, "$what: accepted";
    ok $bed->wait_log('a', "bob\@b.test .*defer.*$reason"), "$what: waits, and the log says why"
        or diag $bed->log('a') =~ s/.*queue run.*\n//gr;
    is $bed->waiting('b') + $bed->waiting('outside'), 0, "$what: nothing went out";
    ok Bed::wait_for(sub { $bed->queue('a') == 1 }), "$what: it alone is in the queue, a notice is delivered";
    $mend->();
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, "$what: goes out, sealed, when that is mended";
    ok Bed::wait_for(sub { $bed->queue('a') == 0 }), "$what: the queue is empty";
}

sub refused_for_now {
    my ($what, $answer, $pattern) = @_;
    like $answer, qr/^4\d\d.*$pattern/s, "$what: 4xx";
    ok Bed::wait_for(sub { $bed->queue('a') == 0 }), "$what: nothing was taken";
    is $bed->waiting('b') + $bed->waiting('outside'), 0, "$what: nothing went out";
}

sub moved {
    my ($path) = @_;
    rename $path, "$path.away" or die "$path: $!";
    return sub { unlink $path; rename "$path.away", $path or die "$path: $!" };
}

# Puts a script in the place of a program; the real one is at $real.
sub wrapped {
    my ($script) = @_;
    my $path = "$dir/bin/seemail-filter";
    my $back = moved($path);
    Bed::write_file($path, "#!/bin/sh\nreal=$path.away\n$script\n");
    chmod 0755, $path;
    return $back;
}

subtest '1.2-suspend: a policy that cannot be read' => sub {
    for my $table (qw(settings triggers identity partners directories algorithms hosts outcomes events)) {
        my $mend = Bed::change("$bed->{TB_A_POLICY}/$table", sub { $_ .= "\"broken\n" });
        $bed->mark('a');
        refused_for_now("$table broken", to_stranger(), 'SEEMail');
        ok $bed->wait_log('a', "failure=policy reason=.*$table:\\d+"), "$table: the log names file and line";
        $mend->();
    }
    my $back = moved($bed->{TB_A_POLICY});
    refused_for_now('no policy', to_partner(), 'SEEMail');
    $back->();
    like to_stranger(), qr/^250/, 'and then it works again';
    ok $bed->take('outside'), 'and arrives';
};

subtest '2.4-keys: a key store that is missing, open to others or locked' => sub {
    my $store = $bed->{TB_A_NSSDB};
    my $back = moved($store);
    waits('missing', 'key store|nssdb', $back);
    chmod 0640, "$store/key4.db";
    waits('readable by the group', 'key4.db', sub { chmod 0600, "$store/key4.db" });
    chmod 0000, "$store/key4.db";
    waits('unreadable', 'key4.db', sub { chmod 0600, "$store/key4.db" });
    waits('wrong password', 'password', Bed::change("$store/password", sub { $_ = "wrong\n" }));
    my $corrupt = Bed::change("$store/key4.db", sub { $_ = 'x' x 5000 });
    waits('corrupt', 'key store', $corrupt);
    SKIP: {
        skip 'another owner needs root', 1 unless $> == 0;
        chown 1, 1, "$store/key4.db";
        waits('another owner', 'key4.db', sub { system "chown $owner $store/key4.db" });
    }
    my $incoming = $bed->send('a', 'outside', 'x@elsewhere.test', 'alice@a.test', Bed::mail());
    like $incoming, qr/^250/, 'plain mail does not need it';
    $bed->take('a');
};

subtest '2.4-keys: encrypted mail that comes in while the key store is away' => sub {
    my $back = moved($bed->{TB_B_NSSDB});
    like to_partner(), qr/^250/, 'hub A takes the mail';
    ok $bed->wait_log('a', 'bob@b.test .*SMTP error.*451.*SEEMail'), 'hub B answers 451';
    ok Bed::wait_for(sub { $bed->queue('a') == 1 }), 'it stays with A';
    $back->();
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'and arrives when B is well';
};

subtest '1.2-suspend: a state that is missing, corrupt, cut short or unreadable' => sub {
    my $state = $bed->{TB_A_STATE};
    my $data = Bed::read_file("$state/data.mdb");
    my %trouble = (
        missing => moved("$state/data.mdb"),
    );
    refused_for_now('missing', to_stranger(), 'state');
    $trouble{missing}->();
    for my $what (['garbage', 'x' x 100_000], ['empty', ''], ['cut short', substr $data, 0, 12_000]) {
        my $mend = Bed::change("$state/data.mdb", sub { $_ = $what->[1] });
        refused_for_now($what->[0], to_partner(), 'state');
        $mend->();
    }
    SKIP: {
        skip 'root reads everything', 1 if $> == 0 && !$owner;
        chmod 0000, "$state/data.mdb";
        refused_for_now('unreadable', to_stranger(), 'state');
        chmod 0600, "$state/data.mdb";
    }
    like to_partner(), qr/^250/, 'and then it works again';
    ok $bed->take('b'), 'and arrives';
};

subtest '1.2-suspend: a hook that is not there' => sub {
    my $back = moved("$dir/bin/seemail.so");
    refused_for_now('missing', to_partner(), 'local_scan');
    Bed::write_file("$dir/bin/seemail.so", 'no library');
    refused_for_now('no library', to_partner(), 'local_scan');
    $back->();
};

subtest '1.2-suspend: a filter that is missing, killed, or out of memory' => sub {
    waits('missing', 'seemail-filter', moved("$dir/bin/seemail-filter"));
    waits('killed', 'transport filter process failed', wrapped('[ "$1" != seal ] || kill -9 $$; exec $real "$@"'));
    waits('out of memory', 'transport filter process failed',
        wrapped('[ "$1" != seal ] || ulimit -v 8000; exec $real "$@"'));
    my $back = wrapped('[ "$1" != verify ] || kill -9 $$; exec $real "$@"');
    to_partner();
    ok $bed->wait_log('a', 'bob@b.test .*451.*SEEMail'), 'killed while it verifies: 451';
    is $bed->waiting('b'), 0, 'nothing unverified is delivered';
    $back->();
    ok $bed->take('b'), 'and arrives later';
};

subtest '1.2-suspend: a disk that is full' => sub {
    $bed->mark('a');
    my $back = wrapped('[ "$1" != seal ] || { trap "" XFSZ; ulimit -f 200; }; exec $real "$@"');
    my $mail = Bed::mail(Subject => '[seemail]', body => "line of text\n" x 100_000);
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', $mail), qr/^250/, 'accepted';
    ok $bed->wait_log('a', 'transport filter process failed'), 'waits';
    is $bed->waiting('b'), 0, 'nothing cut short went out';
    $back->();
    my $arrived = $bed->take('b') // '';
    is length Bed::body($arrived), 1_300_000, 'and arrives whole';
};

subtest '2.1-seemail-list: the directory is gone' => sub {
    my ($pid) = Bed::read_file("$dir/ldap/slapd.pid") =~ /(\d+)/;
    kill 'TERM', $pid;
    ok Bed::wait_for(sub { !-e "$dir/ldap/slapd.pid" }), 'slapd has stopped';
    my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
    my $out = Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} refresh");
    is $? >> 8, 75, 'refresh fails for now';
    like $out, qr/directory ldap:/, 'and says which';
    like Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} status"), qr/SEEMAIL: 2 entries, fetched \d+ \w+ ago/,
        'the last good copy is kept, and its age told';
    like Bed::output("$as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} list SEEMAIL"), qr/^\*\@b\.test +cn=b\.test,ou=SEEMAIL/m,
        'by address and DN';
    to_partner();
    like $bed->take('b') // '', qr/verified: good/i, 'mail flows, sealed';
};

subtest '2.9-validown: our own certificate has expired, or is self-signed' => sub {
    my $pki = "$Bed::top/tests/bed/pki";
    my $dca = 'domain-confidentiality-authority';
    Bed::output("FROM=20240101000000Z TO=20250101000000Z $pki cert $dir/ca gone $dca $dca\@a.test && "
            . "$pki store $dir/ca $bed->{TB_A_NSSDB} gone Gone; openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=self "
            . "-keyout $dir/ca/self.key -out $dir/ca/self.pem; $pki store $dir/ca $bed->{TB_A_NSSDB} self Self; "
            . ($owner ? "chown -R $owner $bed->{TB_A_NSSDB}" : 'true'));
    waits('expired', 'our own certificate.*expired', Bed::change("$bed->{TB_A_POLICY}/identity", sub { s/"a DCA"/Gone/g }));
    waits('2.5-ca-issued', 'self-signed', Bed::change("$bed->{TB_A_POLICY}/identity", sub { s/"a DCA"/Self/g }));
};

subtest '2.9-validkey: a partner without a usable certificate' => sub {
    my $mend = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "*\@c.test\n*\@d.test\n*\@e.test\n" });
    my $pki = "$Bed::top/tests/bed/pki";
    my $dca = 'domain-confidentiality-authority';
    my $add = "certutil -A -d sql:$bed->{TB_A_NSSDB} -f $bed->{TB_A_NSSDB}/password -t ,,";
    Bed::output("FROM=20240101000000Z TO=20250101000000Z $pki cert $dir/ca d $dca $dca\@d.test && $add -n d -i $dir/ca/d.pem");
    Bed::output("CA_NAME=Other $pki ca $dir/other && $pki cert $dir/other e $dca $dca\@e.test && $add -n e -i $dir/other/e.pem");
    my %reason = (c => 'no certificate is known', d => 'expired', e => 'no path to a trusted root');
    $bed->mark('a');
    for my $x (sort keys %reason) {
        like $bed->send('a', 'inside', 'alice@a.test', "x\@$x.test", Bed::mail(Subject => '{sensitive}')), qr/^250/, "$x: accepted";
        ok $bed->wait_log('a', "x\@$x.test .*defer.*cannot seal.*$reason{$x}"), "$x: waits: $reason{$x}";
    }
    ok $bed->take_matching('a', qr/Warning: message.*cannot seal: no certificate is known for $dca\@c\.test/s),
        '2.8-hold: the delay warning says why';
    is $bed->waiting('outside'), 0, 'nothing went out';
    Bed::output("$pki cert $dir/ca c $dca $dca\@c.test && $add -n c -i $dir/ca/c.pem");
    like $bed->take('outside') // '', qr/pkcs7-mime/, 'sealed once there is a certificate';
    $mend->();
};

done_testing;
