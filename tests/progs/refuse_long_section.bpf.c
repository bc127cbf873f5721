// SPDX-License-Identifier: MIT
// Refused: a name that would have to be cut.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("fentry/a_function_with_a_name_that_is_longer_than_fits_into_the_field_for_it")
int program(void *ctx)
{
	return 0;
}
