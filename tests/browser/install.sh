#!/bin/sh
# Make sure that the browser tests can run. Chromium: one that works already, else from Debian's packages (as root or by
# sudo), else Playwright's own download. Called by the Makefile; PYTHON is that of the virtual environment.
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
    echo "Installing the system's package $1 for the browser tests"
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
    echo "The browser tests can't run: $1" >&2
    exit 1
}

# The Node.js that Playwright brings needs a library that the smallest systems lack.
playwright_works || install_package libatomic1 || fail "Playwright doesn't start: apt install libatomic1"
playwright_works || fail "Playwright doesn't start: see $PYTHON -m playwright --version"
chromium_works || { install_package chromium && chromium_works; } || install_playwrights_chromium ||
    fail "there is no Chromium: apt install chromium"
