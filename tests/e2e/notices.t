#!/usr/bin/perl
# Notices: who is told what, and how often; who never is [2.12, 2.8-hold, 1.2-suspend].
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';

sub events { my ($text) = @_; return Bed::write_file("$bed->{TB_A_POLICY}/events", $text) }
sub flush { return Bed::output("$as $dir/bin/seemail-responder --policies $bed->{TB_A_POLICY} flush @_") }
sub trusted { my @names = @_; return Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= join '', map { "*\@$_.test\n" } @names }) }
sub from_hub { return $bed->take_matching('a', qr/^Auto-Submitted: auto-generated/m) // '' }
# Exim's own warnings of delay come too, but are not ours.
sub notices { my $about = shift // ''; return scalar grep { Bed::read_file($_) =~ /^Subject: SEEMail on.*$about/ms } glob $bed->maildir('a') . '/new/*' }
sub no_more { flush(); select undef, undef, undef, 0.2; return notices() }

my $mend = trusted('c', 'd');
events(Bed::read_file("$Bed::top/policies/events"));

subtest '2.8-hold: the administrator is told at once of a mail that waits' => sub {
    my $secret = 'What nobody but Carol may read';
    like $bed->send('a', 'inside', 'alice@a.test', 'carol@c.test', Bed::mail(Subject => "[in confidence] $secret", body => "$secret\n")),
        qr/^250/, 'accepted';
    my $mail = from_hub();
    my ($id) = $bed->log('a') =~ /(\S+) <= alice\@a\.test/;
    like $mail, qr/^From: postmaster\@a\.test$/m, '2.12-postmaster: from postmaster at our domain';
    like $mail, qr/^To: postmaster\@a\.test$/m, 'to the administrator';
    like $mail, qr/^Subject: SEEMail on a\.test: Mail waits because it cannot be sealed \(once\)$/m, 'what it is about';
    like $mail, qr/c\.test: once.*no certificate is known for domain-confidentiality-authority\@c\.test.*Message: \Q$id\E/s, 'why, and which';
    like $mail, qr/^Message-ID: <\S+\@a\.test>$/m, 'with a Message-ID';
    like $mail, qr/^Date: \w{3}, \d\d \w{3} \d{4} /m, 'and a date';
    unlike $mail, qr/\Q$secret\E/i, 'nothing of the message itself';
    like $bed->log('a'), qr/<= <> .* for postmaster\@a\.test/, 'its envelope has no sender';
    is no_more(), 0, 'and only once, however often the mail is tried';
};

subtest '2.12-from-postmaster: what makes no notice' => sub {
    events("held mail\nreceived-unverified mail\nkeystore-failed mail\nstate-failed mail\nfailed mail\n");
    my %mails = (
        'a postmaster' => ['postmaster@a.test', Bed::mail(From => 'postmaster@a.test')],
        'no sender' => ['', Bed::mail()],
        'a list' => ['alice@a.test', Bed::mail('List-Id' => '<x.a.test>')],
        'precedence' => ['alice@a.test', Bed::mail(Precedence => 'bulk')],
        'a program' => ['alice@a.test', Bed::mail('Auto-Submitted' => 'auto-replied (vacation)')],
        'from a postmaster by its header' => ['bounces@a.test', Bed::mail(From => 'Postmaster <PostMaster@a.test>')],
    );
    for my $what (sort keys %mails) {
        $bed->mark('a');
        my ($sender, $mail) = @{ $mails{$what} };
        like $bed->send('a', 'inside', $sender, 'carol@c.test', $mail), qr/^250/, "$what: accepted";
        ok $bed->wait_log('a', 'carol@c.test .*defer.*cannot seal'), 'waits';
    }
    my @mails = ($bed->send('a', 'outside', 'postmaster@b.test', 'alice@a.test', Bed::mail(From => 'bob@b.test')),
        $bed->send('a', 'outside', '', 'alice@a.test', Bed::mail(From => 'bob@b.test')));
    is scalar(grep { /^250/ } @mails), 2, 'unsigned mail of a partner, from his postmaster';
    $bed->take_matching('a', qr/^From: bob/m) for 1, 2;
    is no_more(), 0, 'no notice';
    ok Bed::wait_for(sub { Bed::read_file("$dir/a/log/seemail") =~ /event=received-unverified about=b\.test/ }), 'but in the log';
};

subtest '1.3-notify: a partner\'s mail that is not verified' => sub {
    like $bed->send('a', 'outside', 'bob@b.test', 'alice@a.test', Bed::mail(From => 'bob@b.test', To => 'alice@a.test')), qr/^250/, 'accepted';
    my $mail = from_hub();
    like $mail, qr/Mail came that could not be verified.*b\.test: once/s, 'the administrator of the recipient is told';
    is $bed->waiting('b') + $bed->waiting('outside'), 0, '2.12-not-theirs: and nobody else';
    $bed->take('a') while $bed->waiting('a');
};

subtest '1.2-suspend: administrators are told that the key store is gone' => sub {
    rename $bed->{TB_A_NSSDB}, "$bed->{TB_A_NSSDB}.away";
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail()), qr/^250/, 'accepted';
    like from_hub(), qr/The key store cannot be used: mail waits/, 'told';
    rename "$bed->{TB_A_NSSDB}.away", $bed->{TB_A_NSSDB};
    ok $bed->take('b'), 'and the mail goes out later';
};

subtest '1.2-suspend: and of a state that is broken, without one' => sub {
    flush('--all'); # after another one that still writes there
    my $mend = Bed::change("$bed->{TB_A_STATE}/data.mdb", sub { $_ = 'x' x 100_000 });
    like $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail()), qr/^451/, 'mail is refused for now';
    like from_hub(), qr/The state cannot be used: mail waits/, 'told';
    $bed->send('a', 'inside', 'alice@a.test', 'bob@b.test', Bed::mail()) for 1 .. 3;
    like flush(), qr/state/, 'flush says so';
    is $? >> 8, 75, 'and fails for now';
    is notices(), 0, 'once an hour';
    my $due = "$bed->{TB_A_STATE}/events.due";
    unlink $due;
    mkdir $due;
    flush() for 1 .. 3;
    is no_more(), 0, '2.12-principles: none where it cannot be written down that there was one';
    $mend->();
    rmdir $due;
};

subtest '2.12-frequency: a digest, log alone, and nothing' => sub {
    flush();
    $bed->take('a') while $bed->waiting('a');
    events("held digest 15 \"administrator, sender\"\nreceived-unverified log\n");
    my $log = "$dir/a/log/seemail";
    Bed::write_file($log, '');
    $bed->send('a', 'inside', 'alice@a.test', 'carol@c.test', Bed::mail()) for 1 .. 3;
    $bed->send('a', 'inside', 'dan@a.test', 'carol@c.test', Bed::mail());
    $bed->send('a', 'outside', 'bob@b.test', 'alice@a.test', Bed::mail(From => 'bob@b.test'));
    ok $bed->take_matching('a', qr/^From: bob/m), 'arrives';
    ok Bed::wait_for(sub { my $n = () = Bed::read_file($log) =~ /event=held/g; $n >= 4 }), 'all are recorded';
    is no_more(), 0, 'no mail yet';
    like Bed::read_file($log), qr/event=received-unverified/, 'what is logged is logged';
    events("held digest 15 \"administrator, sender\"\nreceived-unverified off\n");
    Bed::write_file($log, '');
    $bed->send('a', 'outside', 'bob@b.test', 'alice@a.test', Bed::mail(From => 'bob@b.test'));
    ok $bed->take_matching('a', qr/^From: bob/m), 'arrives';
    unlike Bed::read_file($log), qr/event=received-unverified/, 'what is off is not';
    flush('--all');
    my %mails = map { my $m = from_hub(); $m =~ /^To: (.*)/m ? ($1 => $m) : () } 1 .. 3;
    is_deeply [sort keys %mails], [qw(alice@a.test dan@a.test postmaster@a.test)], 'the administrator and the senders';
    like $mails{'postmaster@a.test'}, qr/c\.test: 4 times/, 'one mail for all';
    like $mails{'alice@a.test'}, qr/c\.test: 3 times/, 'each sender of his own';
    is no_more(), 0, 'and that is all';
    my @odd = ("o'brien", '"a b"', "j\xc3\xbcrgen", 'x=y', '$h_x');
    $bed->mark('a');
    $bed->send('a', 'inside', "$_\@A.Test", 'carol@c.test', Bed::mail()) for @odd;
    ok Bed::wait_for(sub { my $n = () = Bed::read_file($log) =~ /event=held/g; $n >= @odd }), 'recorded';
    flush('--all');
    ok $bed->wait_log('a', "<= <> .* for \Q$_\E\@a\\.test\$"), 'whatever his local part, and however the domain is written' for @odd;
    ok $bed->wait_log('a', '<= <> .* for postmaster@a'), 'and the administrator';
    from_hub() for 0 .. @odd;
};

subtest '2.3-thirteen: the administrator is told ahead what is wrong with our own certificate' => sub {
    my $pki = "$Bed::top/tests/bed/pki";
    my $dca = 'domain-confidentiality-authority';
    my $owner = $> == 0 ? "; chown -R Debian-exim: $bed->{TB_A_NSSDB}" : '';
    my ($from, $to) = map { my @t = gmtime(time + $_ * 86400); sprintf '%04d%02d%02d%02d%02d%02dZ', $t[5] + 1900, $t[4] + 1, @t[3, 2, 1, 0] } -300, 5;
    Bed::output("CRL_URL=$bed->{TB_CRL_URL} FROM=$from TO=$to $pki cert $dir/ca soon $dca $dca\@a.test && $pki store $dir/ca $bed->{TB_A_NSSDB} soon Soon$owner");
    my $undo = Bed::change("$bed->{TB_A_POLICY}/identity", sub { s/"a DCA"/Soon/g });
    events("own-certificate mail\n");
    Bed::output("rm -f $bed->{TB_A_STATE}/data.mdb $bed->{TB_A_STATE}/lock.mdb; $as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} refresh"); # a new day
    flush();
    like $bed->take_matching('a', qr/^Subject: SEEMail on.*A certificate of ours/m) // '', qr/^  - Soon: once.*expires/ms, 'told, and why';
    flush('--all') for 1, 2;
    is notices('A certificate of ours'), 0, 'once a day';
    $undo->();
    events("keystore-failed mail\n");
    my $exim = $ENV{EXIM} || '/usr/sbin/exim4';
    ok Bed::wait_for(sub { # it would tell of the key store too
        my @ids = map { m{([^/]+)-H$} } map { glob "$bed->{TB_A_SPOOL}/input/$_" } '*-H', '?/*-H';
        Bed::output("$as $exim -C $bed->{TB_A_CONF} -Mrm @ids") if @ids;
        return !@ids;
    }), 'nothing waits any more';
    rename $bed->{TB_A_NSSDB}, "$bed->{TB_A_NSSDB}.away"; # before the new day, whoever looks first on it
    Bed::output("rm -f $bed->{TB_A_STATE}/data.mdb $bed->{TB_A_STATE}/lock.mdb; $as $dir/bin/seemail-certs --policies $bed->{TB_A_POLICY} refresh");
    flush('--all') for 1 .. 4;
    rename "$bed->{TB_A_NSSDB}.away", $bed->{TB_A_NSSDB};
    like $bed->take_matching('a', qr/^Subject: SEEMail on.*key store/im) // '', qr/nssdb/, 'a key store that is gone is told of';
    flush('--all');
    is notices('key store'), 0, 'once';
};

subtest '2.12-principles: hostile senders and domains in a notice' => sub {
    events("held mail\n");
    for my $local ('"x\" Bcc: all@b.test"', '"<script>"', '"%s%n$h_x:"', "\"\x1b[2J\"") {
        $bed->send('a', 'inside', "$local\@a.test", "$local\@c.test",
            Bed::mail(Subject => "[seemail] x\n y <b> \x1b[2J =?utf-8?B?DQpCY2M6IHg=?=", From => "\"\x1b[2J\" <alice\@a.test>"));
    }
    my $mail = from_hub();
    like $mail, qr/c\.test/, 'told';
    unlike $mail, qr/[^\x20-\x7e\n\t]/, 'of printable ASCII alone';
    unlike $mail, qr/script|Bcc|%s/, 'nothing of what they wrote';
};

subtest '1.3-notify: a program that takes no mail loses none' => sub {
    events("certificate-pending mail\nheld mail\n");
    my $undo = Bed::change("$bed->{TB_A_POLICY}/settings", sub { s/^sendmail.*$/sendmail \/bin\/false/m });
    # One that runs already may have the settings of before.
    ok Bed::wait_for(sub {
        $bed->mark('a');
        $bed->send('a', 'inside', 'erin@a.test', 'dora@d.test', Bed::mail());
        $bed->wait_log('a', 'dora@d.test .*defer'); # the event is there: what fails is not an older notice alone
        flush('--all');
        return $? >> 8 == 75;
    }), 'flush fails';
    $undo->();
    ok Bed::wait_for(sub { flush('--all'); $? == 0 }), 'and then it does not'; # after one that runs
    my $mail = $bed->take_matching('a', qr/^Subject: SEEMail on.*d\.test: /ms) // '';
    my ($id) = $mail =~ /^Message-ID: (\S+)/m;
    ok $id, 'the mail arrives';
    flush('--all');
    is scalar(grep { Bed::read_file($_) =~ /^Message-ID: \Q$id\E/m } glob $bed->maildir('a') . '/new/*'), 0, 'once';
};

$mend->();
done_testing;
