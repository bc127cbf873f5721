# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Programs that go wrong, and what is said of it.
. tests/e2e/lib.sh
plan 1

KERNEL=build/fivebyte-test.elf fivebyte --test panic_triple_fault_without_an_idt
wanted mistakes_triple_fault_has_a_status_of_its_own 3 '^fivebyte: triple fault: .*so the machine reset itself\.$'
