# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the end-to-end tests share: a machine, its output in $out, its exit status in $status, and checks.
set -u
out=$(mktemp)
work=$(mktemp -d)
trap 'rm -rf "$out" "$work"' EXIT

# plan N: how many tests this script has, each of which reports once; tests/e2e/run reads it and counts.
plan() {
	:
}

pass() {
	echo "PASS $1"
	echo "pass $1" >>"${E2E_COUNTS:-/dev/null}"
}

# fail NAME WHY: shows the end of the machine's output.
fail() {
	echo "FAIL $1: $2"
	tail -n 30 "$out" | sed 's/^/    /'
	echo "fail $1" >>"${E2E_COUNTS:-/dev/null}"
}

# skip NAME WHY: it cannot be done on this machine.
skip() {
	echo "SKIP $1: $2"
	echo "skip $1" >>"${E2E_COUNTS:-/dev/null}"
}

# piped OPTION...: boots with these options; the shell reads the standard input.
piped() {
	tools/fivebyte ${KERNEL:+--kernel "$KERNEL"} --timeout 60 "$@" >"$out" 2>&1
	status=$?
	sed -i 's/\r//g' "$out"
}

# Boots with these options; nothing is typed.
fivebyte() {
	piped "$@" </dev/null
}

# wanted NAME STATUS REGEX...: the exit status, and each regex in the output.
wanted() {
	local name=$1 want=$2 regex
	shift 2
	[ "$status" = "$want" ] || { fail "$name" "exit status $status, not $want"; return; }
	for regex; do
		grep -Eq -- "$regex" "$out" || { fail "$name" "nothing like '$regex'"; return; }
	done
	pass "$name"
}

# What a program is compiled with outside this repository.
compile() {
	clang -O2 -g -target bpf -D__TARGET_ARCH_x86 -I build -c "$1" -o "$2" 2>"$out"
}
