package Directory;

# A slapd of the test bed with the lists SEEMAIL and VENDOR and the agencies' certificates.
use strict;
use warnings;
use IO::Socket::INET;
use MIME::Base64;

my $slapd = (grep { -x } qw(/usr/sbin/slapd /usr/libexec/slapd))[0];

sub write_file {
    my ($path, $text) = @_;
    open my $f, '>', $path or die "$path: $!\n";
    print $f $text;
    close $f or die "$path: $!\n";
}

sub base64_file {
    my ($path) = @_;
    open my $f, '<:raw', $path or die "$path: $!\n";
    local $/;
    return encode_base64(<$f>, '');
}

sub ldif {
    my ($dir, @agencies) = @_;
    my $ldif = "dn: c=NZ\nobjectClass: country\nc: NZ\n\n";
    $ldif .= "dn: ou=$_,c=NZ\nobjectClass: organizationalUnit\nou: $_\n\n" for qw(SEEMAIL VENDOR agencies);
    for my $x (@agencies) {
        $ldif .= "dn: cn=$x.test,ou=SEEMAIL,c=NZ\nobjectClass: organizationalRole\nobjectClass: extensibleObject\n"
            . "cn: $x.test\nmail: *\@$x.test\n\n"
            . "dn: cn=$x,ou=agencies,c=NZ\nobjectClass: organizationalRole\nobjectClass: extensibleObject\ncn: $x\n"
            . "mail: domain-confidentiality-authority\@$x.test\n"
            . "userCertificate;binary:: " . base64_file("$dir/ca/$x.der") . "\n\n";
    }
    return $ldif;
}

sub up {
    my ($dir, $agencies, $start, $wait_for) = @_;
    my $folder = "$dir/ldap";
    mkdir $_ for $folder, "$folder/db";
    my $modules = (grep { -d } qw(/usr/lib/ldap))[0];
    write_file("$folder/slapd.conf", join '',
        (map { "include /etc/ldap/schema/$_.schema\n" } qw(core cosine inetorgperson)),
        $modules ? "modulepath $modules\nmoduleload back_mdb\n" : '',
        "pidfile $folder/slapd.pid\ndatabase mdb\nmaxsize 104857600\nsuffix c=NZ\nrootdn cn=admin,c=NZ\n",
        "rootpw secret\ndirectory $folder/db\nindex mail eq\n");
    write_file("$folder/start.ldif", ldif($dir, @$agencies));
    system("/usr/sbin/slapadd -f $folder/slapd.conf -l $folder/start.ldif >>$dir/output 2>&1") == 0
        or die "slapadd failed: see $dir/output\n";
    if ($> == 0) { system("chown -R Debian-exim: $folder") == 0 or die "chown\n" }
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "no port\n";
    my $port = $socket->sockport;
    close $socket;
    $start->($slapd, '-f', "$folder/slapd.conf", '-h', "ldap://127.0.0.1:$port/", '-d', '0');
    $wait_for->(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) }, 'slapd');
    return (TB_LDAP_URI => "ldap://127.0.0.1:$port", TB_LDAP_BASE => 'c=NZ', TB_LDAP_BINDDN => 'cn=admin,c=NZ',
        TB_LDAP_PASSWORD => 'secret');
}

1;
