// SPDX-License-Identifier: MIT
static u64 atomic_value(i32 op unused, u64 a, u64 b unused)
{
	return a; /* lab 10: not written yet; the memory stays as it is */
}
