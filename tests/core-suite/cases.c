// SPDX-License-Identifier: MIT
// Prints the cases of Linux's CO-RE suite, whose table is compiled in from Linux's own source. One line each:
// name, file of the kernel's types, object, program, input and wanted output in hex. An output of `fails`
// means that the object must be refused, one of `-` or an input of `-` that it is empty. Runs where the
// objects are.
#include "prog_tests/core_reloc.c"

static void print_hex(const char *bytes, int len)
{
	printf(len ? " " : " -");
	for (int i = 0; i < len; i++)
		printf("%02x", (unsigned char)bytes[i]);
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(test_cases); i++) {
		struct core_reloc_test_case c = test_cases[i];
		if (!c.btf_src_file) /* it wants Linux itself */
			continue;
		if (c.setup && c.setup(&c))
			return 1;
		printf("%s %s %s %s", c.case_name, c.btf_src_file, c.bpf_obj_file, c.prog_name);
		print_hex(c.input, c.input_len);
		if (c.fails)
			printf(" fails");
		else
			print_hex(c.output, c.output_len);
		printf("\n");
	}
	return 0;
}
