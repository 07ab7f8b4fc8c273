#!/bin/sh
# seemail-policy: all errors at once, exit statuses, and what is in force.
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
ok() { # ok STATUS NAME
    n=$((n + 1))
    if [ "$1" = 0 ]; then echo "ok $n - $2"; else
        echo "not ok $n - $2"
        sed 's/^/# /' "$dir/out"
    fi
}
policy() { "$B/seemail-policy" "$@" >"$dir/out" 2>&1; }
said() { grep -qF -e "$1" "$dir/out"; }

mkdir "$dir/policies"
for t in settings triggers partners directories algorithms hosts servers outcomes events notices; do cp -r "policies/$t" "$dir/policies/"; done
echo 'a.test "A DCA"' >"$dir/policies/identity"

policy check "$dir/policies"
ok $? "1.3-consistent: the shipped tables with a domain of ours are good"
SEEMAIL_HOME=$dir policy check && said "1 domains of ours"
ok $? "the folder is that of SEEMAIL_HOME when none is named"
policy show "$dir/policies" && said "SENSITIVE" && said "$dir/nssdb" && said "identity:1"
ok $? "1.3-consistent: show tells what is in force and where it stands"

for writable in settings . notices notices/digest; do
    mode=$(stat -c %a "$dir/policies/$writable")
    chmod o+w "$dir/policies/$writable"
    policy check "$dir/policies"
    [ $? = 1 ] && said "lets others change it"
    ok $? "1.3-consistent: what everybody may change is not taken: $writable"
    chmod "$mode" "$dir/policies/$writable"
done

policy show "$dir/policies"
awk '$1 == "settings" {print $2}' "$dir/out" >"$dir/names"
for name in $(cat "$dir/names"); do grep -q "^.It Cm $name Pq" doc/seemail-settings.5 || echo "$name"; done >"$dir/out"
[ -s "$dir/names" ] && [ ! -s "$dir/out" ]
ok $? "every setting is in its man page"

echo 'b.test' >>"$dir/policies/partners"
echo 'good - send - none' >>"$dir/policies/outcomes"
echo 'nonsense - send - none' >>"$dir/policies/outcomes"
echo 'mime-depth many' >>"$dir/policies/settings"
echo 'MORE (' >>"$dir/policies/triggers"
policy check "$dir/policies"
[ $? = 1 ] && said "partners:" && said "outcomes:" && said "settings:" && said "triggers:" && said ": 4 errors"
ok $? "all errors of all tables at once, exit 1"
policy show "$dir/policies"
[ $? = 1 ] && said "(and 3 more)"
ok $? "a broken policy is not shown"

cp policies/partners policies/settings policies/triggers "$dir/policies/"
sed '/^altered/d' policies/outcomes >"$dir/policies/outcomes"
echo 'nonsense - send - none' >>"$dir/policies/outcomes"
policy check "$dir/policies"
[ $? = 1 ] && said '"nonsense": expected the word of a status' && said '"altered": expected a row for this status'
ok $? "outcomes are for verdicts that there are, and for all of them"

cp policies/outcomes "$dir/policies/"
echo 'Dear ${whom},' >>"$dir/policies/notices/digest"
policy check "$dir/policies"
[ $? = 1 ] && said 'notices/digest:' && said '"${whom}": expected a name that this text can have'
ok $? "2.8-notices: a name that a text cannot have is found"
sed 1d policies/notices/digest >"$dir/policies/notices/digest"
policy check "$dir/policies"
[ $? = 1 ] && said 'notices/digest:1:' && said 'expected "Subject: ..."'
ok $? "2.8-notices: a mail without its subject is found"
cp policies/notices/digest "$dir/policies/notices/"

policy check "$dir/nothing"
[ $? = 1 ] && said "No such file or directory"
ok $? "no folder is no policy"
policy
[ $? = 64 ]
ok $? "a wrong command line exits 64"
"$B/seemail-policy" show "$dir/policies" >/dev/full 2>/dev/null
[ $? = 74 ]
ok $? "a full disk under the output is noticed"
rm -rf "$dir/policies" && mkdir "$dir/policies"
for t in settings triggers directories algorithms hosts outcomes events notices; do cp -r "policies/$t" "$dir/policies/"; done
echo 'a.test "A DCA"' >"$dir/policies/identity"
echo '*@b.test "SEEMAIL"' >"$dir/policies/partners"
printf 'From: x@a.test\nSubject: [seemail] x\n\nx\n' >"$dir/message"
policy explain "$dir/policies" "$dir/message" --from x@a.test --to bob@b.test
[ $? = 0 ] && said "bob@b.test: seal: a trusted domain (partners:1)" && said "marking:     SEEMAIL"
ok $? "1.3-consistent: explain names the class of each recipient and its rule"
policy explain "$dir/policies" "$dir/message" --from x@a.test --to bob@b.test --to eve@e.test
[ $? = 0 ] && said "eve@e.test: refuse:" && said "(triggers:6)" && said "refused for all, because of eve@e.test"
ok $? "1.3-consistent: explain says who is refused and why"
sed 's/x@a.test/bob@b.test/' "$dir/message" >"$dir/incoming"
policy explain "$dir/policies" "$dir/incoming" --from bob@b.test --to x@a.test --outside
[ $? = 0 ] && said "verdict:     no-signature" && said "x@a.test: inside:"
ok $? "1.3-consistent: explain of what comes from outside"
policy explain "$dir/policies" "$dir/message" --from x@a.test
[ $? = 64 ]
ok $? "explain without a recipient is a usage error"
echo "1..$n"
