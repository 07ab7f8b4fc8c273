#!/usr/bin/perl
# The report: one page, nothing fetched, nothing run, whatever others wrote.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use File::Temp qw(tempdir);
use POSIX qw(strftime);
use Test::More;

my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $exim = $ENV{EXIM} || '/usr/sbin/exim4';
my $as = $> == 0 ? 'setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups' : '';
my $env = "SEEMAIL_HOME=$dir/a SEEMAIL_EXIM=$exim SEEMAIL_EXIM_CONFIG=$bed->{TB_A_CONF}";

sub report { return Bed::output("$env $as $dir/bin/seemail-report --html - @_") }
sub section { my ($page, $title) = @_; return $page =~ m{<h2>\Q$title\E</h2>(.*?)</section>}s ? $1 : '' }

# Do all elements close in order? Gives what is wrong.
sub badly_nested {
    my ($page) = @_;
    my @open;
    $page =~ s/<style>.*?<\/style>//s;
    $page =~ s/<!DOCTYPE html>//;
    for my $tag ($page =~ /<([^>]*)>/g) {
        if ($tag =~ m{^/(\w+)$}) { (pop @open // '') eq $1 or return "</$1>" }
        elsif ($tag =~ m{^(\w+)(?: [\w-]+="[^"<]*")*/?$}) { push @open, $1 unless $tag =~ m{/$} || $1 =~ /^(meta|br)$/ }
        else { return "<$tag>" }
    }
    return join ' ', @open;
}

my $now = time; # the days are the same to the end, also at midnight
sub day { return strftime('%Y-%m-%d %H:%M:%S', localtime($now - 86400 * $_[0])) }

# A fortnight that did not happen, in the old log: [day, partner, sealed, good, altered].
my $number = 0;
sub history {
    my $text = '';
    for my $row (@_) {
        my ($ago, $partner, $sealed, $good, $altered) = @$row;
        my $at = day($ago);
        for my $verdict ((('seal') x $sealed), (('good') x $good), (('altered') x $altered)) {
            my $id = sprintf '1aaaaa-%06d-00', $number++;
            $text .= $verdict eq 'seal' ? "$at $id seemail direction=inside seal=1\n$at $id <= alice\@a.test H=x\n$at $id => x\@$partner R=seemail_seal T=seemail_seal H=x\n"
                : "$at $id seemail direction=outside verdict=$verdict inside=1\n$at $id <= " . ($partner ? "x\@$partner" : '<>') . " H=x\n";
        }
    }
    Bed::write_file("$bed->{TB_A_LOG}.1", $text);
}

my @hostile = ('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "\xe2\x80\xae\xc2\x9b\e[2J", '&lt;b&gt;', "'\" onload=x");

subtest '1.9-logs: the report tells what went through' => sub {
    $bed->mark('a', 'b');
    like $bed->send('a', 'inside', 'alice@a.test', ['bob@b.test', 'bert@b.test', 'bill@b.test'], Bed::mail()), qr/^250/, 'out, to three people of a partner';
    like $bed->send('b', 'inside', 'bob@b.test', 'alice@a.test', Bed::mail(From => 'bob@b.test', To => 'alice@a.test')), qr/^250/, 'in';
    like $bed->send('a', 'inside', 'alice@a.test', 'eve@elsewhere.test', Bed::mail()), qr/^250/, 'plain';
    ok $bed->take($_), "arrives at $_" for 'a', 'b', 'outside';
    ok $bed->wait_log('a', '=> bob@b.test'), 'is in the log';
    history([1, '', 0, 1, 0], [1, 'b.test', 3, 2, 1], [2, 'D.test', 5, 0, 0], [20, 'old.test', 7, 7, 7]);
    my $page = report();
    is $? >> 8, 0, 'exit status 0';
    is badly_nested($page), '', 'well-formed';
    my $partners = section($page, 'Secure mail by partner');
    like $partners, qr{<td>b\.test</td><td class="n">4</td><td class="n">3</td><td class="n">1</td>}, 'by partner';
    like $partners, qr{<td>without a sender \(&lt;&gt;\)</td><td class="n zero">0</td><td class="n">1</td>}, 'mail without a sender too';
    like $page, qr{Mails are counted: one that goes to several partners once for each}, 'and the unit is said';
    like $page, qr{<b>9</b><span>sealed, to partners}, 'the sum is of the same unit';
    like $partners, qr{<td>d\.test</td><td class="n">5</td>}, 'in small letters';
    unlike $partners, qr/old\.test/, 'of the last two weeks';
    like section($page, 'Mail by day'), qr{<title>\Q@{[substr day(1), 0, 10]}\E: 3 sealed, 3 verified, 1 with a warning}, 'by day';
    like section($page, 'Mail from outside, by verdict'), qr{<td>altered</td><td class="n">1</td>}, 'by verdict';
    like section($page, 'Our certificates and keys'), qr{a DCA</text>.*until 20\d\d-\d\d-\d\d, \d+ days</text>}s, 'certificates';
    like section($page, 'lists'), qr{<td>SEEMAIL</td>}, 'lists';
    like section($page, 'What waits'), qr/nothing/, 'nothing waits';
    like report('--days 30'), qr{<td>old\.test</td><td class="n">7</td>}, 'of 30 days';
    is report('--days 0') && $? >> 8, 64, 'of none: exit status 64';
};

subtest '1.9-logs: nothing that others wrote acts in the page' => sub {
    my $undo = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "*\@c.test\n" });
    for my $text (@hostile) {
        (my $local = $text) =~ s/(["\\])/\\$1/g;
        $bed->mark('a');
        my ($id) = $bed->send('a', 'inside', "\"$local\"\@a.test", "\"$local\"\@c.test", Bed::mail(Subject => $text)) =~ /^250 OK id=(\S+)/ or next;
        ok $bed->wait_log('a', "$id =="), 'waits';
    }
    history(map { [1, $_, 1, 1, 1] } 'x.test<script>alert(1)</script>', 'y"onload="x', "z\xe2\x80\xae.test");
    my $page = report();
    is badly_nested($page), '', 'well-formed';
    unlike $page, qr/<script|<img|<a |<link|<iframe|\son\w+="|javascript:|="(?:https?:)?\/\/|url\(/i, 'no script, no link, nothing to fetch';
    like $page, qr{&lt;script&gt;alert\(1\)&lt;/script&gt;}, 'it is shown as text';
    unlike $page, qr/\xe2\x80\xae|\xc2\x9b|[\x00-\x08\x0b-\x1f\x7f]/, 'nothing that turns text round';
    like section($page, 'What waits'), qr{<b>no-certificate</b>}, 'what waits';
    like section($page, 'What to do'), qr{messages? waits?: no-certificate<br><span class="soft">seemail certs refresh}, 'and what to do';
    Bed::output("$env $as $dir/bin/seemail-queue bounce --all");
    $undo->();
};

subtest '1.9-logs: a page that cannot be written, or not be made' => sub {
    Bed::write_file("$dir/page.html", 'old');
    chmod 0777, $dir;
    my $out = Bed::output("bash -c 'trap \"\" XFSZ; ulimit -f 1; exec env $env $as $dir/bin/seemail-report --html $dir/page.html' 2>&1");
    is $? >> 8, 75, 'a full disk: exit status 75';
    is Bed::read_file("$dir/page.html"), 'old', 'the old page stays';
    is scalar(() = glob "$dir/page.html.*"), 0, 'nothing is left over';
    like Bed::output("$env $as $dir/bin/seemail-report --html /proc/page.html"), qr{^seemail-report: /proc/page\.html: cannot be written by the user \S+: }, 'the file that was asked for is named, and the user';
    my $state = "$bed->{TB_A_STATE}/data.mdb";
    rename $state, "$state.away";
    like report(), qr{<span class="badge critical">critical</span></h1>}, 'no state: it says how the hub is';
    rename "$state.away", $state;
    Bed::output("SEEMAIL_EXIM=/nonexistent $dir/bin/seemail-report --html -");
    is $? >> 8, 75, 'no Exim: exit status 75';
};

subtest '1.9-logs: a browser shows it on a telephone' => sub {
    my ($chromium) = grep { -x } '/usr/bin/chromium', '/usr/bin/chromium-browser';
    plan skip_all => 'chromium is not installed: the page was not looked at' unless $chromium;
    history(map { [$_, 'b.test', $_ % 5 + 2, $_ % 4 + 1, $_ % 7 == 3], [$_, 'c.test', $_ % 3, $_ % 2, 0] } 0 .. 13);
    my $undo = Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "*\@c.test\n" });
    my ($id) = $bed->send('a', 'inside', 'alice@a.test', 'carol@c.test', Bed::mail()) =~ /^250 OK id=(\S+)/;
    ok $bed->wait_log('a', "$id =="), 'something waits';
    my $shots = tempdir(CLEANUP => 1);
    Bed::write_file("$shots/report.html", report());
    for my $size ('390,2000', '1280,1400') {
        my $profile = tempdir(CLEANUP => 1);
        Bed::output("timeout 120 $chromium --no-sandbox --headless --disable-gpu --disable-quic --no-first-run --disable-background-networking "
                . "--disable-component-update --disable-sync --hide-scrollbars --user-data-dir=$profile --window-size=$size "
                . "--screenshot=$shots/$size.png file://$shots/report.html");
        my ($width) = $size =~ /(\d+)/;
        my $png = -e "$shots/$size.png" ? Bed::read_file("$shots/$size.png") : '';
        is unpack('x16 N', $png . "\0" x 20), $width, "$width points wide";
        cmp_ok length $png, '>', 20_000, 'and not empty';
        Bed::output("cp $shots/$size.png $ENV{SHOTS}/") if $ENV{SHOTS};
    }
    $undo->();
};

done_testing;
