// SPDX-License-Identifier: MIT
// Functions and variables that the kernel may lack; it has one of them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
extern const void no_such_variable __ksym __weak;
extern int no_such_function(int x) __ksym __weak;
extern void msleep(unsigned int ms) __ksym __weak;
SEC("fmod_ret.s/target")
int program(void *ctx)
{
	int found = 0;
	if (&no_such_variable)
		found |= 1;
	if (no_such_function)
		found |= 2 | no_such_function(3);
	if (msleep) {
		msleep(1);
		found |= 4;
	}
	return found;
}
