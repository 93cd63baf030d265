#!/bin/sh
# Make sure that the tests with other programs can run. Chromium: one that works already, else from Debian's packages (as
# root or by sudo), else Playwright's own download. nginx, Prometheus, systemd: what works already, else from Debian.
# Called by the Makefile; PYTHON is that of the virtual environment. With the word chromium: that alone.
set -eu

chromium_works() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        # On Ubuntu a program of that name may be there only to say that it wants to be installed.
        if "$name" --version >/dev/null 2>&1; then
            return 0
        fi
    done
    return 1
}

nginx_works() {
    PATH="$PATH:/usr/sbin:/usr/local/sbin" nginx -v >/dev/null 2>&1
}

playwright_works() {
    "$PYTHON" -m playwright --version >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

install_package() {
    command -v apt-get >/dev/null && as_root true 2>/dev/null || return 1
    echo "Installing the system's package $1 for the tests"
    as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null
}

install_playwrights_chromium() {
    echo "Installing Playwright's own Chromium"
    if as_root true 2>/dev/null; then
        "$PYTHON" -m playwright install --with-deps chromium || "$PYTHON" -m playwright install chromium
    else
        "$PYTHON" -m playwright install chromium
    fi
}

fail() {
    echo "Some tests can't run: $1" >&2
    exit 1
}

# The Node.js that Playwright brings needs a library that the smallest systems lack.
playwright_works || install_package libatomic1 || fail "Playwright doesn't start: apt install libatomic1"
playwright_works || fail "Playwright doesn't start: see $PYTHON -m playwright --version"
chromium_works || { install_package chromium && chromium_works; } || install_playwrights_chromium ||
    fail "there is no Chromium: apt install chromium"

if [ "${1-}" = chromium ]; then
    exit
fi

# The package starts a server of its own, which nobody asked for.
install_nginx() {
    install_package nginx-light || return 1
    as_root systemctl --quiet disable --now nginx 2>/dev/null || true
}

nginx_works || { install_nginx && nginx_works; } || fail "there is no nginx: apt install nginx-light"

prometheus_works() {
    prometheus --version >/dev/null 2>&1 && promtool --version >/dev/null 2>&1
}

install_prometheus() {
    install_package prometheus || return 1
    as_root systemctl --quiet disable --now prometheus 2>/dev/null || true
}

prometheus_works || { install_prometheus && prometheus_works; } || fail "there is no Prometheus: apt install prometheus"

# A font with Chinese, Japanese and Korean letters.
font_works() {
    "$PYTHON" -c 'import sys; from plotd.fonts import stand_ins; sys.exit(not stand_ins())'
}

font_works || install_package fonts-wqy-microhei ||
    fail "there is no font for Chinese, Japanese and Korean: apt install fonts-wqy-microhei"

# A systemd of their own, which only root can boot; elsewhere these tests say so, and aren't run.
if [ "$(id -u)" = 0 ]; then
    for program in /lib/systemd/systemd /usr/bin/unshare; do
        package=systemd
        [ "$program" = /usr/bin/unshare ] && package=util-linux
        [ -x "$program" ] || { install_package "$package" && [ -x "$program" ]; } ||
            fail "there is no $program: apt install $package"
    done
fi

# What gives a process a clock of its own. Nothing but a library: there is no program to look for.
clock_works() {
    find /usr/lib /usr/local/lib -name libfaketimeMT.so.1 2>/dev/null | grep -q .
}

clock_works || { install_package libfaketime && clock_works; } || fail "there is no libfaketime: apt install libfaketime"

# Clients that a picture's URL must get on with, and the reader of PDFs.
for program in curl wget pdftoppm; do
    package=$program
    [ "$program" = pdftoppm ] && package=poppler-utils
    command -v "$program" >/dev/null || { install_package "$package" && command -v "$program" >/dev/null; } ||
        fail "there is no $program: apt install $package"
done
