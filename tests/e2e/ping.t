#!/usr/bin/perl
# Pings: the hub answers those that it can verify, sealed, and nobody else; and asks others itself [2.14-ping].
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use JSON::PP;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';

sub ping { return Bed::output("$as env SEEMAIL_BIN=$dir/bin $dir/bin/seemail-ping --policies $bed->{TB_A_POLICY} @_") }
sub log_of { my ($x) = @_; my $path = "$dir/$x/log/seemail"; return -e $path ? Bed::read_file($path) : '' }
sub refused { my ($x, $reason) = @_; return Bed::wait_for(sub { log_of($x) =~ /event=request-refused.*$reason/ }) }
sub fresh { Bed::write_file("$dir/$_/log/seemail", '') for 'a', 'b' }
sub messages { my ($x) = @_; my $n = () = $bed->log($x) =~ / <= /g; return $n }

# What an administrator writes by hand to the hub of a partner.
sub by_hand { my (%h) = @_; return $bed->send('a', 'inside', 'alice@a.test', $h{to} // 'seemail-ping@b.test', Bed::mail(Subject => 'ping', %h{grep { $_ ne 'to' } keys %h})) }

subtest '2.14-ping: the command shows round trip, certificate and algorithms' => sub {
    my $out = ping('b.test');
    is $? >> 8, 0, 'answered';
    like $out, qr/^Verified +good$/m, 'and the answer verified';
    like $out, qr/^Signed by +domain-confidentiality-authority\@b\.test$/m, 'by the certificate of the partner';
    like $out, qr/^Algorithms +(?=.*aes-256)(?=.*sha256)(?=.*rsa)/m, 'it was signed and encrypted';
    like $out, qr/^SEEMail +2\.2$/m, 'the version of SEEMail';
    like $out, qr/^Software +SEEMail for Exim \d/m, 'software and its version';
    like $out, qr/^Our mail there +good$/m, 'what he thinks of ours';
    like $out, qr/^Sealed by +(?=.*aes-256)(?=.*sha256)/m, 'and how it came';
    like $out, qr/^Agencies known +2$/m, 'the agencies that he knows';
    like $out, qr/^Round trip +\d+\.\d{3} seconds$/m, 'round trip';
    like $bed->log('b'), qr/<= <> .* for seemail-ping\@a\.test/, 'the answer has no envelope sender';
    my $json = decode_json(ping('--json', 'b.test'));
    is "@$json{qw(verdict version seen_verdict agencies)}", 'good 2.2 good 2', 'as JSON';
    is $bed->waiting('a') + $bed->waiting('b') + $bed->waiting('outside'), 0, 'no person sees any of it';
    is scalar(glob "$dir/a/state/pings/*") // '', '', 'and nothing is left behind';
};

subtest '2.14-ping: a person may ask too, and gets the answer as mail' => sub {
    like by_hand(), qr/^250/, 'sent';
    my $mail = $bed->take('a') // '';
    like $mail, qr/^X-SEEMAIL-Verified: good/m, 'sealed and verified';
    like $mail, qr/^From: postmaster\@b\.test$/m, 'from the postmaster';
    like $mail, qr/^Auto-Submitted: auto-replied$/m, 'made by a program';
    like $mail, qr/^Agencies known: 2\n  \*\@a\.test\n  \*\@b\.test$/m, 'with their names';
};

subtest '2.14-ping: nobody else gets an answer' => sub {
    fresh();
    my $before = messages('b');
    my %unverified = (unsigned => Bed::mail(From => 'eve@elsewhere.test', To => 'seemail-ping@b.test'),
        'in the name of a partner' => Bed::mail(From => 'alice@a.test', To => 'seemail-ping@b.test'));
    for my $what (sort keys %unverified) {
        fresh();
        like $bed->send('b', 'outside', 'eve@elsewhere.test', 'seemail-ping@b.test', $unverified{$what}), qr/^250/, "$what: taken";
        ok refused('b', 'not verified'), 'no answer';
    }
    my $mend = Bed::change("$bed->{TB_B_POLICY}/directories", sub { s/^lists.*\n//m });
    fresh();
    by_hand();
    ok refused('b', 'no partner'), 'verified, but no partner: not in clear';
    $mend->();
    ok Bed::wait_for(sub { $bed->queue('b') == 0 }), 'nothing waits';
    is messages('b') - $before, 3, 'and nothing was written';
    rename $bed->{TB_B_NSSDB}, "$bed->{TB_B_NSSDB}.away";
    fresh();
    $bed->send('b', 'outside', 'eve@elsewhere.test', 'seemail-ping@b.test', $unverified{unsigned});
    ok refused('b', 'not verified'), 'nor while there is no key store';
    ok Bed::wait_for(sub { $bed->queue('b') == 0 }), 'it does not wait for one, which its sender would be told';
    rename "$bed->{TB_B_NSSDB}.away", $bed->{TB_B_NSSDB};
};

subtest '2.12-principles: answers are never answered' => sub {
    my %mails = (
        'an answer' => { 'In-Reply-To' => '<x@b.test>' },
        'a program' => { 'Auto-Submitted' => 'auto-replied' },
        'a list' => { 'List-Id' => '<x.a.test>' },
        'a postmaster' => { From => 'postmaster@a.test' });
    for my $what (sort keys %mails) {
        fresh();
        my $before = messages('b');
        by_hand(%{ $mails{$what} });
        ok refused('b', 'made by a program'), "$what: no answer";
        is messages('b') - $before, 1, 'nothing was written';
    }
    fresh();
    $bed->send('a', 'inside', '', 'seemail-ping@b.test', Bed::mail());
    ok refused('b', 'made by a program'), 'without a sender: no answer';
};

subtest '2.14-ping: not more often than the policy allows' => sub {
    my $mend = Bed::change("$bed->{TB_B_POLICY}/settings", sub { $_ .= "answers 7\n" });
    fresh();
    by_hand() for 1 .. 10;
    ok refused('b', 'too many'), 'then no more';
    my $n = 0;
    $n++ while $n < 10 && (Bed::wait_for(sub { $bed->queue('a') + $bed->queue('b') == 0 }), $bed->waiting('a')) && $bed->take('a');
    cmp_ok $n, '<=', 7, "answered $n of 10";
    # A partner whose answers are pings again: each hub takes the other's answer for a question.
    $mend->();
    $mend = Bed::change("$bed->{TB_A_POLICY}/settings", sub { $_ .= "answers 3\n" });
    fresh();
    my $before = messages('a');
    for my $i (1 .. 8) {
        $bed->send('b', 'inside', 'seemail-ping@b.test', 'seemail-ping@a.test', Bed::mail(From => 'seemail-ping@b.test', To => 'seemail-ping@a.test'));
    }
    ok refused('a', 'too many'), 'pings that answer pings end';
    ok Bed::wait_for(sub { $bed->queue('a') + $bed->queue('b') == 0 }), 'the queues are empty';
    cmp_ok messages('a') - $before, '<=', 8 + 3, 'after three answers';
    $mend->();
};

subtest '2.14-ping: clear failures' => sub {
    my $out = ping('elsewhere.test');
    is $? >> 8, 69, 'no partner';
    like $out, qr/elsewhere\.test is no partner/, 'and says so';
    my $mend = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "*\@c.test\n" });
    $out = ping('c.test');
    is $? >> 8, 69, 'no certificate';
    like $out, qr/no certificate is known for domain-confidentiality-authority\@c\.test/, 'and says so';
    $mend->();
    $mend = Bed::change("$bed->{TB_B_POLICY}/settings", sub { $_ .= "answers 0\n" });
    $out = ping('--wait', 2, 'b.test');
    is $? >> 8, 75, 'no answer';
    like $out, qr/no answer from b\.test in 2 seconds/, 'and says so';
    $mend->();
    ping('');
    is $? >> 8, 64, 'no domain';
    ping('--wait', 'x', 'b.test');
    is $? >> 8, 64, 'no number';
};

subtest '2.4-authentic: an answer that is not verified is shown as such' => sub {
    my $pid = fork // die "fork: $!";
    if (!$pid) { Bed::write_file("$dir/pinged", ping('--wait', 120, 'b.test') . ($? >> 8)); require POSIX; POSIX::_exit(0) }
    my $mend = Bed::change("$bed->{TB_B_POLICY}/settings", sub { $_ .= "answers 0\n" });
    my $name = Bed::wait_for(sub { (glob "$dir/a/state/pings/*")[0] });
    $name =~ s{.*/}{};
    $bed->send('a', 'outside', '', 'seemail-ping@a.test', Bed::mail(From => 'postmaster@b.test', 'In-Reply-To' => "<$name\@a.test>", body => "SEEMail: 2.2\nSoftware: \e[2Jx\n"));
    waitpid $pid, 0;
    my $out = Bed::read_file("$dir/pinged");
    SKIP: {
        skip 'the right answer was first', 3 if $out =~ /^Verified +good/m;
        like $out, qr/^Verified +none$/m, 'not verified';
        like $out, qr/69\z/, 'and the exit status says so';
        like $out, qr/^Software +\?\[2Jx$/m, 'nothing acts on the terminal';
    }
    $mend->();
};

subtest '2.4-authentic: an answer that is verified, and somebody else\'s, is shown as such' => sub {
    local $ENV{CRL_URL} = $bed->{TB_CRL_URL};
    my $dca = 'domain-confidentiality-authority';
    Bed::output("$Bed::top/tests/bed/pki cert $dir/ca other $dca $dca\@other.test");
    my $mend = Bed::change("$bed->{TB_B_POLICY}/settings", sub { $_ .= "answers 0\n" });
    my $pid = fork // die "fork: $!";
    if (!$pid) { Bed::write_file("$dir/pinged", ping('--wait', 120, 'b.test') . ($? >> 8)); require POSIX; POSIX::_exit(0) }
    my $name = Bed::wait_for(sub { (glob "$dir/a/state/pings/*")[0] });
    $name =~ s{.*/}{};
    Bed::write_file("$dir/entity", "Content-Type: text/plain\r\n\r\nSEEMail: 2.2\r\n");
    my $mail = "From: postmaster\@other.test\nTo: seemail-ping\@a.test\nIn-Reply-To: <$name\@a.test>\n"
        . Bed::output("cd $dir && openssl cms -sign -in entity -signer ca/other.pem -inkey ca/other.key") =~ s/\r//gr;
    like $bed->send('a', 'outside', '', 'seemail-ping@a.test', $mail), qr/^250/, 'it comes';
    waitpid $pid, 0;
    my $out = Bed::read_file("$dir/pinged");
    like $out, qr/^Verified +good$/m, 'verified';
    like $out, qr/^Answer from +other\.test$/m, 'whose it is';
    like $out, qr/the answer is not from b\.test/, 'not who was asked';
    like $out, qr/69\z/, 'and the exit status says so';
    $mend->();
};

subtest '1.2-multi: a ping beside other recipients' => sub {
    like $bed->send('a', 'inside', 'alice@a.test', ['seemail-ping@b.test', 'bob@b.test'], Bed::mail(Subject => 'both')), qr/^250/, 'sent';
    like $bed->take_matching('b', qr/^Subject: both/m) // '', qr/^X-SEEMAIL-Verified: good/m, 'one gets the mail';
    like $bed->take_matching('a', qr/^Subject: SEEMail ping: answer/m) // '', qr/Your message: good/, 'the hub answers for the other';
};

done_testing;
