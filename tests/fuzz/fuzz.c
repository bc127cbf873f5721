// SPDX-License-Identifier: MIT
// The start of every fuzzer, and its report about a finding.
#include "tests/fuzz/fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include "kernel/mem/heap.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "tests/host/host.h"
#include "tests/host/vm_run.h"
#include "vm/disasm.h"

/* kmalloc is not malloc: neither its leaks nor what was freed are the sanitizer's business. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:allow_user_segv_handler=1:handle_sigbus=1:quarantine_size_mb=16";
}

void fuzz_found(const char *fmt, ...)
{
	char text[512];
	struct strbuf s = STRBUF(text);
	va_list args;
	va_start(args, fmt);
	str_vprintf(&s, fmt, args);
	va_end(args);
	kprintf("FOUND %s\n", text);
	abort();
}

u64 fuzz_heap(void)
{
	u64 bytes, count;
	heap_usage(&bytes, &count);
	return bytes;
}

static void show_hex(const char *what, const u8 *bytes, u32 len)
{
	kprintf("%s", what);
	for (u32 i = 0; i < len; i++)
		kprintf(" %02x", bytes[i]);
	kprintf("\n");
}

void fuzz_show_program(const struct insn *insns, u32 count, const u8 *mem, u32 len)
{
	kprintf("name: found by fuzzing\n");
	if (len)
		show_hex("mem:", mem, len);
	for (u32 i = 0; i < count; i++) {
		char text[160];
		struct strbuf s = STRBUF(text);
		bool wide = insn_is_wide(&insns[i]) && i + 1 < count;
		if (insn_kind(&insns[i]) == INSN_BAD || (insn_is_wide(&insns[i]) && !wide))
			show_hex("    hex", (const u8 *)&insns[i], sizeof(insns[i]));
		else if (insn_print_alone(&s, &insns[i]), text[0])
			kprintf("    %s\n", text);
		i += wide;
	}
}

static const char *seed_folder;
static u32 seed_count;

void fuzz_keep(const void *bytes, size_t len)
{
	char path[512];
	struct strbuf s = STRBUF(path);
	str_printf(&s, "%s/seed-%u", seed_folder, seed_count++);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, len, f) != len || fclose(f)) {
		kprintf("fuzz: cannot write %s\n", path);
		exit(1);
	}
}

/* Calls use with the bytes of a file. */
static void with_file(const char *path, void (*use)(const u8 *file, size_t len))
{
	size_t len;
	u8 *file = host_file(path, &len);
	if (!file) {
		kprintf("fuzz: cannot read %s\n", path);
		exit(1);
	}
	use(file, len);
	kfree(file);
}

static void show_and_try(const u8 *bytes, size_t len)
{
	fuzz_show(bytes, len);
	LLVMFuzzerTestOneInput(bytes, len);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char **args = *argv;
	host_init();
	vm_add_suite_helpers();
	fuzz_begin();
	if (*argc == 3 && !strcmp(args[1], "--show")) {
		with_file(args[2], show_and_try);
		exit(0);
	}
	if (*argc > 3 && !strcmp(args[1], "--seeds")) {
		seed_folder = args[2];
		for (i32 i = 3; i < *argc; i++)
			with_file(args[i], fuzz_seeds);
		exit(0);
	}
	return 0;
}
