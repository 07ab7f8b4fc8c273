package Bed;

# A test bed for one scenario: hubs that run, mail that is sent, mail that arrived. Stopped and removed at the end.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Socket::INET;

our $top = abs_path(dirname(__FILE__) . '/../..');
my (@beds, @ports);
delete $ENV{TZ}; # Exim writes its log in the machine's zone, whatever is set here

sub up {
    my ($class, @agencies) = @_;
    my $dir = tempdir('/tmp/seemail-bed-XXXXXX', CLEANUP => 0);
    my $self = bless { dir => $dir }, $class;
    push @beds, $self;
    my @options = @agencies ? ('--agencies', join ',', @agencies) : ();
    open my $out, '-|', "$top/tests/testbed", 'up', $dir, @options or die "testbed: $!\n";
    my @said = <$out>;
    close $out or die "testbed: @said";
    open my $env, '<', "$dir/env" or die "$dir/env: $!\n";
    while (<$env>) { $self->{$1} = $2 if /^(\w+)='(.*)'$/ }
    $ENV{CRL_URL} = $self->{TB_CRL_URL}; # of the certificates that a test makes
    return $self;
}

END {
    my $status = $?;
    for my $bed (@beds) {
        next if $ENV{KEEP};
        system "GNUPGHOME=$bed->{gnupg} gpgconf --kill all" if $bed->{gnupg};
        system "$top/tests/testbed", 'down', $bed->{dir};
        wait_for(sub { output('rm', '-rf', $bed->{dir}); $? == 0 }); # a child of the hub may still write
    }
    $? = $status;
}

sub read_file {
    my ($path) = @_;
    open my $f, '<:raw', $path or die "$path: $!\n";
    local $/;
    return <$f> // '';
}

sub write_file {
    my ($path, $text) = @_;
    open my $f, '>:raw', $path or die "$path: $!\n";
    print $f $text;
    close $f or die "$path: $!\n";
}

# A port that nobody else is given: bound until the end, but for whom it is can listen there, again and again.
sub free_port {
    push @ports, IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp', ReuseAddr => 1) || die "port: $!\n";
    return $ports[-1]->sockport;
}

# Waits until the code gives something true (two minutes at the most), and gives it.
sub wait_for {
    my ($code) = @_;
    for (1 .. 6000) {
        my $answer = $code->();
        return $answer if $answer;
        select undef, undef, undef, 0.02;
    }
    return;
}

sub reply {
    my ($socket) = @_;
    my $text = '';
    while (defined(my $line = <$socket>)) {
        $text .= $line;
        return $text if $line =~ /^\d{3}(?: |\r?\n)/;
    }
    return $text . '000 connection lost';
}

# One SMTP transaction. The message has LF line ends. Gives the reply to its data (or what came before).
sub send {
    my ($self, $hub, $side, $from, $to, $message) = @_;
    my $port = $self->{ 'TB_' . uc($hub) . '_' . uc($side) . '_PORT' };
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 60) or return "000 $!";
    local $SIG{PIPE} = 'IGNORE';
    reply($socket);
    my @to = ref $to ? @$to : $to;
    for my $command ('EHLO test', "MAIL FROM:<$from>", (map { "RCPT TO:<$_>" } @to), 'DATA') {
        print $socket "$command\r\n";
        my $answer = reply($socket);
        return $answer unless $answer =~ /^[23]/;
    }
    $message =~ s/^\./../mg;
    $message =~ s/(?<!\r)\n/\r\n/g unless $self->{raw};
    $message .= "\r\n" unless $message =~ /\n\z/;
    print $socket $message, ".\r\n";
    my $answer = reply($socket);
    print $socket "QUIT\r\n";
    return $answer;
}

sub maildir {
    my ($self, $name) = @_;
    return $name eq 'outside' ? $self->{TB_OUTSIDE_MAILDIR} : $self->{ 'TB_' . uc($name) . '_MAILDIR' };
}

# The next mail that arrived at an agency, or 'outside'; undef = none came in time.
sub take {
    my ($self, $name) = @_;
    my $dir = $self->maildir($name) . '/new';
    my $path = wait_for(sub { (sort glob "$dir/*")[0] }) or return;
    my $text = read_file($path);
    unlink $path;
    return $text;
}

# The mail that fits, among those that come; others are thrown away.
sub take_matching {
    my ($self, $name, $pattern) = @_;
    while (defined(my $mail = $self->take($name))) {
        return $mail if $mail =~ $pattern;
    }
    return;
}

sub waiting {
    my ($self, $name) = @_;
    return scalar(() = glob $self->maildir($name) . '/new/*');
}

sub log {
    my ($self, $hub) = @_;
    return read_file($self->{ 'TB_' . uc($hub) . '_LOG' });
}

# The log line that fits, once it is there; only what came after mark().
sub wait_log {
    my ($self, $hub, $pattern) = @_;
    my $from = $self->{mark}{$hub} // 0;
    return wait_for(sub { substr($self->log($hub), $from) =~ /^(.*(?:$pattern).*)$/m ? $1 : undef });
}

sub mark {
    my ($self, @hubs) = @_;
    $self->{mark}{$_} = length $self->log($_) for @hubs;
}

# Messages in a hub's queue.
sub queue {
    my ($self, $hub) = @_;
    my $spool = $self->{ 'TB_' . uc($hub) . '_SPOOL' };
    my @messages = (glob("$spool/input/*-H"), glob("$spool/input/?/*-H"));
    return scalar @messages;
}

sub body { my ($mail) = @_; $mail =~ s/\A.*?\n\n//s; return $mail }
sub head { my ($mail) = @_; $mail =~ s/\n\n.*\z/\n/s; return $mail }

sub mail {
    my (%h) = @_;
    my $body = delete $h{body} // "Hello.\n";
    my $from = delete $h{From} // 'Alice <alice@a.test>';
    my $to = delete $h{To} // 'bob@b.test';
    my $subject = delete $h{Subject} // 'test';
    return "From: $from\nTo: $to\nSubject: $subject\n" . join('', map { "$_: $h{$_}\n" } sort keys %h) . "\n$body";
}

# A table or key file changed in place by a function of its text; put back by the function it gives.
sub change {
    my ($path, $code) = @_;
    my $before = read_file($path);
    local $_ = $before;
    $code->();
    write_file($path, $_);
    return sub { write_file($path, $before) };
}

# A home for gpgsm with the CA and keys of agencies; gives the command. Its passphrase is x, on standard input.
sub gpgsm {
    my ($self, @names) = @_;
    my $dir = $self->{dir};
    my $home = $self->{gnupg} = "$dir/gnupg";
    mkdir $home, 0700;
    write_file("$home/gpgsm.conf", "disable-crl-checks\ndisable-dirmngr\n");
    write_file("$home/gpg-agent.conf", "allow-loopback-pinentry\n");
    my ($root) = output("openssl x509 -in $dir/ca/ca.pem -noout -fingerprint -sha1") =~ /=(.*)/;
    write_file("$home/trustlist.txt", "$root S relax\n");
    my $gpgsm = "gpgsm --homedir $home --batch --yes --pinentry-mode loopback --passphrase-fd 0";
    for (1 .. 5) { output("gpg-connect-agent --homedir $home /bye"); last if $? == 0 } # it starts late on a busy machine
    my $said = output("cd $dir && gpgsm --homedir $home --batch --import ca/ca.pem");
    die "gpgsm: $said" if $?;
    for my $name (@names) {
        # GnuPG 2.2 derives a wrong key from one salt in a hundred: such a file is made anew, with another salt.
        for (1 .. 10) {
            $said = output("cd $dir && openssl pkcs12 -export -in ca/$name.pem -inkey ca/$name.key -certfile ca/ca.pem -passout pass:x "
                    . "-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1 -out gnupg/$name.p12 " # old versions read it too
                    . "&& echo x | $gpgsm --import gnupg/$name.p12");
            last if $? == 0 && $said !~ /failed|error/;
        }
        die "gpgsm: $said" if $? != 0 || $said =~ /failed|error/;
    }
    return $gpgsm;
}

# A program's output, standard error too; $? is its status.
sub output { my $command = join ' ', @_; return scalar `($command) 2>&1` }

1;
