# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The build: one short line a step, every command with V=1, as many jobs as CPUs; it hides no error and no
# warning.
. tests/e2e/lib.sh
plan 16

b=$work/b
objects="$b/kernel/lib/fmt.c.o $b/kernel/lib/mem.c.o $b/kernel/net/checksum.c.o"

# built COMMAND...: as a user calls it, not inside the make that runs the tests; nothing is built before.
built() {
	rm -rf "$b"
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u V "$@" >"$out" 2>&1 </dev/null
	status=$?
	sed -i 's/\r/\n/g; s/\x1b\[K//g' "$out"
}

# wrote NAME LINES REGEX...: it succeeded and wrote that many lines, with each regex among them.
wrote() {
	[ "$(grep -c . "$out")" = "$2" ] || { fail "$1" "$(grep -c . "$out") lines, not $2"; return; }
	wanted "$1" 0 "${@:3}"
}

# shellcheck disable=SC2086 # $objects is a list
{
	built make -j1 B="$b" $objects
	wrote build_writes_one_line_a_step 3 '^  CC +kernel/lib/fmt\.c$' '^  CC +kernel/lib/mem\.c$' '^  CC +kernel/net/checksum\.c$'
	built make -s B="$b" $objects
	wrote build_is_silent_with_s 0
	built make V=1 B="$b" $objects
	wrote build_shows_every_command_with_V 3 '^gcc .*-c -o .*/fmt\.c\.o kernel/lib/fmt\.c$'

	built tools/progress make B="$b" $objects
	wrote progress_writes_one_line_a_folder 2 '^\[ *[12]/3\] kernel/lib/$' '^\[ *[123]/3\] kernel/net/$'
	built script -qec "tools/progress make -j1 B=$b $objects" /dev/null
	wrote progress_rewrites_one_line_on_a_terminal 3 '^\[  1/3\] CC kernel/lib/fmt\.c$' '^\[  3/3\] CC kernel/net/checksum\.c$'
	built tools/progress make V=1 B="$b" $objects
	wrote progress_shows_every_command_with_V 3 '^gcc .*-c -o .*/fmt\.c\.o kernel/lib/fmt\.c$'
}

# One function of the file has a number for its name.
built make B="$b" CFLAGS=-Dstr_putc=1+ "$b/kernel/lib/fmt.c.o"
wanted build_shows_errors 2 ' error: expected identifier' '^make: \*\*\* .*fmt\.c\.o\] Error 1'
built tools/progress make B="$b" CFLAGS=-Dstr_putc=1+ "$b/kernel/lib/fmt.c.o"
wanted progress_shows_errors 2 ' error: expected identifier' '^make: \*\*\* .*fmt\.c\.o\] Error 1'
echo '#warning seen' >"$work/warns.h"
built tools/progress make B="$b" CFLAGS="-O2 -include $work/warns.h" "$b/kernel/lib/fmt.c.o"
wanted progress_shows_warnings 0 '^.*/warns\.h:1:.* warning: #warning seen' '^\[  1/1\] kernel/lib/$'

built make -n B="$b" run
if grep -q 'fivebyte-test\|poisoned' "$out"; then
	fail run_builds_no_test_kernel "make -n run names it"
else
	wanted run_builds_no_test_kernel 0 "tools/make-iso $b/fivebyte\.iso" '^tools/fivebyte .*--iso'
fi

# What a script that a recipe calls sees of the number of jobs; a make that it calls would see the same.
printf 'probe:\n\t$(script) printenv MAKEFLAGS\n' >"$work/probe.mk"
built make -f Makefile -f "$work/probe.mk" probe
wanted build_runs_as_many_jobs_as_CPUs 0 "^ *-j$(nproc)$"
built make -f Makefile -f "$work/probe.mk" -j7 probe
wanted build_runs_as_many_jobs_as_the_user_says 0 '^ *-j7$'
built make -f Makefile -f "$work/probe.mk" clean probe B="$b"
wanted build_cleans_before_it_builds 0 "^ *-- B=$b"

# install-deps with an apt-get that only says what the real one says, and one package that no machine has.
mkdir -p "$work/bin"
printf '#!/bin/sh\nexec "$@"\n' >"$work/bin/sudo"
cat >"$work/bin/apt-get" <<'END'
#!/bin/sh
[ "$2" != update ] || exit 0
printf '%s\n' 'dlstatus:1:0.0:a' 'dlstatus:2:12.5:b' 'dlstatus:3:60.1:c' 'pmstatus:dpkg:100.0:d' 'E: why it failed'
exit "${APT_STATUS:-0}"
END
chmod +x "$work/bin/sudo" "$work/bin/apt-get"
PATH=$work/bin:$PATH built tools/install-deps 'no-such-package no-such-command'
wrote install_deps_says_what_and_how_far 4 '^install-deps: missing: no-such-package \(1 in all\)' '^downloading: 0 %$' '^downloading: 50 %$' '^installing: 100 %$'
APT_STATUS=100 PATH=$work/bin:$PATH built tools/install-deps 'no-such-package no-such-command'
wanted install_deps_shows_why_apt_failed 1 '^E: why it failed$' '^install-deps: could not install: no-such-package$'
built tools/install-deps
wrote install_deps_is_silent_without_work 0
