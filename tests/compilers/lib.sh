# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What tests/compilers/run and judge share.

# has_clang N: clang-N is there, or can be installed.
has_clang() {
	command -v "clang-$1" >/dev/null || tools/install-deps "clang-$1 clang-$1" >&2
	command -v "clang-$1" >/dev/null
}
