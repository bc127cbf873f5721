// SPDX-License-Identifier: MIT
// Loads objects from the disk, for host tests.
#include "tests/host/object.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "tests/host/host.h"
#include "tests/test.h"
#include "vm/run/map.h"

char why[1024];

enum err try_object(struct object **o, const char *name, const char *path, enum prog_mode mode)
{
	struct strbuf log = STRBUF(why);
	size_t len;
	void *file = host_file(path, &len);
	why[0] = 0;
	*o = NULL;
	if (!check(file))
		return ENOENT;
	enum err e = object_load(o, name, file, len, mode, &log);
	kfree(file);
	return e;
}

struct object *load_object(const char *path, enum prog_mode mode)
{
	struct object *o;
	check_eq(OK, try_object(&o, "test", path, mode));
	check_str("", why);
	return o;
}

struct map *map_of(const struct object *o, const char *name)
{
	for (u32 i = 0; i < o->map_count; i++)
		if (strcmp(o->maps[i]->name, name) == 0)
			return o->maps[i];
	return NULL;
}

bool has_kernel_btf(void)
{
	bool ok = host_kernel_btf();
	if (!ok)
		test_skip("build/fivebyte.btf is not built");
	return ok;
}
