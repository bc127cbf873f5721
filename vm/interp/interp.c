// SPDX-License-Identifier: MIT
// The interpreter: one short case per instruction, in the order of insn.h, each of which jumps to the next.
//
// A program is decoded once, into one slot per instruction at the same index. The program is verified:
// registers, jumps and accesses through R10 need no check here. Any other access must lie in a window: the
// last piece of memory in which an access was good. Without limits the window is all of memory, and a bad
// address faults (kernel/cpu/x86_64/probe.h).
// Only transfers of control count instructions; a straight line costs nothing. `end` is the slot at which the
// program would run out of instructions if it ran straight on. A transfer moves `end` by as much as the next
// slot. So `end` minus the next slot is always what may still run.
#include "vm/interp/interp.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
#define PROBE_TOLD "interp_faulted"
#include "kernel/cpu/x86_64/probe.h"
#include "vm/run/callback.h"
#include "vm/run/kfunc.h"
#include "vm/run/map.h"
#include "vm/run/mistake.h"

/* One instruction, decoded. */
struct icode {
	union {
		const void *label; /* where in execute() its case is */
		u64 value;         /* second slot of a 64-bit immediate: all of it */
	};
	union {
		struct {
			u8 dst, src;
			i16 off;
			i32 imm;
		};
		const struct helper *callee; /* of a helper or a kernel function */
	};
};
_Static_assert(sizeof(struct icode) == 16, "four in a cache line");

/* Where accesses through each register were good: an access of 1 << n bytes at base, and up to room[n] - 1
 * bytes behind it. Each register has its own window, because it stays in one piece of memory while others do
 * not. */
struct windows {
	u64 base[BPF_REGS];
	u64 room[4][BPF_REGS];
};

/* A program with tail calls gets room for any other program, and for functions of modest size that wait for
 * one which tail-calls. A tail call for which the room is too small falls through. */
#define TAIL_STACK  (PROG_FRAMES * PROG_STACK + PROG_TAIL_CALLS * 64)
#define TAIL_FRAMES (PROG_FRAMES + PROG_TAIL_CALLS)

/* One called function: what it restores for its caller. */
struct frame {
	const struct icode *ret; /* the caller's next instruction; NULL: back to C */
	const struct prog *p;    /* the caller's; a tail call changes the callee's */
	u64 saved[5];            /* the caller's R6 to R10 */
};

struct run {
	u64 r[BPF_REGS];
	struct windows load, store;
	i64 left; /* instructions that may run, times the size of a slot, while no case runs */
	enum err err;
	u32 tail_calls;
	u32 depth, frame_count; /* the main function's is 0; how many there may be */
	struct frame *frames;
	u8 *stack;   /* its lowest byte; a frame takes what the largest of its program needs */
	u64 lowest;  /* the lowest byte of all frames so far */
	u64 highest; /* one past the main frame's highest byte */
	const struct prog *p;
	const struct interp_limits *limits; /* NULL: none */
	struct strbuf *log;
	struct interp_region key; /* of the element that a callback gets */
};

/* Ends the program, with a sentence in the log. Returns false. */
static printf_like(4, 5) bool stop(struct run *run, const struct icode *in, enum err e, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	str_printf(run->log, "insn %u: ", (u32)(in - run->p->icode));
	str_vprintf(run->log, fmt, args);
	va_end(args);
	run->err = e;
	return false;
}

static bool is_in(const struct interp_region *r, u64 at, u64 size)
{
	u64 offset = at - (uptr)r->base;
	return offset < r->len && r->len - offset >= size;
}

/* Finds the piece of memory that holds these bytes; false if the program may not use it, or none does. */
static bool find_region(const struct run *run, u64 at, u64 size, bool is_store, struct interp_region *out)
{
	const struct interp_limits *l = run->limits;
	const struct object *o = run->p->object;
	*out = (struct interp_region){ (const void *)(uptr)run->lowest, run->highest - run->lowest };
	if (is_in(out, at, size))
		return true;
	*out = run->key;
	if (!is_store && is_in(out, at, size))
		return true;
	for (u32 i = 0; i < l->region_count; i++) {
		*out = l->regions[i];
		if (is_in(out, at, size))
			return true;
	}
	for (u32 i = 0; o && i < o->map_count; i++) {
		const struct map *m = o->maps[i];
		if (!m->ops->values_around || (m->read_only && is_store))
			continue;
		out->len = m->ops->values_around(m, (uptr)at, &out->base);
		if (is_in(out, at, size))
			return true;
	}
	return false;
}

/* The first check: an access outside its window. Moves the window to the memory that the access is in;
 * ends the program if it may not use that memory. */
static __attribute__((noinline)) bool move_window(struct run *run, const struct icode *in, u32 reg, u64 at,
						  u32 shift, bool is_store)
{
	struct windows *w = is_store ? &run->store : &run->load;
	struct interp_region found;
	if (!run->limits)
		return true;
	if (!find_region(run, at, 1 << shift, is_store, &found))
		return stop(run, in, EFAULT,
			    "%s of %u bytes at 0x%llx is outside the memory that the program may use",
			    is_store ? "store" : "load", 1 << shift, at);
	w->base[reg] = (uptr)found.base;
	for (u32 i = 0; i < array_len(w->room); i++)
		w->room[i][reg] = found.len >= 1u << i ? found.len - (1u << i) + 1 : 0;
	return true;
}

/* Returns how many bytes argument n of a call points to; sets *at to where, and *is_store to whether the
 * helper writes there. */
static u64 arg_memory(const struct run *run, const struct helper *h, u32 n, const struct map *m, u64 *at,
		      bool *is_store)
{
	const u64 *arg = &run->r[BPF_R1 + n];
	*at = *arg;
	*is_store =
	    h->args[n] == ARG_MEM_WRITE || h->args[n] == ARG_VALUE_WRITE || h->args[n] >= ARG_ITER_NEW;
	switch (h->args[n]) {
	case ARG_MAP_KEY: return m->key_size;
	case ARG_MAP_VALUE: return m->value_size;
	case ARG_MEM_READ:
	case ARG_MEM_READ_OR_NULL:
	case ARG_MEM_WRITE: return (u32)arg[1]; /* helpers take sizes in 32 bits */
	case ARG_LOCK: return sizeof(u32);
	case ARG_ITER_NEW:
	case ARG_ITER:
	case ARG_ITER_END:
	case ARG_VALUE_WRITE: return sizeof(u64);
	case ARG_CTX: *at -= 8 * helper_header(h); return 8 * helper_header(h);
	default: return 0;
	}
}

/* The second check: a helper's arguments. Ends the program if it passes memory that it may not use. */
static bool check_args(struct run *run, const struct icode *in, const struct helper *h)
{
	const struct map *m = NULL;
	struct interp_region found;
	for (u32 i = 0; run->limits && i < array_len(h->args); i++) {
		bool is_store;
		u64 at, size;
		if (h->args[i] == ARG_MAP) {
			m = prog_map(run->p, run->r[BPF_R1 + i]);
			if (!m)
				return stop(run, in, EFAULT, "r%u is no map, as %s needs", i + 1, h->name);
			continue;
		}
		size = arg_memory(run, h, i, m, &at, &is_store);
		if (size && !find_region(run, at, size, is_store, &found))
			return stop(run, in, EFAULT,
				    "r%u: %llu bytes at 0x%llx, given to %s, are outside the memory that the "
				    "program may use",
				    i + 1, size, at, h->name);
	}
	return true;
}

/* False if the program must end. */
static bool call_helper(struct run *run, const struct icode *in, const struct helper *h)
{
	u64 *r = run->r;
	if (!check_args(run, in, h))
		return false;
	r[0] = h->fn(r[1], r[2], r[3], r[4], r[5], run->p);
	return true;
}

/* Makes a new frame, before the first instruction of its function. */
static void enter(struct run *run, const struct icode *ret)
{
	struct frame *f = &run->frames[++run->depth];
	u32 size = run->p->facts.frame_size;
	f->ret = ret;
	f->p = run->p;
	memcpy(f->saved, &run->r[BPF_R6], sizeof(f->saved));
	run->r[BPF_FP] -= size;
	run->lowest = min(run->lowest, run->r[BPF_FP] - size);
}

static const struct icode *leave(struct run *run)
{
	const struct frame *f = &run->frames[run->depth--];
	memcpy(&run->r[BPF_R6], f->saved, sizeof(f->saved));
	run->p = f->p;
	return f->ret;
}

static u64 execute(struct run *run, const struct icode *in);

/* Calls a callback of the program. A helper makes this call, so all registers are restored afterwards.
 * After an error it returns 1, which ends the helper's loop. */
static u64 call_back(void *how, u64 func, u64 r1, u64 r2, u64 r3, u64 r4)
{
	struct run *run = how;
	u64 saved[BPF_REGS], r0;
	const u64 args[] = { r1, r2, r3, r4, 0 };
	memcpy(saved, run->r, sizeof(saved));
	enter(run, NULL);
	memcpy(&run->r[BPF_R1], args, sizeof(args));
	if (run->key.len)
		run->key.base = (const void *)(uptr)r2;
	r0 = execute(run, (const struct icode *)(uptr)func);
	memcpy(run->r, saved, sizeof(saved));
	return run->err ? 1 : r0;
}

/* Returns the function with this address; NULL unless the program takes the address of such a function. */
static const struct icode *taken_function(const struct prog *p, u64 value)
{
	for (u32 i = 0; i < p->taken_count; i++)
		if (value == (uptr)&p->icode[p->taken[i]])
			return &p->icode[p->taken[i]];
	return NULL;
}

/* Calls a helper with a callback; false if the program must end. The caller has set run->left, which the
 * callback uses up. */
static bool call_with_callback(struct run *run, const struct icode *in)
{
	const struct helper *h = in->callee;
	const struct interp_region outer = run->key;
	const struct map *m = h->id == BPF_FUNC_for_each_map_elem ? prog_map(run->p, run->r[BPF_R1]) : NULL;
	if (!check_args(run, in, h))
		return false;
	run->r[0] = callback_failed(EINVAL);
	if (!taken_function(run->p, run->r[BPF_R2]))
		return true;
	run->key.len = m ? m->key_size : 0;
	run->r[0] = callback_run(h, &run->r[BPF_R1], run->p, call_back, run);
	run->key = outer;
	return run->err == OK;
}

/* Replaces the running function by the program that a tail call names, and returns its first instruction.
 * NULL if the slot is empty or does not exist, after too many tail calls, or if the room is too small. */
static const struct icode *tail_call(struct run *run)
{
	const struct prog *p = prog_array_get((const struct map *)(uptr)run->r[BPF_R2], (u32)run->r[BPF_R3]);
	u64 fp = run->r[BPF_FP];
	if (!p || run->tail_calls == PROG_TAIL_CALLS || run->depth + p->facts.frames > run->frame_count ||
	    fp - (uptr)run->stack < p->facts.frames * p->facts.frame_size)
		return NULL;
	run->tail_calls++;
	run->p = p;
	run->lowest = min(run->lowest, fp - p->facts.frame_size);
	return p->icode;
}

/* callx with a value that is no function's address; false if the program must end. */
static bool call_by_number(struct run *run, const struct icode *in, u64 value)
{
	const struct helper *h = helper_by_value(run->p, value);
	if (h)
		return call_helper(run, in, h);
	run->r[0] = 0;
	return !run->limits ||
	       stop(run, in, EINVAL, "callx to 0x%llx, which is no helper and no function", value);
}

/* whose is the run. It is NULL for the first of an atomic's two accesses: the second counts the mistake. */
notrace void interp_faulted(const void *where, void *whose)
{
	const struct run *run = whose;
	if (run)
		mistake_note(run->p, (u32)((const struct icode *)where - run->p->icode));
}

notrace u32 interp_insn_at(const struct prog *p, uptr word)
{
	uptr offset = word - (uptr)p->icode;
	return p->icode && offset % sizeof(struct icode) == 0
		   ? (u32)min(offset / sizeof(struct icode), (uptr)p->insn_count)
		   : p->insn_count;
}

/* The new value of an atomic operation: a is the value in memory, b the operand. */
static u64 atomic_value(i32 op, u64 a, u64 b)
{
	switch (op & ~ATOMIC_FETCH) {
	case ATOMIC_OR: return a | b;
	case ATOMIC_AND: return a & b;
	case ATOMIC_XOR: return a ^ b;
	default: return b; /* xchg */
	}
}

/* Any atomic operation. Returns the old value; 0 if the memory cannot be written. */
#define DEFINE_ATOMIC(type)                                                                                \
	static u64 atomic_##type(u64 at, i32 op, u64 b, u64 r0, const struct icode *in, struct run *run)   \
	{                                                                                                  \
		u64 old, seen;                                                                             \
		bool ok;                                                                                   \
		if ((op & ~ATOMIC_FETCH) == ATOMIC_ADD)                                                    \
			return add_or_0_##type(at, (type)b, in, run);                                      \
		if (op == ATOMIC_CMPXCHG)                                                                  \
			return cmpxchg_or_0_##type(at, (type)r0, (type)b, &ok, in, run);                   \
		seen = load_or_0_##type(at, in, NULL);                                                     \
		do {                                                                                       \
			old = seen;                                                                        \
			seen = cmpxchg_or_0_##type(at, (type)old, (type)atomic_value(op, old, b), &ok, in, \
						   run);                                                   \
		} while (ok && seen != old);                                                               \
		return seen;                                                                               \
	}
DEFINE_ATOMIC(u32)
DEFINE_ATOMIC(u64)

/* clang-format off */
#define DST(in) r[(in)->dst]
#define SRC(in) r[(in)->src]
#define IMM(in) ((u64)(i64)(in)->imm)
#define OFF(in) ((u64)(i64)(in)->off)

/* NEXT goes n slots further. GO_TO and GO transfer control; GO counts from the next slot. Both end the
 * program when too many instructions have run. */
#define NEXT(n) do { in += (n); goto *in->label; } while (0)
#define LEFT (end - (i64)(uptr)(in + 1))
#define GO_TO(target)                                             \
	do {                                                      \
		const struct icode *to = (target);                \
		end += (i64)(uptr)to - (i64)(uptr)(in + 1);       \
		in = to;                                          \
		if ((i64)(uptr)in > end)                          \
			goto out_of_insns;                        \
		goto *in->label;                                  \
	} while (0)
#define GO(by) GO_TO(in + 1 + (by))

/* Four instructions each: at 32 bits, which clears the upper half, and at 64; with an immediate and with a
 * register. The result is an expression of the operands a and b; S(a) is a as a signed number. */
#define S(v)        _Generic((v), u32: (i64)(i32)(v), u64: (i64)(v))
#define SHIFT(v, n) ((n) & (8 * sizeof(v) - 1))
#define BINARY_CASE(name, type, operand, result)                             \
	name: { type a unused = (type)DST(in), b = (type)(operand); DST(in) = (type)(result); NEXT(1); }
#define BINARY(name, result)                                                 \
	BINARY_CASE(name##32_K, u32, IMM(in), result)                        \
	BINARY_CASE(name##32_X, u32, SRC(in), result)                        \
	BINARY_CASE(name##64_K, u64, IMM(in), result)                        \
	BINARY_CASE(name##64_X, u64, SRC(in), result)

#define JUMP_CASE(name, type, operand, condition)                            \
	name: { type a = (type)DST(in), b = (type)(operand); if (condition) GO(in->off); NEXT(1); }
#define JUMP(name, condition)                                                \
	JUMP_CASE(name##64_K, u64, IMM(in), condition)                       \
	JUMP_CASE(name##64_X, u64, SRC(in), condition)                       \
	JUMP_CASE(name##32_K, u32, IMM(in), condition)                       \
	JUMP_CASE(name##32_X, u32, SRC(in), condition)

/* Leaves if the 1 << shift bytes at address at, reached through reg, may not be used. */
#define CHECK(windows, reg, at, shift)                                                       \
	do {                                                                                 \
		if (at - run->windows.base[reg] >= run->windows.room[shift][reg] &&          \
		    !move_window(run, in, reg, at, shift, &run->windows == &run->store))     \
			goto stopped;                                                        \
	} while (0)

/* A load of type widens it to 64 bits. */
#define LOAD(name, type, shift)                                                              \
	name: { u64 at = SRC(in) + OFF(in); CHECK(load, in->src, at, shift);                 \
		DST(in) = load_or_0_##type(at, in, run); NEXT(1); }
#define STORE(name, type, shift, what)                                                       \
	name: { u64 at = DST(in) + OFF(in); CHECK(store, in->dst, at, shift);                \
		store_or_not_##type(at, what, in, run); NEXT(1); }

/* An atomic operation at both widths; old is where the old value goes. */
#define ATOMIC_CASE(name, bits, shift, old)                                                  \
	ATOMIC_##name##bits: { u64 at = DST(in) + OFF(in); CHECK(store, in->dst, at, shift); \
		old atomic_u##bits(at, in->imm, SRC(in), r[0], in, run); NEXT(1); }
#define ATOMIC(name, old) ATOMIC_CASE(name, 32, 2, old) ATOMIC_CASE(name, 64, 3, old)

/* The CPU keeps this order in all loads and stores. */
#define ORDERED(bits, type, shift)                                                                 \
	LOAD(LOAD_ACQ##bits, type, shift)                                                          \
	STORE(STORE_REL##bits, type, shift, SRC(in))

/* Cases beside those of insn.h: three ways to call a helper. */
enum { CASE_CALL_CHECKED = INSN_KINDS, CASE_CALL_WITH_CALLBACK, CASE_TAIL_CALL, CASES };

/* The address of each case in execute(). */
static const void *const *cases;

/* Runs from in until its frame ends, and returns R0; run->err says whether it failed. If run is NULL it
 * only sets `cases`. */
static u64 execute(struct run *run, const struct icode *in)
{
	static const void *const labels[CASES] = {
		[INSN_BAD] = &&BAD,
		[CASE_CALL_CHECKED] = &&CALL_CHECKED,
		[CASE_CALL_WITH_CALLBACK] = &&CALL_WITH_CALLBACK,
		[CASE_TAIL_CALL] = &&TAIL_CALL,
#define ROW(name, ...) [INSN_##name] = &&name,
		INSNS(ROW, ROW)
#undef ROW
	};
	if (!run) {
		cases = labels;
		return 0;
	}
	u64 *r = run->r;
	i64 end = (i64)(uptr)in + run->left;
	goto *in->label;

	BINARY(ADD, a + b)
	BINARY(SUB, a - b)
	BINARY(MUL, a * b)
	/* x / 0 = 0, x % 0 = x, MIN / -1 = MIN, MIN % -1 = 0 (RFC 9669 section 4.1). */
	BINARY(DIV, b ? a / b : 0)
	BINARY(SDIV, S(b) == -1 ? 0 - a : b ? (u64)(S(a) / S(b)) : 0)
	BINARY(OR, a | b)
	BINARY(AND, a & b)
	BINARY(LSH, a << SHIFT(a, b))
	BINARY(RSH, a >> SHIFT(a, b))
	BINARY(MOD, b ? a % b : a)
	BINARY(SMOD, S(b) == -1 ? 0 : b ? S(a) % S(b) : S(a))
	BINARY(XOR, a ^ b)
	BINARY(ARSH, S(a) >> SHIFT(a, b))
	NEG32:      DST(in) = (u32)(0 - (u32)DST(in)); NEXT(1);
	NEG64:      DST(in) = 0 - DST(in); NEXT(1);
	BINARY(MOV, b)
	MOVSX32_8:  DST(in) = (u32)(i8)SRC(in); NEXT(1);
	MOVSX32_16: DST(in) = (u32)(i16)SRC(in); NEXT(1);
	MOVSX64_8:  DST(in) = (u64)(i64)(i8)SRC(in); NEXT(1);
	MOVSX64_16: DST(in) = (u64)(i64)(i16)SRC(in); NEXT(1);
	MOVSX64_32: DST(in) = (u64)(i64)(i32)SRC(in); NEXT(1);

	/* We run little-endian: "to little" only cuts, "to big" is a swap. */
	LE16:       DST(in) = (u16)DST(in); NEXT(1);
	LE32:       DST(in) = (u32)DST(in); NEXT(1);
	LE64:       NEXT(1);
	BE16:
	BSWAP16:    DST(in) = __builtin_bswap16((u16)DST(in)); NEXT(1);
	BE32:
	BSWAP32:    DST(in) = __builtin_bswap32((u32)DST(in)); NEXT(1);
	BE64:
	BSWAP64:    DST(in) = __builtin_bswap64(DST(in)); NEXT(1);

	JA:         GO(in->off);
	JA32:       GO(in->imm);
	JUMP(JEQ, a == b)
	JUMP(JGT, a > b)
	JUMP(JGE, a >= b)
	JUMP(JSET, a & b)
	JUMP(JNE, a != b)
	JUMP(JSGT, S(a) > S(b))
	JUMP(JSGE, S(a) >= S(b))
	JUMP(JLT, a < b)
	JUMP(JLE, a <= b)
	JUMP(JSLT, S(a) < S(b))
	JUMP(JSLE, S(a) <= S(b))
	CALL: CALL_KFUNC:
		r[0] = in->callee->fn(r[1], r[2], r[3], r[4], r[5], run->p);
		NEXT(1);
	CALL_CHECKED:
		if (!call_helper(run, in, in->callee))
			goto stopped;
		NEXT(1);
	CALL_WITH_CALLBACK:
		run->left = LEFT;
		if (!call_with_callback(run, in))
			goto stopped;
		end = (i64)(uptr)(in + 1) + run->left;
		NEXT(1);
	TAIL_CALL: {
		const struct icode *first = tail_call(run);
		r[0] = 0;
		if (first)
			GO_TO(first);
		NEXT(1);
	}
	CALL_LOCAL:
		enter(run, in + 1);
		GO(in->imm);
	CALLX: {
		const struct icode *first = taken_function(run->p, DST(in));
		if (first) {
			enter(run, in + 1);
			GO_TO(first);
		}
		if (!call_by_number(run, in, DST(in)))
			goto stopped;
		NEXT(1);
	}
	EXIT: {
		const struct icode *ret = leave(run);
		if (ret)
			GO_TO(ret);
		run->left = LEFT;
		if (run->left < 0)
			goto out_of_insns;
		return r[0];
	}

	LD_IMM64: LD_MAP: LD_MAP_IDX: LD_VALUE: LD_VALUE_IDX: LD_VAR:
	LD_FUNC:    DST(in) = in[1].value; NEXT(2);

	LOAD(LDX8, u8, 0)
	LOAD(LDX16, u16, 1)
	LOAD(LDX32, u32, 2)
	LOAD(LDX64, u64, 3)
	LOAD(LDXS8, i8, 0)
	LOAD(LDXS16, i16, 1)
	LOAD(LDXS32, i32, 2)
	STORE(ST8, u8, 0, IMM(in))
	STORE(ST16, u16, 1, IMM(in))
	STORE(ST32, u32, 2, IMM(in))
	STORE(ST64, u64, 3, IMM(in))
	STORE(STX8, u8, 0, SRC(in))
	STORE(STX16, u16, 1, SRC(in))
	STORE(STX32, u32, 2, SRC(in))
	STORE(STX64, u64, 3, SRC(in))

	ATOMIC(ADD, (void))
	ATOMIC(OR, (void))
	ATOMIC(AND, (void))
	ATOMIC(XOR, (void))
	ATOMIC(FETCH_ADD, SRC(in) =)
	ATOMIC(FETCH_OR, SRC(in) =)
	ATOMIC(FETCH_AND, SRC(in) =)
	ATOMIC(FETCH_XOR, SRC(in) =)
	ATOMIC(XCHG, SRC(in) =)
	ATOMIC(CMPXCHG, r[0] =)
	ORDERED(8, u8, 0)
	ORDERED(16, u16, 1)
	ORDERED(32, u32, 2)
	ORDERED(64, u64, 3)

	LD_ABS8: LD_ABS16: LD_ABS32: LD_IND8: LD_IND16: LD_IND32:
	BAD:
		panic("interp_run: %s: insn %u was not verified", run->p->name, (u32)(in - run->p->icode));

	out_of_insns:
		stop(run, in, ETIMEDOUT, "the program has run for %llu instructions and may run for no more",
		     run->limits->insns);
	stopped:
		return 0;
}
/* clang-format on */

/* Whether a helper takes memory or a map. An untrusted program can pass any address there. */
static bool takes_memory(const struct helper *h)
{
	bool takes = false;
	for (u32 i = 0; i < array_len(h->args); i++)
		takes |= h->args[i] != ARG_NONE && h->args[i] != ARG_ANY;
	return takes;
}

static const struct helper *callee(const struct insn *in)
{
	return insn_kind(in) == INSN_CALL ? helper_find((u32)in->imm) : kfunc_find((u32)in->imm);
}

static u32 call_case(const struct helper *h)
{
	if (h->flags & HELPER_TAIL_CALL)
		return CASE_TAIL_CALL;
	if (h->flags & HELPER_CALLBACK)
		return CASE_CALL_WITH_CALLBACK;
	return takes_memory(h) ? CASE_CALL_CHECKED : INSN_CALL;
}

static u32 case_of(const struct insn *in)
{
	u32 kind = insn_kind(in);
	return kind == INSN_CALL || kind == INSN_CALL_KFUNC ? call_case(callee(in)) : kind;
}

static void decode(const struct prog *p, u32 idx)
{
	const struct insn *in = &p->insns[idx];
	struct icode *to = &p->icode[idx];
	*to = (struct icode){ .label = cases[case_of(in)] };
	if (insn_kind(in) == INSN_LD_FUNC)
		to[1].value = (uptr)&p->icode[idx + 1 + in->imm];
	else if (insn_is_wide(in))
		to[1].value = prog_wide_value(p, in);
	if (insn_kind(in) == INSN_CALL || insn_kind(in) == INSN_CALL_KFUNC) {
		to->callee = callee(in);
		return;
	}
	to->dst = in->dst;
	to->src = in->src;
	to->off = in->off;
	to->imm = in->imm;
}

enum err interp_prepare(struct prog *p)
{
	execute(NULL, NULL);
	p->icode = kmalloc((size_t)p->insn_count * sizeof(*p->icode));
	if (!p->icode)
		return ENOMEM;
	for (u32 i = 0; i < p->insn_count; i += insn_is_wide(&p->insns[i]) ? 2 : 1)
		decode(p, i);
	return OK;
}

void interp_forget(struct prog *p)
{
	kfree(p->icode);
	p->icode = NULL;
}

/* The caller has set limits, log, windows and left. */
static u64 run_main(struct run *run, const struct prog *p, const u64 args[5])
{
	const struct prog_facts *f = &p->facts;
	u32 frame_count = f->tail_calls ? TAIL_FRAMES : f->frames;
	u32 stack_len = f->tail_calls ? TAIL_STACK : max(f->frames * f->frame_size, 8u);
	/* Programs that trace what other programs call nest, so each takes only as much of the kernel's
	 * stack as it needs. The stack is not cleared: a program reads nothing there that it has not
	 * written. */
	struct frame frames[frame_count];
	u8 stack[stack_len] __attribute__((aligned(16)));
	frames[0] = (struct frame){ .p = p };
	memset(run->r, 0, sizeof(run->r));
	memcpy(&run->r[BPF_R1], args, 5 * sizeof(u64));
	run->p = p;
	run->frame_count = frame_count;
	run->frames = frames;
	run->stack = stack;
	run->r[BPF_FP] = run->highest = (uptr)stack + stack_len;
	run->lowest = run->highest - f->frame_size;
	run->depth = run->tail_calls = 0;
	run->key.len = 0;
	run->err = OK;
	return execute(run, p->icode);
}

u64 interp_run_args(const struct prog *p, const u64 args[5])
{
	struct run run;
	run.limits = NULL;
	memset(&run.load.room, 0xff, sizeof(run.load.room)); /* everything is inside */
	memset(&run.load.base, 0, sizeof(run.load.base));
	run.store = run.load;
	run.left = 1ll << 62;
	return run_main(&run, p, args);
}

u64 interp_run(const struct prog *p, const void *ctx)
{
	const u64 args[5] = { (uptr)ctx };
	return interp_run_args(p, args);
}

enum err interp_run_limited(const struct prog *p, const u64 args[5], const struct interp_limits *limits,
			    u64 *r0, struct strbuf *log)
{
	struct run run;
	run.limits = limits;
	run.log = log;
	memset(&run.load, 0, sizeof(run.load));
	memset(&run.store, 0, sizeof(run.store));
	run.left = (i64)min(limits->insns, 1ull << 58) * (i64)sizeof(struct icode);
	*r0 = run_main(&run, p, args);
	return run.err;
}
