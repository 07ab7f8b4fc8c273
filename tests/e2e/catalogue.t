#!/usr/bin/perl
# The manual and the code say the same: what users see stands in doc/seemail-interface.7, and each program, table and
# setting has its page.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

my $top = $Bed::top;
sub file { return Bed::read_file("$top/$_[0]") }

# A page's words without its markup, white space as single blanks.
sub page {
    my $text = file($_[0]);
    $text =~ s/^\.\\".*$//mg;
    $text =~ s/^\.(?:It|Li|Cm|Ar|Ev|Pq|Ql|Em|Xr)\b//mg;
    $text =~ s/\b(?:Li|Ar|Ta|Cm|Ev|Pq)\b//g;
    $text =~ s/\s+/ /g;
    $text =~ s/ ([:,)])/$1/g;
    $text =~ s/\( /(/g;
    return $text;
}
my $interface = page('doc/seemail-interface.7');

# The fixed words of a text with places to fill in.
sub fixed { my ($text) = @_; return grep { /\w{3}/ } map { s/^[\s:]+|[\s:,(]+$//gr } split /%s|\$value|SM_CLASS/, $text }

subtest '1.9-failaware: headers, replies and variables are in the manual' => sub {
    my %constants = file('policies/base/interface.h') =~ /^#define ((?:HEADER|ENV|REPLY)_\w+) "([^"]+)"/mg;
    cmp_ok scalar(keys %constants), '>=', 6, 'there are constants';
    for my $name (sort keys %constants) {
        ok index($interface, $_) >= 0, "$name: $_" for fixed($constants{$name});
    }
    my @reasons = file('local_scan/exim/seemail_routers') =~ /:(?:defer|fail): ([^}\n,]+)/g;
    cmp_ok scalar(@reasons), '>=', 5, 'there are reasons';
    for my $reason (@reasons) {
        my ($first) = $reason =~ /^([^:]+(?:: [^:]+)?)/;
        ok index($interface, $_) >= 0, "reason: $_" for fixed($first);
    }
};

subtest '1.9-failaware: failures, their replies and exit statuses are in the manual' => sub {
    my %exit = (EX_TEMPFAIL => 75, EX_USAGE => 64, EX_OK => 0);
    my @rows = file('policies/base/failure.c') =~ /\[FAILURE_\w+\] = \{"(\w+)", (\d+), (\w+)\}/g;
    cmp_ok scalar(@rows), '>=', 30, 'there are failures';
    while (my ($word, $smtp, $exit) = splice @rows, 0, 3) {
        next if $word eq 'none';
        like $interface, qr/\b$word $smtp $exit{$exit}\b/, $word;
    }
};

subtest '2.8-notices: each status has its code in the manual' => sub {
    my @rows = grep { /^[a-z]/ } split /\n/, file('policies/outcomes');
    cmp_ok scalar(@rows), '>=', 20, 'there are statuses';
    for (@rows) {
        my ($status, $code) = split;
        next if $code eq '-';
        like $interface, qr/(?:^|\s)\Q$status\E $code /, "$status $code";
    }
};

subtest '2.12-frequency: each event of the table is recorded somewhere, and in its manual' => sub {
    my %words = reverse file('policies/event_kind.c') =~ /\[(EVENT_\w+)\] = "([\w-]+)"/g;
    my @rows = map { /^([a-z][\w-]*)/ ? $1 : () } split /\n/, file('policies/events');
    is_deeply [sort @rows], [sort keys %words], 'the table has them all';
    my $sources = join '', map { Bed::read_file($_) } grep { !/event_kind/ } map { glob "$top/$_/*.c" } qw(policies nssdb transport transport/hub local_scan);
    my $outcomes = file('policies/outcomes') =~ s/^#.*$//mgr;
    my $page = page('doc/seemail-events.5');
    for my $word (sort keys %words) {
        ok $sources =~ /\b$words{$word}\b/ || $outcomes =~ /\s\Q$word\E\s/, "$word is recorded";
        like $page, qr/\b\Q$word\E\b/, 'and explained';
    }
};

subtest '1.3-effort: each program, table and setting has its page' => sub {
    for my $main (map { glob "$top/$_/*_main.c" } qw(policies nssdb transport transport/hub)) {
        my ($name) = $main =~ m{([^/]+)_main\.c$} or next;
        ok -e "$top/doc/seemail-$name.8", "seemail-$name";
    }
    my @tables = file('policies/policy_tables.c') =~ /\[POLICY_\w+\] = SCHEMA\((\w+)\)/g;
    cmp_ok scalar(@tables), '>=', 8, 'there are tables';
    ok -e "$top/doc/seemail-$_.5", "table $_" for @tables;
    my @settings = file('policies/policy_tables.c') =~ /^\s+(?:SETTING\(\w+, SETTING_\w+,\s+)(?:COLUMN|WORDS|NUMBER)\("([\w-]+)"/mg;
    cmp_ok scalar(@settings), '>=', 20, 'there are settings';
    my $page = file('doc/seemail-settings.5');
    my $table = file('policies/settings');
    for my $setting (@settings) {
        like $page, qr/^\.It Cm \Q$setting\E(?: |$)/m, "setting $setting in its page";
        like $table, qr/^# \Q$setting\E\s/m, 'and in the table that ships';
    }
};

subtest '2.13-training: the page for staff says what staff should know' => sub {
    my $page = file('doc/staff.md') =~ s/\s+/ /gr;
    like $page, $_, "$_" for qr/all mail is signed and encrypted/, qr/certified\.\*\* It was tested/, qr/SEEMAIL list/, qr/TRUSTED list/,
        qr/trusted agency or person is not certified/, qr/only ever sent if it can be sent signed and encrypted/, qr/within 14 days/;
    like $page, qr/\Q[$_]\E/, $_ for qw(SEEMAIL SENSITIVE RESTRICTED), 'IN CONFIDENCE';
};

done_testing;
