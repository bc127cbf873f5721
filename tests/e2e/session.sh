# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# 1,000 random lines in the shell, on one CPU and on four; what they print goes nowhere.
. tests/e2e/lib.sh
plan 2

for smp in 1 4; do
	fivebyte --smp $smp --test session_of_1000_random_lines --seed $smp --timeout 300
	wanted session_on_${smp}_cpus 0 '^PASS session_of_1000_random_lines$' '^audit clean: .* 0 changed by live links$'
done
