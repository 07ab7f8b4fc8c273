#!/usr/bin/perl
# Other projects' test mails, plain through a hub, and sealed and opened: the body is what it was. CORPORA names their folder.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use File::Find;
use Test::More;

my $corpora = $ENV{CORPORA} // "$Bed::top/../shared/corpora";
my @files;
for my $folder (grep { -d } map { "$corpora/$_" } qw(stalwart-mailparser rspamd-messages sisimai-bounces)) {
    find({ no_chdir => 1, wanted => sub { push @files, $_ if /\.eml$/ && -s $_ < 2_000_000 } }, $folder);
}
@files = sort @files;
plan skip_all => "no mails in $corpora (set CORPORA)" unless @files;

my $bed = Bed->up('a', 'b');

# The body as Exim leaves it: LF line ends, a bare CR is one too, and the last line has one.
sub exims {
    my ($body) = @_;
    $body .= "\r\n" if length $body && $body !~ /\n\z/;
    $body =~ s/\r\n/\n/g;
    $body =~ s/\r/\n/g;
    return $body;
}

# The mail with a From of ours and a number; only mails whose header is one.
my (%mails, $odd);
for my $file (@files) {
    my $mail = Bed::read_file($file) =~ s/\r\n/\n/gr;
    my ($head, $body) = $mail =~ /\A(.*?\n)\n(.*)\z/s or ($odd++, next);
    $head =~ s/\AFrom .*\n//;
    $head =~ s/^From[ \t]*:.*\n(?:[ \t].*\n)*//mgi;
    if ($head =~ /\r|\0/ || $head !~ /\A(?:[\x21-\x39\x3b-\x7e]+[ \t]*:.*\n(?:[ \t].*\n)*)+\z/) { $odd++; next }
    $head =~ s/^(?:Resent-|Return-path|Envelope-to|Delivery-date|Bcc|X-SEEMAIL)[^:]*:.*\n(?:[ \t].*\n)*//mgi;
    my $number = 1 + keys %mails;
    $mails{$number} = { file => $file, body => exims($body), mail => "X-Number: $number\nFrom: alice\@a.test\n$head\n$body" };
}
diag scalar(keys %mails), " mails, ", $odd // 0, " left out, whose header is none";

# Sends all and gives the bodies that arrived, by number; what was refused is counted.
sub send_all {
    my ($to, $where) = @_;
    my (%arrived, $refused);
    for my $number (sort { $a <=> $b } keys %mails) {
        my $answer = $bed->send('a', 'inside', 'alice@a.test', $to, $mails{$number}{mail});
        if ($answer !~ /^250/) {
            $refused->{$number} = $answer;
            next;
        }
    }
    my $expected = keys(%mails) - keys(%{ $refused // {} });
    while (keys %arrived < $expected) {
        my $mail = $bed->take($where) // last;
        my ($number) = $mail =~ /^X-Number: (\d+)$/m or next;
        $arrived{$number} = $mail;
    }
    return (\%arrived, $refused // {});
}

sub compare {
    my ($arrived, $refused) = @_;
    my @wrong = grep { !$refused->{$_} && (!$arrived->{$_} || Bed::body($arrived->{$_}) ne $mails{$_}{body}) } sort { $a <=> $b } keys %mails;
    return map { "$mails{$_}{file}" . ($arrived->{$_} ? '' : ' (lost)') } @wrong;
}

subtest '1.2-plain: other projects\' mails pass plain' => sub {
    my ($arrived, $refused) = send_all('eve@elsewhere.test', 'outside');
    my @wrong = compare($arrived, $refused);
    is scalar @wrong, 0, keys(%$arrived) . ' bodies are what they were' or diag join "\n", @wrong[0 .. ($#wrong > 9 ? 9 : $#wrong)];
    my @strange = grep { $refused->{$_} !~ /could not be searched|is marked/ } keys %$refused;
    is "@strange", '', keys(%$refused) . ' could not be searched, or are marked';
    diag "$mails{$_}{file}: $refused->{$_}" for keys %$refused;
};

subtest '1.2-attach: and sealed and opened' => sub {
    my ($arrived, $refused) = send_all('bob@b.test', 'b');
    is_deeply [keys %$refused], [], 'none is refused';
    my @wrong = compare($arrived, $refused);
    is scalar @wrong, 0, keys(%$arrived) . ' bodies are what they were' or diag join "\n", @wrong[0 .. ($#wrong > 9 ? 9 : $#wrong)];
};

done_testing;
