// SPDX-License-Identifier: MIT
// replaces: atomic_value
// fails: interpreted
// with: \^=
static u64 atomic_value(i32 op, u64 a, u64 b)
{
	switch (op & ~ATOMIC_FETCH) {
	case ATOMIC_OR: return a | b;
	case ATOMIC_AND: return a & b;
	case ATOMIC_XOR: return a | b;
	default: return b; /* xchg */
	}
}
