#!/usr/bin/perl
# The snippets in Debian's own configuration of Exim, as the guide says: one file, and split files.
use strict;
use warnings;
use lib 'tests/e2e';
use Bed;
use Test::More;

plan skip_all => 'no update-exim4.conf, so not Debian' unless -x '/usr/sbin/update-exim4.conf';
my $bed = Bed->up('a', 'b');
my $dir = $bed->{dir};
my $exim = $ENV{EXIM} || '/usr/sbin/exim4';
my $user = $> == 0 ? 'Debian-exim' : scalar getpwuid $>;
my @as = $> == 0 ? ('setpriv', "--reuid=$user", "--regid=$user", '--clear-groups') : ();
my @pids;
END { my $status = $?; kill 'TERM', @pids; $? = $status }

# What the guide says, and what makes it a hub of this bed rather than of this machine.
sub main_lines {
    my ($spool, @ports) = @_;
    my $sink = Bed::read_file($bed->{TB_A_CONF}) =~ /^SM_INSIDE_ROUTE = (.*)$/m ? $1 : die 'no route';
    my $outside = Bed::read_file($bed->{TB_A_CONF}) =~ /^SM_OUTSIDE_ROUTE = (.*)$/m ? $1 : die 'no route';
    return "SM_HOME = $dir/a\nSM_BIN = $dir/bin\nSM_LIB = $dir/bin\nSM_SMTP_OPTION = allow_localhost\n"
        . "SM_OUTSIDE_ROUTE = $outside\nSM_INSIDE_ROUTE = $sink\n.include $dir/exim/seemail_main\n"
        . "MAIN_RELAY_NETS = :\nMAIN_TLS_ADVERTISE_HOSTS =\nSPOOLDIR = $spool\nlog_file_path = $spool/%slog\n"
        . "MAIN_LOCAL_INTERFACES = <; 127.0.0.1.$ports[0] ; 127.0.0.1.$ports[1]\ntls_advertise_hosts =\n"
        . ($> == 0 ? '' : "exim_user = $user\nexim_group = " . getgrgid($)) . "\n");
}

# Their template with our lines where the guide puts them. Inside mail is accepted by port, as a site would by host.
sub put_in {
    my ($folder, $split, $main) = @_;
    my %include = map { $_ => ".include $dir/exim/seemail_${_}s\n" } qw(router transport);
    my $accept = "  accept condition = \${if eq{\$received_port}{$bed->{TB_D_INSIDE_PORT}}}\n";
    Bed::output("cp -r /etc/exim4/conf.d /etc/exim4/exim4.conf.template /etc/exim4/update-exim4.conf.conf $folder/");
    if ($split) {
        Bed::write_file("$folder/conf.d/main/00_seemail", $main);
        Bed::write_file("$folder/conf.d/${_}/00_seemail", $include{$_}) for qw(router transport);
    } else {
        Bed::change("$folder/exim4.conf.template", sub {
            $_ = $main . $_;
            for my $s (qw(router transport)) { s/^begin ${s}s\n/begin ${s}s\n$include{$s}/m }
        });
    }
    my $acl = $split ? (glob "$folder/conf.d/acl/30*check_rcpt")[0] : "$folder/exim4.conf.template";
    Bed::change($acl, sub { s/^acl_check_rcpt:\n/$&$accept/m });
    Bed::change("$folder/update-exim4.conf.conf", sub {
        s/^dc_use_split_config=.*/"dc_use_split_config='" . ($split ? 'true' : 'false') . "'"/me;
        s/^dc_eximconfig_configtype=.*/dc_eximconfig_configtype='internet'/m;
        s/^dc_relay_domains=.*/dc_relay_domains='a.test'/m;
        s/^dc_localdelivery=.*/dc_localdelivery='mail_spool'/m;
    });
}

sub start {
    my ($name, $split) = @_;
    my $folder = "$dir/$name";
    mkdir $_ for $folder, "$folder/spool";
    my @ports = map { Bed::free_port() } 1, 2;
    @$bed{qw(TB_D_INSIDE_PORT TB_D_OUTSIDE_PORT TB_D_SPOOL TB_D_LOG)} = (@ports, "$folder/spool", "$folder/spool/mainlog");
    put_in($folder, $split, main_lines("$folder/spool", @ports));
    my $out = Bed::output("/usr/sbin/update-exim4.conf -d $folder -o $folder/exim.conf");
    is $?, 0, 'update-exim4.conf takes it' or diag $out;
    chmod 0644, "$folder/exim.conf";
    Bed::output("chown -R $user: $folder/spool") if $> == 0;
    Bed::change("$bed->{TB_A_POLICY}/hosts", sub { $_ .= "127.0.0.1  $ports[0]\n" });
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDERR, '>', "$folder/spool/output";
        exec @as, $exim, '-C', "$folder/exim.conf", '-bdf' or exit 1;
    }
    push @pids, $pid;
    return Bed::wait_for(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $ports[1]) });
}

for my $split (0, 1) {
    my $name = $split ? 'split files' : 'one file';
    subtest "1.3-effort: Debian's configuration, $name" => sub {
        ok start($split ? 'split' : 'single', $split), 'Exim starts' or return diag Bed::output("cat $dir/*/spool/output");
        my @in = ('d', 'outside', 'eve@elsewhere.test');
        like $bed->send(@in, 'amy@a.test', Bed::mail(To => 'amy@a.test')), qr/^250/, 'its ACL verifies our addresses';
        my $mail = $bed->take('a') // '';
        like Bed::head($mail), qr/^To: amy/m, 'they get their mail';
        like $bed->send(@in, 'x@elsewhere.test', Bed::mail()), qr/^550 relay not permitted/, 'nothing is relayed';
        my @out = ('d', 'inside', 'alice@a.test');
        like $bed->send(@out, 'bob@b.test', Bed::mail(Subject => '[seemail]')), qr/^250/, 'marked mail to a partner';
        like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'arrives, sealed';
        like $bed->send(@out, 'eve@elsewhere.test', Bed::mail(Subject => '[seemail]')), qr/^550 SEEMail/, 'and to a stranger is refused';
        ok Bed::wait_for(sub { $bed->queue('d') == 0 }), 'nothing is left';
    };
}

# A hub's Exim is started by root, and asks in its routers as root; a bed's daemon is no longer root when it delivers.
subtest '2.4-keys: what Exim asks as root is done by the user of the hub' => sub {
    plan skip_all => 'not root, so Exim cannot be' if $> != 0;
    my $conf = "$dir/single/exim.conf";
    Bed::output("rm -rf $dir/a/state/sealed $dir/a/state/events*");
    Bed::write_file("$dir/marked", Bed::mail(Subject => '[seemail]', To => 'bob@b.test, x@c.test'));
    Bed::change("$bed->{TB_A_POLICY}/partners", sub { $_ .= "*\@c.test\n" }); # nobody has its certificate
    Bed::output("$exim -C $conf -odq -f alice\@a.test bob\@b.test x\@c.test <$dir/marked");
    my ($id) = Bed::output("$exim -C $conf -bpr") =~ /^ *\S+ +\S+ (\S+) </m or return fail 'nothing is in the queue';
    Bed::output("$exim -C $conf -M $id");
    like $bed->take('b') // '', qr/^X-SEEMAIL-Verified: good/m, 'a mail is sealed';
    like Bed::output("$exim -C $conf -Mvl $id"), qr/^.*x\@c\.test R=seemail_ready defer .*no certificate is known/m, 'or waits, for what it lacks';
    Bed::output("$exim -C $conf -Mrm $id");
    my $user_id = getpwnam $user;
    my @others = grep { (stat $_)[4] != $user_id } glob "$dir/a/state/*";
    is "@others", '', 'and what it writes belongs to the hub\'s user';
};

done_testing;
