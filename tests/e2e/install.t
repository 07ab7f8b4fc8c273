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

sub install { return Bed::output("make -s -C $Bed::top install DESTDIR=$root prefix=/usr SANITIZE=") }
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

done_testing;
