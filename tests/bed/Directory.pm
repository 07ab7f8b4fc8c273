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

# A certificate for TLS on 127.0.0.1, of the bed's CA.
sub server_key {
    my ($dir, $folder) = @_;
    write_file("$folder/tls.ext", "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
    system("cd $folder && openssl req -new -newkey rsa:2048 -nodes -subj /CN=localhost -keyout tls.key -out tls.csr 2>/dev/null "
        . "&& openssl x509 -req -in tls.csr -CA $dir/ca/ca.pem -CAkey $dir/ca/ca.key -set_serial 77 -days 100 -extfile tls.ext "
        . "-out tls.pem 2>/dev/null") == 0 or die "no certificate for slapd\n";
    return "TLSCACertificateFile $dir/ca/ca.pem\nTLSCertificateFile $folder/tls.pem\nTLSCertificateKeyFile $folder/tls.key\n";
}

sub up {
    my ($dir, $agencies, $start, $wait_for, $port, $tls) = @_;
    my $folder = "$dir/ldap";
    mkdir $_ for $folder, "$folder/db";
    my $modules = (grep { -d } qw(/usr/lib/ldap))[0];
    write_file("$folder/slapd.conf", join '',
        (map { "include /etc/ldap/schema/$_.schema\n" } qw(core cosine inetorgperson)),
        $modules ? "modulepath $modules\nmoduleload back_mdb\n" : '',
        "pidfile $folder/slapd.pid\n", server_key($dir, $folder),
        "authz-regexp uid=([^,]*),.*cn=auth cn=\$1,c=NZ\nsasl-auxprops slapd\nsasl-secprops noanonymous\n",
        "access to dn.subtree=ou=closed,c=NZ by users read by * none\naccess to attrs=userPassword by * auth\naccess to * by * read\n",
        "database mdb\nmaxsize 104857600\nsuffix c=NZ\nrootdn cn=admin,c=NZ\n",
        "rootpw secret\ndirectory $folder/db\nindex mail eq\n");
    write_file("$folder/start.ldif", ldif($dir, @$agencies));
    system("/usr/sbin/slapadd -f $folder/slapd.conf -l $folder/start.ldif >>$dir/output 2>&1") == 0
        or die "slapadd failed: see $dir/output\n";
    if ($> == 0) { system("chown -R Debian-exim: $folder") == 0 or die "chown\n" }
    my $local = "ldapi://$folder/socket" =~ s{(?<=//)(.*)}{$1 =~ s|/|%2f|gr}er;
    # As a shell can start it again: tests stop it.
    write_file("$folder/start", "exec $slapd -f $folder/slapd.conf -h 'ldap://127.0.0.1:$port/ ldaps://127.0.0.1:$tls/ $local' -d 0\n");
    $start->('/bin/sh', "$folder/start");
    $wait_for->(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) }, 'slapd');
    return (TB_LDAP_URI => "ldap://127.0.0.1:$port", TB_LDAP_BASE => 'c=NZ', TB_LDAP_BINDDN => 'cn=admin,c=NZ',
        TB_LDAP_PASSWORD => 'secret', TB_LDAPS_URI => "ldaps://127.0.0.1:$tls", TB_LDAPI_URI => $local);
}

1;
