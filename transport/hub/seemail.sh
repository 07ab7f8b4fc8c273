#!/bin/sh
# seemail NAME ...: runs seemail-NAME ..., from the folder of this one. See its man page.
set -u
SEEMAIL_BIN=${SEEMAIL_BIN:-$(dirname "$(readlink -f "$0")")}
SEEMAIL_HOME=${SEEMAIL_HOME:-@ETC@}
export SEEMAIL_BIN SEEMAIL_HOME
unset TZ # Exim's log is in the machine's zone, whatever is set here

if [ $# = 0 ] || [ "$1" = --help ]; then
    echo "usage: seemail NAME ..., where NAME is one of:"
    for program in "$SEEMAIL_BIN"/seemail-*; do
        [ ! -x "$program" ] || echo "    ${program##*/seemail-}"
    done
    exit 64
fi
name=$1
shift
case $name in */* | -* | "") echo "seemail: $name: no such command" >&2; exit 64 ;; esac
program=$SEEMAIL_BIN/seemail-$name
[ -x "$program" ] || { echo "seemail: $name: no such command (seemail --help)" >&2; exit 64; }

# Keys and queue belong to Exim's user: what root does here, he does as that one.
if [ "$(id -u)" = 0 ]; then
    for exim in ${SEEMAIL_EXIM:-/usr/sbin/exim4 /usr/sbin/exim /usr/local/sbin/exim /usr/exim/bin/exim}; do
        [ -x "$exim" ] && break
    done
    user=$("$exim" ${SEEMAIL_EXIM_CONFIG:+-C "$SEEMAIL_EXIM_CONFIG"} -bP exim_user 2>/dev/null | sed -n 's/^exim_user = //p')
    if [ -n "$user" ] && [ "$user" != root ] && command -v setpriv >/dev/null; then
        SUDO_USER=${SUDO_USER:-root}
        export SUDO_USER
        exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups "$program" "$@"
    fi
fi
exec "$program" "$@"
