# shellcheck shell=bash
# What the scripts that install something share. Sourced; $0 is the script that does.

umask 022
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
python=/usr/bin/python3 # not a pyenv one: those lie in a home that other users cannot read
me=$(basename "$0" .sh)
if [ "$(id -u)" = 0 ]; then
    cache=/var/cache/oj-executor
else
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/oj-executor
fi
mkdir -p "$cache"

say() { printf '%s: %s\n' "$me" "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

# Runs a noisy command; its output is shown only if it fails.
quietly() { # what command...
    local what=$1
    shift
    if ! "$@" >"$cache/$me.log" 2>&1; then
        tail -n 40 "$cache/$me.log" >&2
        fail "$what failed; the lines above are the end of $cache/$me.log"
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

apt_install() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300)
    as_root "${apt[@]}" install --no-install-recommends "$@" && return
    # Most often the package lists are absent or old.
    as_root "${apt[@]}" update && as_root "${apt[@]}" install --no-install-recommends "$@"
}

# Debian starts a service as soon as it is installed, unless this file says no. The system's own
# broker is not ours to start.
policy=/usr/sbin/policy-rc.d
forbid_services() {
    # One of ours is from a run that was cut off.
    if [ -e "$policy" ] && ! grep -q oj-executor "$policy"; then return; fi
    printf '#!/bin/sh\n# of oj-executor\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    trap 'as_root rm -f "$policy"' EXIT
}

allow_services() {
    [ -z "$(trap -p EXIT)" ] && return
    as_root rm -f "$policy"
    trap - EXIT
}

is_installed() { # package: and not only its settings are left
    dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

check_python() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$python is $("$python" -V), and 3.11 or newer is needed: use Debian 12, Ubuntu 24.04 or newer"
}

add_packages() { # names...
    [ $# = 0 ] && return
    say "installing $*"
    command -v apt-get >/dev/null ||
        fail "no apt-get here: install these yourself, then run it again: $*"
    as_root true 2>/dev/null ||
        fail "needs root to install: run 'sudo apt-get install $*', then run it again"
    forbid_services
    quietly "apt-get install $*" apt_install "$@"
    allow_services
}

# Makes the environment of these requirements in a folder below BASE, if it is not there, and prints which. Its
# name changes with what is to be in it. An environment cannot be moved once made, so one that was interrupted
# lacks its stamp and is made anew in the same place.
make_venv() { # BASE REQUIREMENTS...: the last includes the others
    check_python
    local base=$1 key venv
    shift
    key=$({ "$python" -VV && cat "$@"; } | sha256sum | cut -c1-12)
    venv=$base/venv-$key
    if [ ! -e "$venv/.complete" ]; then
        say "making the Python environment $venv"
        rm -rf "$venv"
        quietly "python -m venv" "$python" -m venv "$venv"
        quietly "pip install" "$venv/bin/pip" install --disable-pip-version-check --no-input -r "${@: -1}"
        chmod -R a+rX "$venv"
        touch "$venv/.complete"
    fi
    echo "$venv"
}

make_user() {
    [ "$(id -u)" = 0 ] || return 0
    getent passwd executor >/dev/null && return
    say "adding the system user executor"
    quietly "useradd executor" \
        useradd --system --user-group --no-create-home --shell /usr/sbin/nologin executor
}

build_safeexec() ( # folder
    cd "$1"
    # A build folder that was moved or copied names the old place, and cmake refuses it.
    if ! grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" CMakeCache.txt; then
        rm -rf CMakeCache.txt CMakeFiles Makefile
    fi
    [ -e Makefile ] || quietly "cmake" cmake .
    quietly "make" make
    if grep -q Linking "$cache/$me.log"; then say "built safeexec"; fi
)
