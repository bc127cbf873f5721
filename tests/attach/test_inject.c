// SPDX-License-Identifier: MIT
// Which functions a program may replace: those with ALLOW_ERROR_INJECTION.
#include "attach/attach.h"
#include "kernel/lib/btf.h"
#include "kernel/io/print.h"
#include "kernel/lib/inject.h"
#include "kernel/net/udp.h"
#include "tests/builtin.h"
#include "tests/test.h"
#include "tramp/text/site.h"

static u32 bodies;

traceable enum err ti_may_fail(struct sock *sk unused, u32 i unused)
{
	bodies++;
	return OK;
}
ALLOW_ERROR_INJECTION(ti_may_fail, ERRNO);

/* Tries to attach; returns whether that fails and says so. */
static bool refuses(const char *prog, const char *place, const char *pattern)
{
	char text[768] = "";
	struct strbuf log = STRBUF(text);
	struct attach_options options = { .func = place };
	struct prog *p = prog_named(prog);
	enum err e = p ? attach_progs(&p, 1, &options, &log) : ENOENT;
	if (!e)
		detach_progs(&p, 1, NULL, &log);
	if (e && !str_matches(text, pattern))
		check_str(pattern, text);
	return e;
}

TEST(inject_marks_are_of_functions_with_a_site_that_return_what_the_mark_says)
{
	const struct injection *m;
	u32 count = 0;
	for (; (m = injection_nth(count)); count++) {
		struct site *s = site_named(m->func);
		require(s && s->btf_id);
		const struct btf *b = site_btf();
		u32 ret = btf_strip(b, btf_type(b, btf_type(b, s->btf_id)->size_or_type)->size_or_type);
		enum btf_kind kind = ret ? btf_kind(btf_type(b, ret)) : BTF_VOID;
		if (!check(m->kind == INJECT_NULL ? kind == BTF_PTR : kind == BTF_INT || kind == BTF_ENUM))
			kprintf("     %s returns another type\n", m->func);
	}
	check(count >= 12 && injection_of("alloc_skb") && !injection_of("kfree_skb"));
}

TEST(inject_replaces_what_a_marked_function_returns)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct object *o = builtin_load("nomem");
	struct prog *p = prog_named("fail_frame");
	struct attach_options options = { .func = "ti_may_fail" };
	require(p);
	bodies = 0;
	check_eq(OK, ti_may_fail(NULL, 99));
	check_eq(OK, attach_progs(&p, 1, &options, &log));
	check_eq(ENOMEM, ti_may_fail(NULL, 99));
	check_eq(1, bodies);
	check_eq(OK, ti_may_fail(NULL, 98));
	check_eq(OK, detach_progs(&p, 1, NULL, &log));
	check_eq(OK, ti_may_fail(NULL, 99));
	check_eq(3, bodies);
	builtin_unload(o);
}

TEST(inject_is_refused_everywhere_else)
{
	struct object *o = builtin_load("nomem"), *count = builtin_load("count");
	check(refuses("fail_frame", "kfree_skb",
		      "*kfree_skb, which is not marked * replace one of *send_frame*"));
	check(refuses("count_fmod_ret", "kfree_skb", "*kfree_skb, which is not marked *"));
	check(refuses("fail_frame", "alloc_skb", "alloc_skb returns an address, *return 0*"));
	check(!refuses("count_fmod_ret", "alloc_skb", ""));
	check(
	    refuses("count_fmod_ret", "fail_frame", "count_fmod_ret cannot replace what another program *"));
	check(refuses("count_fmod_ret", "kfree*", "*to no function like kfree*"));
	builtin_unload(count);
	builtin_unload(o);
}
