#!/usr/bin/env bash
# Makes a worker of this machine: Debian 12 or 13, or Ubuntu 24.04. As root; a second run brings it up to date.
#
#   sudo ./setup-worker.sh [--languages standard|all|LIST] [--systemd]
#   sudo ./setup-worker.sh --uninstall
#
#   --languages  the compilers and interpreters to install: the standard set, if not given
#   --systemd    units of systemd instead of programs of supervisord
#   --uninstall  removes all of it but Debian's packages; .env is left behind in this folder
#
# It installs Debian packages, the user `executor`, the worker in /opt/oj-executor with its settings in .env, and
# has it started at boot. Afterwards: edit .env, then `sudo supervisorctl restart executor`.
set -euo pipefail
. "$(dirname "$(readlink -f "$0")")/script/common.sh"

home=/opt/oj-executor
data=/var/lib/executor
logs=/var/log/oj-executor
program=/etc/supervisor/conf.d/oj-executor.conf
units=(safeexec.service executor.service)

languages=standard
systemd=
uninstall=
while [ $# -gt 0 ]; do
    case $1 in
    --systemd) systemd=--systemd ;;
    --uninstall) uninstall=--uninstall ;;
    --languages)
        [ $# -gt 1 ] || fail "--languages wants standard, all or a list of languages"
        languages=$2
        shift
        ;;
    *) fail "unknown option $1; see the first lines of $0" ;;
    esac
    shift
done
[ "$(id -u)" = 0 ] || fail "needs root: run sudo $0"

missing_packages() {
    local package
    for package in ca-certificates cmake gcc libc6-dev make python3 python3-venv ${systemd:-supervisor}; do
        [ "$package" = --systemd ] || is_installed "$package" || echo "$package"
    done
}

# Beside the old one first, and then in its place: the worker that runs may look into it at any time.
replace() { # source target
    rm -rf "$2.new" "$2.old"
    cp -r "$1" "$2.new"
    chmod -R a+rX "$2.new" # whatever the umask was when the clone was made
    [ ! -e "$2" ] || mv "$2" "$2.old"
    mv "$2.new" "$2"
    rm -rf "$2.old"
}

install_program() {
    local build venv
    mkdir -p "$home/script" "$home/safeexec"
    build=$(mktemp -d)
    cp -r "$root/safeexec" "$build/"
    build_safeexec "$build/safeexec"
    replace "$build/safeexec/safeexec" "$home/safeexec/safeexec"
    rm -rf "$build"
    if [ "$root" != "$home" ]; then
        replace "$root/executor" "$home/executor"
        replace "$root/config" "$home/config"
        replace "$root/script/executor" "$home/script/executor"
    else
        chmod a+rX "$home"
        chmod -R a+rX "$home/executor" "$home/config" "$home/script" # whatever the umask was
    fi
    # Not the one that a worker may still run from: that goes the next time.
    find "$home" -maxdepth 1 -name 'venv-*' ! -path "$(readlink "$home/.venv" || true)" -exec rm -rf {} +
    venv=$(make_venv "$home" "$root/requirements.txt")
    ln -sfn "$venv" "$home/.venv"
    ln -sfn "$home/script/executor" /usr/local/bin/executor
    ln -sfn "$home/safeexec/safeexec" /usr/local/bin/safeexec
    install -d -o executor -g executor -m 700 "$data"
    install -d "$logs"
}

# It holds a password. Whoever stands in the clone edits the same file; one that is there already becomes that file.
install_settings() {
    if [ "$root" != "$home" ] && [ -f "$root/.env" ] && [ ! -L "$root/.env" ]; then
        [ ! -e "$home/.env" ] || fail "there are two: $root/.env and $home/.env: remove the one that is not to count"
        mv "$root/.env" "$home/.env"
    fi
    [ -e "$home/.env" ] || cp "$root/config/executor.env.example" "$home/.env"
    chown root:executor "$home/.env"
    chmod 640 "$home/.env"
    [ "$root" = "$home" ] || [ -e "$root/.env" ] || ln -s "$home/.env" "$root/.env"
}

# As a file of this folder again, or where they are.
keep_settings() {
    [ -e "$home/.env" ] || return 0
    kept=$root/.env
    if [ "$root" != "$home" ]; then
        if [ -L "$kept" ] && [ "$(readlink "$kept")" = "$home/.env" ]; then rm "$kept"; fi
        if [ -e "$kept" ]; then kept=$(mktemp "$root/.env.XXXXXX"); fi
        cp "$home/.env" "$kept"
    fi
    chown root:root "$kept"
    chmod 600 "$kept"
    say "the settings are left in $kept"
}

has_systemd() { [ -d /run/systemd/system ]; }

start_with_supervisord() {
    leave_systemd
    # Only the programs: the rest is this machine's own supervisord's business.
    sed -n '/^\[program:/,$p' "$root/supervisord.conf" >"$program"
    if has_systemd; then quietly "systemctl enable supervisor" systemctl enable --now supervisor; fi
    if supervisorctl pid >/dev/null 2>&1; then
        quietly "supervisorctl update" supervisorctl update
        say "restart it to run what is new: supervisorctl restart executor safeexec"
    else
        say "no supervisord runs here: start it, for example by supervisord -c /etc/supervisor/supervisord.conf"
    fi
}

start_with_systemd() {
    leave_supervisord
    install -m 644 "${units[@]/#/$root/config/systemd/}" /etc/systemd/system/
    has_systemd || fail "no systemd runs here: the units are in /etc/systemd/system"
    quietly "systemctl daemon-reload" systemctl daemon-reload
    quietly "systemctl enable" systemctl enable --now "${units[@]}"
    say "restart it to run what is new: systemctl restart executor safeexec"
}

# The executor goes first: without the sandbox it could not finish its job.
leave_supervisord() {
    [ -e "$program" ] || return 0
    supervisorctl stop executor 'executor:*' >/dev/null 2>&1 || true # the one or the other is there
    rm -f "$program"
    if supervisorctl pid >/dev/null 2>&1; then quietly "supervisorctl update" supervisorctl update; fi
}

leave_systemd() {
    [ -e "/etc/systemd/system/${units[0]}" ] || return 0
    if has_systemd; then quietly "systemctl disable" systemctl disable --now "${units[@]}"; fi
    rm -f "${units[@]/#//etc/systemd/system/}"
    if has_systemd; then quietly "systemctl daemon-reload" systemctl daemon-reload; fi
}

remove() {
    leave_supervisord
    leave_systemd
    keep_settings
    rm -f /usr/local/bin/executor /usr/local/bin/safeexec
    [ "$root" = "$home" ] || rm -rf "$home"
    rm -rf "$data" "$logs" /run/safeexec /usr/local/lib/oj-executor /etc/default/safeexec
    if getent passwd executor >/dev/null; then quietly "userdel executor" userdel executor; fi
    say "removed; the packages of Debian are left"
}

if [ "$uninstall" ]; then
    remove
    exit
fi
exec 9>"$cache/lock"
flock 9
[ ! -x "$python" ] || check_python
mapfile -t packages < <(missing_packages)
add_packages "${packages[@]}"
"$root/script/languages" "$languages"
make_user
install_program
install_settings
if [ "$systemd" ]; then start_with_systemd; else start_with_supervisord; fi
restart="supervisorctl restart executor"
[ -z "$systemd" ] || restart="systemctl restart executor"
say "done: sudo editor $home/.env, then: sudo $restart"
