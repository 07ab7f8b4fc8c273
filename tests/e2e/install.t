#!/usr/bin/perl
# What it takes to have a hub: one `make install', one folder of policies, and one line for a new partner.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use File::Temp qw(tempdir);
use Test::More;

my $root = tempdir(CLEANUP => 1);
my $policy = "$root/etc/seemail/policies";

sub install { return Bed::output("umask 077; make -s -C $Bed::top install DESTDIR=$root prefix=/usr SANITIZE=") }
sub names { my ($folder) = @_; return map { s{.*/}{}r } glob "$root/$folder/*" }

subtest '1.3-effort: make install brings all that a hub needs' => sub {
    my $out = install();
    is $?, 0, 'it works' or diag $out;
    my %program = map { $_ => 1 } names('usr/bin');
    for my $name (qw(seemail seemail-certs seemail-filter seemail-metrics seemail-policy seemail-queue seemail-report seemail-status seemail-trace)) {
        ok $program{$name}, $name;
    }
    ok -s "$root/usr/lib/seemail/seemail.so", 'the hook';
    is join(' ', names('etc/seemail/exim')), 'seemail_main seemail_routers seemail_transports', 'for Exim: three files to include';
    my %page = map { s/\.\d$//r => 1 } names('usr/share/man/man5'), names('usr/share/man/man8');
    is join(' ', grep { !$page{$_} } sort keys %program), '', 'a manual page for each program';
    is join(' ', grep { !$page{"seemail-$_"} } grep { -f "$policy/$_" } names('etc/seemail/policies')), '', 'and for each table';
    like Bed::read_file("$root/usr/bin/seemail"), qr{SEEMAIL_HOME:-/etc/seemail\}}, 'the front command knows the folder';
    is Bed::output("find $root/usr $root/etc ! -perm -o=r; find $root -name '*.new'"), '', 'all may read it, whatever the umask is';
    is Bed::output("grep -rlE '\@[A-Z]+\@' $root/etc $root/usr/bin/seemail $root/usr/lib/systemd $root/usr/share/doc"), '', 'no folder is without its name';
};

subtest '1.3-effort: the timers are as systemd wants them' => sub {
    my @units = names('usr/lib/systemd/system');
    is "@units", join(' ', map { ("seemail-$_.service", "seemail-$_.timer") } qw(flush refresh renew)), 'three';
    # Exim that cannot be root freezes what it should deliver on the hub itself.
    is Bed::output("grep -lE '^(NoNewPrivileges|RestrictSUIDSGID|PrivateTmp)=' $root/usr/lib/systemd/system/*.service"), '', 'none keeps Exim from delivering its notices';
    return diag 'no systemd-analyze, so they were not judged' unless grep { -x "$_/systemd-analyze" } split /:/, $ENV{PATH};
    for my $unit (@units) {
        Bed::write_file("$root/$unit", Bed::read_file("$root/usr/lib/systemd/system/$unit") =~ s{^ExecStart=}{ExecStart=$root}mr);
    }
    is Bed::output("systemd-analyze verify --man=no " . join ' ', map { "$root/$_" } @units), '', 'nothing to complain of';
};

subtest '1.3-effort: in another place Exim finds it too' => sub {
    my $out = Bed::output("make -s -C $Bed::top install DESTDIR=$root/other prefix=/opt/hub SANITIZE=");
    is $?, 0, 'installed' or diag $out;
    my $main = Bed::read_file("$root/other/opt/hub/etc/seemail/exim/seemail_main");
    is join(' ', $main =~ m{^SM_(?:HOME|BIN|LIB) = (/\S+)$}mg), '/opt/hub/etc/seemail /opt/hub/bin /opt/hub/lib/seemail', 'by what it includes';
};

# What is decided on a mail to somebody.
sub class_of {
    my ($to, $subject) = @_;
    Bed::write_file("$root/mail", Bed::mail(Subject => $subject));
    my $out = Bed::output("$root/usr/bin/seemail-policy explain $policy $root/mail --from alice\@agency.test --to $to");
    return $out =~ /^\Q$to\E: (\w+):/m ? $1 : $out;
}

subtest '1.3-effort: one line each for our domain and for a partner' => sub {
    like Bed::output("$root/usr/bin/seemail-policy check $policy"), qr{/identity: expected a row for each of our domains$}m,
        'the shipped tables lack nothing but our own domain';
    Bed::change("$policy/identity", sub { $_ .= "agency.test  \"Agency DCA\"\n" });
    like Bed::output("$root/usr/bin/seemail-policy check $policy"), qr/: good: 1 domains of ours/, 'one line';
    is class_of('bob@partner.test', 'hello'), 'plain', 'a stranger gets plain mail';
    is class_of('bob@partner.test', '[sensitive]'), 'refuse', 'and no marked one';
    Bed::change("$policy/partners", sub { $_ .= "*\@partner.test\n" });
    is class_of('bob@partner.test', 'hello'), 'seal', 'with one line all is sealed';
    is class_of('bob@partner.test', '[sensitive]'), 'seal', 'marked mail too';
};

subtest '1.3-effort: an upgrade leaves the policy alone' => sub {
    my $before = Bed::read_file("$policy/partners");
    install();
    is $?, 0, 'installed again';
    is Bed::read_file("$policy/partners"), $before, 'the table is as it was';
};

subtest '1.3-effort: what was installed goes, what administrators wrote stays' => sub {
    Bed::output("make -s -C $Bed::top uninstall DESTDIR=$root prefix=/usr SANITIZE=");
    is $?, 0, 'uninstalled';
    is Bed::output("find $root/usr -type f"), '', 'nothing is left of it';
    ok !-e "$root/etc/seemail/exim", 'nor for Exim';
    ok -s "$policy/partners", 'but the policy';
    mkdir "$root/etc/seemail/exim";
    Bed::write_file("$root/etc/seemail/exim/mine", '');
    Bed::output("make -s -C $Bed::top uninstall DESTDIR=$root prefix=/usr SANITIZE=");
    is $?, 0, 'once more is nothing to do';
    ok -e "$root/etc/seemail/exim/mine", 'and what is not ours stays';
};

done_testing;
