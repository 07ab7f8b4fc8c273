#!/usr/bin/perl
# Two hubs that are both broken do not keep each other busy, and nothing is lost or sent in clear [2.12-principles].
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $owner = $> == 0 ? 'Debian-exim:' : '';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my $pki = "$Bed::top/tests/bed/pki";
my $dca = 'domain-confidentiality-authority';
my $count = $ENV{MAILS} || 20;

sub flush { my ($x) = @_; return Bed::output("$as $dir/bin/seemail-responder --policies $bed->{ 'TB_' . uc($x) . '_POLICY' } flush --all") }
sub of_hub { my @mails; for my $mail (@_) { push @mails, $mail if $mail =~ /^Auto-Submitted|^X-Failed|^Subject: Warning/m } return @mails }
sub all { my ($x) = @_; my @mails; while ($bed->waiting($x)) { push @mails, $bed->take($x) } return @mails }
sub from { my ($x, @from) = @_; my $other = $x eq 'a' ? 'b' : 'a'; return map { $bed->send($x, 'inside', $_, "bob\@$other.test", Bed::mail(From => "x\@$x.test", Subject => '[seemail] x')) } @from }

# Bed::wait_for's minute, and one more for each hundred mails.
sub wait_long { my ($code) = @_; for (0 .. $count / 100) { my $answer = Bed::wait_for($code); return $answer if $answer } return }

# All events of both are mailed at once; the hubs' own certificates have expired.
my @mend;
for my $x ('a', 'b') {
    my $X = uc $x;
    Bed::write_file($bed->{"TB_${X}_POLICY"} . '/events', join '', map { "$_ mail - \"administrator, sender\"\n" }
            qw(held received-unverified received-untrusted received-expired received-revoked own-certificate keystore-failed state-failed failed));
    Bed::output("FROM=20240101000000Z TO=20250101000000Z $pki cert $dir/ca gone$x $dca $dca\@$x.test && "
            . "$pki store $dir/ca $bed->{\"TB_${X}_NSSDB\"} gone$x Gone; " . ($owner ? "chown -R $owner $bed->{\"TB_${X}_NSSDB\"}" : 'true'));
    push @mend, Bed::change("$bed->{\"TB_${X}_POLICY\"}/identity", sub { s/"$x DCA"/Gone/g });
}

subtest '2.12-principles: two hubs whose certificates have expired never answer each other' => sub {
    $bed->mark('a', 'b');
    is scalar(grep { /^250/ } from('a', ('alice@a.test') x $count), from('b', ('alice@b.test') x $count)), 2 * $count, 'accepted';
    is scalar(grep { /^250/ } from('a', '', 'postmaster@a.test'), from('b', '', 'postmaster@b.test')), 4, 'those of postmasters too';
    for my $x ('a', 'b') {
        ok wait_long(sub { my %seen = map { $_ => 1 } $bed->log($x) =~ / (\S+) == bob\@\w\.test .*defer/g; keys %seen >= $count + 2 }),
            "$x: all wait";
    }
    flush($_) for 'a', 'b', 'a', 'b';
    Bed::wait_for(sub { $bed->waiting('a') && $bed->waiting('b') });
    for my $x ('a', 'b') {
        my @mails = all($x);
        my @notices = grep { /^Auto-Submitted: auto-generated/m && /^Subject: SEEMail on/m } @mails;
        cmp_ok scalar(@notices), '<=', 12, "$x: a handful of notices: " . @notices;
        is scalar(grep { !/^To: \S+\@$x\.test$/m } @notices), 0, '2.12-not-theirs: for our own people alone';
        is scalar(of_hub(@mails)), scalar(@mails), 'nothing of the other hub came';
    }
    is $bed->waiting('outside'), 0, 'nothing went elsewhere';
    unlike $bed->log('a') . $bed->log('b'), qr/=> \S+\@(?:a|b)\.test .*T=seemail_seal/, '1.2-suspend: nothing went out';
};

subtest '2.8-hold: new certificates arrive, and all goes out without a hand on it' => sub {
    $_->() for @mend;
    for my $x ('a', 'b') {
        my %arrived;
        for (1 .. 2 * $count + 40) {
            my $mail = $bed->take($x) // last;
            next if of_hub($mail);
            like $mail, qr/^X-SEEMAIL-Verified: good/m, 'sealed' unless $mail =~ /^X-SEEMAIL-Verified: good/m;
            $arrived{ ($mail =~ /^Received: .*\n(?:\s.*\n)*?\s+id (\S+)/m)[0] }++;
            last if keys %arrived == $count + 2;
        }
        is scalar(keys %arrived), $count + 2, "$x: all that waited for it";
    }
    ok wait_long(sub { $bed->queue('a') == 0 && $bed->queue('b') == 0 }), 'the queues are empty';
    is scalar(grep { !of_hub($_) } all('a'), all('b')), 0, 'nothing came twice';
};

done_testing;
