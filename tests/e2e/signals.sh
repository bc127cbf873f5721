# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A signal ends the launcher and its QEMU, whatever the machine does.
. tests/e2e/lib.sh
plan 10

# The process of each QEMU that began here: it has our environment.
export SIGNALS_TOKEN=$$.$RANDOM
machines() {
	local proc
	for proc in $(grep -lsa "SIGNALS_TOKEN=$SIGNALS_TOKEN" /proc/[0-9]*/environ); do
		proc=${proc%/environ}
		[[ $(cat "$proc/comm" 2>/dev/null) = qemu* ]] && echo "${proc#/proc/}"
	done
}

# within TENTHS COMMAND...: waits that long for the command to succeed.
within() {
	local i
	for ((i = 0; i < $1; i++)); do
		"${@:2}" && return
		sleep 0.1
	done
	return 1
}
printed() { grep -q "$printed" "$out"; }
found() { [ -n "$(machines)" ]; }
none_left() { [ -z "$(machines)" ]; }

# A standard input from which nothing comes.
mkfifo "$work/quiet"
exec 4<>"$work/quiet"

# start REGEX OPTION...: the launcher in the background, as $launcher, after the machine has printed the
# regex.
start() {
	printed=$1
	shift
	# A shell ignores SIGINT for what it starts in the background.
	env --default-signal=INT tools/fivebyte ${KERNEL:+--kernel "$KERNEL"} "$@" <&4 4>&- >"$out" 2>&1 &
	launcher=$!
	within 1200 printed && within 20 found
}

# ended NAME STATUS: within 2 s no QEMU is left, and the launcher's exit status is this.
ended() {
	within 20 none_left 2>/dev/null || { fail "$1" "after 2 s QEMU is left: $(machines)"; return; }
	wait "$launcher" 2>/dev/null
	status=$?
	wanted "$1" "$2"
}

# ends NAME SIGNAL STATUS REGEX OPTION...: the signal, sent to the launcher, ends it and QEMU.
ends() {
	start "${@:4}" || { fail "$1" "nothing like '$4'"; kill "$launcher"; return; }
	kill -s "$2" "$launcher"
	ended "$1" "$3"
}

ends signal_term_ends_a_shell TERM 143 'started by'
ends signal_hup_ends_a_shell HUP 129 'started by'
ends signal_int_ends_a_shell INT 130 'started by'
ends signal_kill_leaves_no_machine KILL 137 'started by'
ends signal_term_ends_a_busy_machine TERM 143 'work load' --smp 4 --exec 'work load 1000000'
ends signal_term_ends_a_machine_that_counts TERM 143 'work load' --smp 4 --icount --exec 'work load 1000000'
ends signal_term_ends_what_waits_for_gdb TERM 143 'target remote' --gdb
ends signal_term_ends_a_boot_loader TERM 143 'target remote' --iso --gdb

# A QEMU that is stopped.
if start 'started by'; then
	kill -STOP "$(machines)"
	kill "$launcher"
	ended signal_term_ends_a_qemu_that_is_stuck 143
else
	fail signal_term_ends_a_qemu_that_is_stuck 'it does not start'
fi

timeout 5 tools/fivebyte ${KERNEL:+--kernel "$KERNEL"} <&4 >"$out" 2>&1
status=$?
within 20 none_left && wanted signal_of_timeout_ends_the_machine 124 'started by' ||
	fail signal_of_timeout_ends_the_machine "after 2 s QEMU is left: $(machines)"
