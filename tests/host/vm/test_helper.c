// SPDX-License-Identifier: MIT
// vm/run/helper.c, vm/run/printk.c: what helpers return, called as the interpreter calls them.
#include "vm/run/helper.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "tests/host/host.h"
#include "tests/test.h"
#include "vm/run/callback.h"
#include "vm/run/map.h"

static struct map *map; /* its object's only one */
static struct object object = { .maps = &map };
static struct prog caller = { .name = "caller", .object = &object };

static u64 call(u32 id, u64 r1, u64 r2, u64 r3, u64 r4, u64 r5)
{
	const struct helper *h = helper_find(id);
	if (!check(h))
		return ~0ull;
	return h->fn(r1, r2, r3, r4, r5, &caller);
}

/* Makes the map, or takes it away. */
static bool new_map(enum bpf_map_type type, u32 value_size, u32 flags)
{
	char why[64];
	struct strbuf log = STRBUF(why);
	object.map_count = map_create(&map, "m", type, 4, value_size, 1, flags, &log) == OK;
	return check_eq(1, object.map_count);
}

static void drop_map(void)
{
	map_free(map);
	object.map_count = 0;
}

static i64 print(const char *fmt, u64 a, u64 b, u64 c)
{
	host_trace_clear();
	return (i64)call(6, (uptr)fmt, strlen(fmt) + 1, a, b, c);
}

struct format {
	const char *fmt, *line;
	u64 args[3];
};

static const struct format formats[] = {
	{ "plain", "plain", { 0 } },
	{ "line\n", "line", { 0 } },
	{ "%d %i %u", "-1 -2 4294967295", { (u64)-1, 0xfffffffe, 0xffffffffffffffff } },
	{ "%x %X %%", "1f AB %", { 0x1f, 0xab } },
	{ "%ld %lld %lu", "-1 -1 18446744073709551615", { (u64)-1, (u64)-1, (u64)-1 } },
	{ "%d", "5", { 0xffffffff00000005 } },
	{ "%5d|%-5d|%05d", "    1|2    |00003", { 1, 2, 3 } },
	{ "%c%c", "ab", { 'a', 'b' } },
	{ "%005.003d", "  007", { 7 } },
	{ "%llx", "1122334455667788", { 0x1122334455667788 } },
	{ "%s.", ".", { 16 } }, /* a bad address */
};

TEST(printk_formats_each_conversion)
{
	for (u32 i = 0; i < array_len(formats); i++) {
		const struct format *f = &formats[i];
		char line[64];
		struct strbuf s = STRBUF(line);
		str_printf(&s, "caller: %s\n", f->line);
		check_eq(strlen(f->line), print(f->fmt, f->args[0], f->args[1], f->args[2]));
		check_str(line, host_trace());
	}
	check_eq(4, print("<%s>", (uptr) "ab", 0, 0));
	check_str("caller: <ab>\n", host_trace());
}

TEST(printk_formats_what_arguments_point_to)
{
	static const u8 ip[] = { 127, 0, 0, 1, 10, 0xb, 0xc, 0xd, 0, 0, 0, 0, 0, 0, 0, 1 };
	static const struct {
		const char *fmt, *line;
		uptr arg;
	} rows[] = {
		{ "%pI4", "127.0.0.1", (uptr)ip },
		{ "%pi4.", "127.000.000.001.", (uptr)ip },
		{ "<%12pI4>", "<   127.0.0.1>", (uptr)ip },
		{ "%pI6", "7f00:0001:0a0b:0c0d:0000:0000:0000:0001", (uptr)ip },
		{ "%pi6", "7f0000010a0b0c0d0000000000000001", (uptr)ip },
		{ "%pM", "7f:00:00:01:0a:0b", (uptr)ip },
		{ "%pks %pus", "text ", (uptr) "text" },
		{ "%ps", "msleep", (uptr)msleep + 5 },
		{ "%pS", "msleep+0x5", (uptr)msleep + 5 },
		{ "%pB", "msleep+0x0", (uptr)msleep },
		{ "%ps", "0x10", 16 },
		{ "%pI4", "0.0.0.0", 16 }, /* a bad address */
		{ "%px", "0x10", 16 },
	};
	for (u32 i = 0; i < array_len(rows); i++) {
		char line[64];
		struct strbuf s = STRBUF(line);
		str_printf(&s, "caller: %s\n", rows[i].line);
		check_eq(strlen(rows[i].line), print(rows[i].fmt, rows[i].arg, 0, 0));
		check_str(line, host_trace());
	}
}

/* Once for each program. */
TEST(printk_tells_what_it_does_not_print)
{
	caller.told_format = false;
	check_eq((u64)-22, print("v4 %pI5", 0, 0, 0));
	check_str("caller: bpf_printk printed nothing: \"%pI5\" in the format \"v4 %pI5\" is nothing that "
		  "bpf_printk prints\n",
		  host_trace());
	check_eq((u64)-22, print("v4 %pI5", 0, 0, 0));
	check_str("", host_trace());
	caller.told_format = false;
	print("%d %d %d %d", 0, 0, 0);
	check_str(
	    "caller: bpf_printk printed nothing: the format \"%d %d %d %d\" needs more than 3 arguments\n",
	    host_trace());
	caller.told_format = false;
	host_trace_clear();
	check_eq((u64)-22, call(6, 16, 4, 0, 0, 0));
	check_str("caller: bpf_printk printed nothing: the format cannot be read\n", host_trace());
}

TEST(printk_takes_formats_of_320_bytes_and_no_longer)
{
	char fmt[321];
	caller.told_format = false;
	memset(fmt, 'a', sizeof(fmt));
	fmt[319] = fmt[320] = 0;
	host_trace_clear();
	check_eq(159, call(6, (uptr)fmt, 320, 0, 0, 0)); /* the line ends earlier */
	check_eq(strlen("caller: \n") + 159, strlen(host_trace()));
	fmt[319] = 'a';
	check_eq((u64)-22, print(fmt, 0, 0, 0));
	check_str("caller: bpf_printk printed nothing: a format of 321 bytes is longer than 320\n",
		  host_trace());
}

TEST(printk_refuses_other_formats)
{
	caller.told_format = true;
	static const char *const bad[] = { "%",       "%f",     "%n",  "%5",
					   "%llld",   "%ls",    "%pq", "%d %d %d %d",
					   "\x01",    "%hd",    "%*d", "%123456789012345d",
					   "%-1000d", "%.1000s" };
	for (u32 i = 0; i < array_len(bad); i++)
		check_eq((u64)-22, print(bad[i], 0, 0, 0));
	check_str("", host_trace());
	check_eq((u64)-22, call(6, (uptr) "unended", 3, 0, 0, 0));
	check_eq((u64)-22, call(6, (uptr) "", 0, 0, 0, 0));
	check_eq((u64)-22, call(6, 16, 4, 0, 0, 0)); /* a bad address */
}

TEST(printk_long_line_is_cut)
{
	char text[200];
	memset(text, 'x', sizeof(text));
	text[199] = 0;
	check_eq(159, print(text, 0, 0, 0));
	check_eq(159, print("%s", (uptr)text, 0, 0));
}

TEST(vprintk_takes_up_to_twelve_arguments)
{
	u64 args[12] = { 1, 2, 3, 4, 5 };
	const char *fmt = "%d %d %d %d %d";
	host_trace_clear();
	check_eq(9, call(177, (uptr)fmt, strlen(fmt) + 1, (uptr)args, 40, 0));
	check_str("caller: 1 2 3 4 5\n", host_trace());
	check_eq((u64)-22, call(177, (uptr)fmt, strlen(fmt) + 1, (uptr)args, 32, 0));
	check_eq((u64)-22, call(177, (uptr)fmt, strlen(fmt) + 1, (uptr)args, 39, 0));
	check_eq((u64)-22, call(177, (uptr)fmt, strlen(fmt) + 1, (uptr)args, 104, 0));
}

TEST(helper_names_the_task_that_runs)
{
	char comm[8];
	memset(comm, 'x', sizeof(comm));
	check_eq((u64)current->tgid << 32 | (u32)current->pid, call(14, 0, 0, 0, 0, 0));
	check_eq((uptr)current, call(35, 0, 0, 0, 0, 0));
	check_eq((uptr)current, call(158, 0, 0, 0, 0, 0));
	check_eq(0, call(16, (uptr)comm, sizeof(comm), 0, 0, 0));
	check(memcmp(comm, "host\0\0\0\0", 8) == 0);
	check_eq(0, call(16, (uptr)comm, 3, 0, 0, 0));
	check_str("ho", comm);
	check_eq((u64)-22, call(16, (uptr)comm, 0, 0, 0, 0));
	host_set_cpu(2);
	check_eq(2, call(8, 0, 0, 0, 0, 0));
	host_set_cpu(0);
	u64 before = ktime_get_ns(), now = call(5, 0, 0, 0, 0, 0);
	check(before <= now && now <= ktime_get_ns());
}

TEST(helper_random_numbers_have_32_bits_and_differ)
{
	u64 last = 0, sets[32] = { 0 };
	for (u32 i = 0; i < 4096; i++) {
		u64 n = call(7, 0, 0, 0, 0, 0);
		check(n <= 0xffffffff && n != last);
		last = n;
		for (u32 bit = 0; bit < 32; bit++)
			sets[bit] += n >> bit & 1;
	}
	for (u32 bit = 0; bit < 32; bit++)
		check(sets[bit] > 1800 && sets[bit] < 2296);
}

TEST(helper_probe_read_survives_bad_addresses)
{
	u64 value = 0x1234, copy = 99;
	char text[8] = "-------";
	check_eq(0, call(113, (uptr)&copy, 8, (uptr)&value, 0, 0));
	check_eq(value, copy);
	check_eq((u64)-14, call(113, (uptr)&copy, 8, 8, 0, 0));
	check_eq(0, copy);
	check_eq((u64)-14, call(4, (uptr)&copy, 8, 0x8000000000000000, 0, 0));
	check_eq(4, call(115, (uptr)text, sizeof(text), (uptr) "abc", 0, 0));
	check_str("abc", text);
	check(!memcmp(text, "abc\0\0\0\0", sizeof(text)));
	check_eq(8, call(45, (uptr)text, sizeof(text), (uptr) "abcdefghij", 0, 0));
	check_str("abcdefg", text);
	check_eq((u64)-14, call(115, (uptr)text, sizeof(text), 8, 0, 0));
	check(!memcmp(text, "\0\0\0\0\0\0\0", sizeof(text)));
	check_eq(0, call(115, (uptr)text, 0, 8, 0, 0));
}

TEST(helper_read_only_map_cannot_be_updated)
{
	u32 key = 0, value = 1;
	require(new_map(BPF_MAP_TYPE_ARRAY, 4, BPF_F_RDONLY_PROG));
	check_eq((u64)-1, call(2, (uptr)map, (uptr)&key, (uptr)&value, 0, 0));
	check_eq(0, *(u32 *)(uptr)call(1, (uptr)map, (uptr)&key, 0, 0, 0));
	check_eq((u64)-22, call(3, (uptr)map, (uptr)&key, 0, 0, 0));
	drop_map();
}

/* No address, the null page, one that is not canonical, the last bytes; and one that is read-only. */
TEST(helper_survives_wild_pointers)
{
	static const u64 wild[] = { 0, 8, 0x8000000000000000, ~0ull - 2, 0x123400000000 };
	static const u32 constant = 0;
	static const enum bpf_map_type types[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH };
	u64 value = 1;
	for (u32 i = 0; i < array_len(types) * array_len(wild); i++) {
		u64 at = wild[i / array_len(types)];
		u32 key = 0;
		require(new_map(types[i % array_len(types)], 8, 0));
		check_eq(0, call(1, (uptr)map, at, 0, 0, 0));
		check_eq((u64)-14, call(2, (uptr)map, at, (uptr)&value, 0, 0));
		check_eq((u64)-14, call(2, (uptr)map, (uptr)&key, at, 0, 0));
		check_eq((u64)-14, call(3, (uptr)map, at, 0, 0, 0));
		check_eq(0, call(2, (uptr)map, (uptr)&key, (uptr)&value, 0, 0));
		check_eq((u64)-14, call(113, at, 4, (uptr)&value, 0, 0));
		check_eq((u64)-14, call(115, at, 4, (uptr) "abc", 0, 0));
		check_eq((u64)-14, call(16, at, 4, 0, 0, 0));
		drop_map();
	}
	check_eq((u64)-14, call(113, (uptr)&constant, 4, (uptr)&value, 0, 0));
	check_eq((u64)-14, call(16, (uptr)&constant, 4, 0, 0, 0));
	check_eq((u64)-14, call(113, (uptr)&value, 0xffffffff, (uptr)&value, 0, 0));
	check_eq(0, call(113, 0, 0, (uptr)&value, 0, 0));
}

/* Whatever a helper takes for a map is looked for among its caller's. */
TEST(helper_takes_only_its_objects_maps)
{
	char why[64];
	struct strbuf log = STRBUF(why);
	struct map *other;
	u64 key = 0, fake[64] = { 0 };
	require(new_map(BPF_MAP_TYPE_HASH, 8, 0));
	require(check_eq(OK, map_create(&other, "other", BPF_MAP_TYPE_HASH, 4, 8, 1, 0, &log)));
	const u64 wrong[] = { 0, 16, (uptr)map + 8, (uptr)other, (uptr)fake, 0x8000000000000000, ~0ull };
	for (u32 i = 0; i < array_len(wrong); i++) {
		check_eq(0, call(1, wrong[i], (uptr)&key, 0, 0, 0));
		check_eq((u64)-22, call(2, wrong[i], (uptr)&key, (uptr)&key, 0, 0));
		check_eq((u64)-22, call(3, wrong[i], (uptr)&key, 0, 0, 0));
		check_eq((u64)-22, call(164, wrong[i], 0, 0, 0, 0));
	}
	check_eq(0, call(2, (uptr)map, (uptr)&key, (uptr)&key, 0, 0));
	map_free(other);
	drop_map();
}

static u64 seven(u64 r1 unused, u64 r2 unused, u64 r3 unused, u64 r4 unused, u64 r5 unused,
		 const struct prog *p unused)
{
	return 7;
}

TEST(helper_added_rows_come_first)
{
	static const struct helper rows[] = { { 5, "seven", RET_SCALAR, { ARG_NONE }, 0, seven } };
	const struct helper *before = helper_find(5);
	helper_add_table(rows, 1);
	check_eq(7, call(5, 0, 0, 0, 0, 0));
	check(helper_find(6) && !helper_find(4711));
	helper_add_table(NULL, 0);
	check(helper_find(5) == before);
}

/* For each of two keys that it gets, replaces the value of the other one twice: so that one gets the element behind which
 * the walk comes next. Stops when the walk has no end. */
static u64 replace_other(void *how, u64 func unused, u64 r1 unused, u64 key, u64 r3 unused, u64 other)
{
	u32 *calls = how, sum = (u32)other, that = sum - *(const u32 *)(uptr)key;
	u64 value = 0;
	for (u32 i = 0; i < 2; i++)
		check_eq(OK, map->ops->update(map, &that, &value, BPF_EXIST));
	return ++*calls == 100;
}

TEST(helper_for_each_ends_though_its_callback_moves_elements)
{
	char why[64];
	struct strbuf log = STRBUF(why);
	const struct helper *h = helper_find(BPF_FUNC_for_each_map_elem);
	for (u32 key = 1; key < 8; key++) { /* some lie in the bucket of key 0 */
		u64 value = 0, args[5] = { 0 };
		u32 first = 0, calls = 0;
		require(map_create(&map, "m", BPF_MAP_TYPE_HASH, 4, 8, 2, 0, &log) == OK);
		object.map_count = 1;
		check_eq(OK, map->ops->update(map, &first, &value, BPF_ANY));
		check_eq(OK, map->ops->update(map, &key, &value, BPF_ANY));
		args[0] = (uptr)map;
		args[2] = key; /* the sum of both */
		check_eq(2, callback_run(h, args, &caller, replace_other, &calls));
		check_eq(2, calls);
		drop_map();
	}
}
