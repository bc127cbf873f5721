# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The interactive shell, through expect.
. tests/e2e/lib.sh
plan 50

expect -f tests/e2e/shell.exp
