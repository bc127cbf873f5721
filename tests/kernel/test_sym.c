// SPDX-License-Identifier: MIT
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/sym.h"
#include "tests/test.h"

TEST(sym_finds_a_function_by_name_and_address)
{
	struct sym by_name, by_address;
	require(sym_named("kmalloc", &by_name));
	check_eq((uptr)kmalloc, by_name.addr);
	check(by_name.len > 10);
	require(sym_at(by_name.addr + by_name.len - 1, &by_address));
	check_str("kmalloc", by_address.name);
	check(!sym_at(by_name.addr + by_name.len, &by_address) || strcmp(by_address.name, "kmalloc") != 0);
}

TEST(sym_table_is_sorted_and_complete)
{
	extern const uptr mcount_start[], mcount_end[];
	struct sym sym, last = { 0 };
	u32 unsorted = 0, unknown = 0;
	for (u32 i = 0; sym_nth(i, &sym); i++, last = sym)
		unsorted += sym.addr <= last.addr || !sym.len || !*sym.name;
	for (const uptr *site = mcount_start; site < mcount_end; site++)
		unknown += !sym_at(*site, &sym) || sym.addr != *site;
	check_eq(0, unsorted);
	check_eq(0, unknown);
	check(mcount_end - mcount_start > 50);
}

TEST(sym_of_assembly_ends_where_the_next_begins)
{
	extern const u8 trap_stubs[], trap_return[];
	struct sym sym;
	require(sym_at((uptr)trap_stubs + 100, &sym));
	check_str("trap_stubs", sym.name);
	require(sym_at((uptr)trap_return, &sym));
	check_eq((uptr)trap_return, sym.addr);
}

TEST(sym_print_of_what_is_no_code_is_a_number)
{
	char text[40];
	struct strbuf s = STRBUF(text);
	struct sym sym;
	sym_print(&s, 0x1234);
	check_str("0x1234", text);
	check(!sym_named("no_such_function", &sym));
	check(!sym_at((uptr)&sym, &sym));
}

static inline __attribute__((always_inline)) int sym_test_inlined(int x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}

static inline __attribute__((always_inline)) int sym_test_inlined_twice(int x)
{
	return sym_test_inlined(x) * 2;
}

traceable int sym_test_d(int x);
traceable int sym_test_d(int x)
{
	return sym_test_inlined(x);
}

traceable int sym_test_c(int x);
traceable int sym_test_c(int x)
{
	return sym_test_inlined_twice(x);
}

traceable int sym_test_b(int x);
traceable int sym_test_b(int x)
{
	return sym_test_inlined(x) + sym_test_d(x);
}

traceable int sym_test_a(int x);
traceable int sym_test_a(int x)
{
	return sym_test_inlined(sym_test_inlined(x)) + sym_test_c(x);
}

/* The callers are those that have code: not sym_test_inlined_twice, which was inlined itself. */
TEST(sym_knows_into_whom_functions_were_inlined)
{
	check_eq(8, sym_test_a(0) + sym_test_b(1));
	check_str("sym_test_a, sym_test_b, sym_test_c and 1 more", sym_inlined_into("sym_test_inlined"));
	check_str("sym_test_c", sym_inlined_into("sym_test_inlined_twice"));
	check(!sym_inlined_into("sym_test_a") && !sym_inlined_into("sym_test_inline"));
}
