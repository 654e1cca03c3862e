# Functions by which the programs beside this one get the Debian packages that they need.

say() { printf '%s\n' "$*" >&2; }

# need COMMAND_THAT_TESTS_IT DEBIAN_PACKAGE...: install the packages if the test fails and we may
need() {
    local tested=$1
    shift
    if ! has "$tested" && ! fetch "$@"; then
        say "Missing: please install the Debian packages $* (apt-get install $*), then run this again."
        exit 1
    fi
}

# wish COMMAND_THAT_TESTS_IT DEBIAN_PACKAGE: the same for what some tests can do without
wish() {
    if ! has "$1" && ! fetch "$2"; then
        say "Missing: the Debian package $2. The tests that need it will be skipped."
    fi
}

has() { sh -c "$1" >/dev/null 2>&1; }

updated=
fetch() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        return 1
    fi
    say "Installing the Debian packages $*"
    if [ -z "$updated" ]; then
        apt-get update -qq || return 1
        updated=yes
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
