// SPDX-License-Identifier: MIT
// The kernel functions that programs may call, with arguments as in C, and the addresses of all symbols.
#include "vm/run/kfunc.h"
#include "vm/run/iter.h"
#include "vm/run/map.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "kernel/mem/sym.h"
#include "vm/run/frame.h"

notrace bool bpf_session_is_return(void *ctx)
{
	return frame_is_exit((uptr)ctx);
}

notrace u64 *bpf_session_cookie(void *ctx)
{
	return (u64 *)(uptr)frame_cookie_addr((uptr)ctx);
}

#define KFUNC(name)                                                                                        \
	static u64 kfunc_##name(u64 r1 unused, u64 r2 unused, u64 r3 unused, u64 r4 unused, u64 r5 unused, \
				const struct prog *p unused)

notrace KFUNC(session_is_return)
{
	return bpf_session_is_return((void *)(uptr)r1);
}

notrace KFUNC(session_cookie)
{
	return (uptr)bpf_session_cookie((void *)(uptr)r1);
}

KFUNC(msleep)
{
	msleep((u32)r1);
	return 0;
}

static notrace struct bpf_iter_num *iter_at(u64 addr)
{
	return (struct bpf_iter_num *)(uptr)addr;
}

notrace KFUNC(iter_num_new)
{
	return (u64)(i64)bpf_iter_num_new(iter_at(r1), (i32)r2, (i32)r3);
}

notrace KFUNC(iter_num_next)
{
	return (uptr)bpf_iter_num_next(iter_at(r1));
}

notrace KFUNC(iter_num_destroy)
{
	bpf_iter_num_destroy(iter_at(r1));
	return 0;
}

/* clang-format off */
static const struct helper table[KFUNCS] = {
	{ KFUNC_SESSION_IS_RETURN, "bpf_session_is_return", RET_SCALAR, { ARG_CTX },
	  HELPER_COUNT | HELPER_SESSION, kfunc_session_is_return },
	{ KFUNC_SESSION_COOKIE, "bpf_session_cookie", RET_KERNEL_PTR, { ARG_CTX },
	  HELPER_COUNT | HELPER_SESSION, kfunc_session_cookie },
	{ KFUNC_MSLEEP, "msleep", RET_SCALAR, { ARG_ANY }, HELPER_CALLS | HELPER_SLEEPS, kfunc_msleep },
	{ KFUNC_ITER_NUM_NEW, "bpf_iter_num_new", RET_SCALAR, { ARG_ITER_NEW, ARG_NUMBER, ARG_NUMBER },
	  0, kfunc_iter_num_new },
	{ KFUNC_ITER_NUM_NEXT, "bpf_iter_num_next", RET_ITER_NUMBER, { ARG_ITER }, 0, kfunc_iter_num_next },
	{ KFUNC_ITER_NUM_DESTROY, "bpf_iter_num_destroy", RET_SCALAR, { ARG_ITER_END },
	  0, kfunc_iter_num_destroy },
};
/* clang-format on */

static const struct btf *types;
static u32 ids[KFUNCS]; /* of each row, 0 if BTF does not know it */

void kfunc_init(const struct btf *kernel)
{
	types = kernel;
	for (u32 i = 0; i < KFUNCS; i++)
		ids[i] = kernel ? btf_find(kernel, table[i].name, BTF_FUNC) : 0;
}

const struct btf *kfunc_types(void)
{
	return types;
}

const struct helper *kfunc_find(u32 btf_id)
{
	for (u32 i = 0; i < KFUNCS; i++)
		if (btf_id && ids[i] == btf_id)
			return &table[i];
	return NULL;
}

const struct helper *kfunc_named(const char *name)
{
	for (u32 i = 0; i < KFUNCS; i++)
		if (ids[i] && strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

u32 kfunc_btf_id(const struct helper *kfunc)
{
	return ids[kfunc - table];
}

void kfunc_print_names(struct strbuf *s)
{
	for (u32 i = 0; i < KFUNCS; i++)
		str_printf(s, "%s%s", i ? ", " : "", table[i].name);
}

uptr ksym_address(u32 btf_id)
{
	const struct btf_type *t = types ? btf_type(types, btf_id) : NULL;
	uptr addr = 0;
	struct sym sym;
	if (t && btf_kind(t) == BTF_FUNC && sym_named(btf_type_name(types, btf_id), &sym))
		return sym.addr;
	if (t && btf_kind(t) == BTF_VAR)
		sym_variable(btf_type_name(types, btf_id), &addr);
	return addr;
}

u64 prog_wide_value(const struct prog *p, const struct insn *in)
{
	if (insn_is_map(in))
		return (uptr)p->object->maps[in->imm];
	if (insn_is_map_value(in))
		return (uptr)p->object->maps[in->imm]->values + (u32)in[1].imm;
	return insn_kind(in) == INSN_LD_VAR ? ksym_address((u32)in->imm) : insn_imm64(in);
}

uptr ksym_named(const char *name, u32 *btf_id)
{
	struct sym sym;
	uptr addr = 0;
	bool is_func = sym_named(name, &sym);
	if (is_func)
		addr = sym.addr;
	else if (!sym_variable(name, &addr))
		return 0;
	*btf_id = types ? btf_find(types, name, is_func ? BTF_FUNC : BTF_VAR) : 0;
	return addr;
}
