// SPDX-License-Identifier: MIT
// The interpreter: one short case per instruction, in the order of insn.h, reached by computed goto.
//
// The program is verified: registers, jumps and stack offsets need no check here. Memory is touched
// only in load() and store() and the atomics: that is where bounds would be checked, as NEXT is where
// instructions would be counted.
#include "vm/interp.h"
#include "kernel/lib/mem.h"
#include "kernel/panic.h"
#include "kernel/probe.h"
#include "vm/callback.h"
#include "vm/kfunc.h"
#include "vm/map.h"

/* What there is for a program with tail calls: room for any other program, and for functions of modest size
 * that wait for one which tail-calls. A tail call for which there is not enough falls through. */
#define TAIL_STACK  (PROG_FRAMES * PROG_STACK + PROG_TAIL_CALLS * 64)
#define TAIL_FRAMES (PROG_FRAMES + PROG_TAIL_CALLS)

/* One called function, and what its caller gets back. */
struct frame {
	const struct insn *ret; /* the caller's last instruction */
	const struct prog *p;   /* and program: another one after a tail call */
	u64 saved[4];           /* the caller's R6 to R9 */
	u64 saved_fp;
};

struct run {
	const struct prog *p;
	u64 r[BPF_REGS];
	u32 depth;
	u32 tail_calls;
	u32 frame_count;
	struct frame *frames; /* of depth 1 and more */
	u8 *stack;            /* its lowest byte; a frame takes what the largest of its program needs */
};

/* A stack access is known to be good; any other address may be anything. */
static u64 load(const struct run *run, const struct insn *in)
{
	u64 value = 0;
	u64 at = run->r[in->src] + (i64)in->off;
	u32 size = insn_size(in);
	if (in->src == BPF_FP)
		memcpy(&value, (const void *)(uptr)at, size);
	else
		probe_read(&value, (uptr)at, size);
	return value;
}

static void store(const struct run *run, const struct insn *in, u64 value)
{
	u64 at = run->r[in->dst] + (i64)in->off;
	u32 size = insn_size(in);
	if (in->dst == BPF_FP)
		memcpy((void *)(uptr)at, &value, size);
	else
		probe_write((uptr)at, &value, size);
}

/* What an atomic operation makes of the value a in memory and the operand b: by imm, without its bit
 * that asks for the old value. */
static u64 atomic_value(i32 op, u64 a, u64 b)
{
	switch (op & ~1) {
	case 0x00: return a + b;
	case 0x40: return a | b;
	case 0x50: return a & b;
	case 0xa0: return a ^ b;
	default: return b; /* xchg, cmpxchg */
	}
}

/* Any of them, as a compare-and-exchange; gives what was there, 0 if nothing could be written. */
static u64 atomic(const struct run *run, const struct insn *in)
{
	u64 at = run->r[in->dst] + (i64)in->off, old = 0, seen;
	u32 size = insn_size(in);
	bool is_cmpxchg = in->imm == 0xf1;
	if (is_cmpxchg)
		old = size == 4 ? (u32)run->r[BPF_R0] : run->r[BPF_R0];
	else
		probe_read(&old, (uptr)at, size);
	for (;; old = seen) {
		seen = old;
		if (probe_cmpxchg((uptr)at, &seen, atomic_value(in->imm, old, run->r[in->src]), size))
			return 0;
		if (is_cmpxchg || seen == old)
			return seen;
	}
}

/* clang-format off */
/* Division by zero gives 0, modulo zero leaves the dividend; MIN / -1 wraps to MIN (RFC 9669 4.1). */
static u64 div_u64(u64 a, u64 b) { return b ? a / b : 0; }
static u64 mod_u64(u64 a, u64 b) { return b ? a % b : a; }
static u64 div_i64(u64 a, u64 b) { return b == -1ull ? 0 - a : b ? (u64)((i64)a / (i64)b) : 0; }
static u64 mod_i64(u64 a, u64 b) { return b == -1ull ? 0 : b ? (u64)((i64)a % (i64)b) : a; }

/* The 32-bit operand of a signed division, widened. */
#define SIGNED(v) _Generic((v), u32: (u64)(i64)(i32)(v), u64: (v))
/* The same bits, to be compared as a signed number. */
#define AS_SIGNED(v) _Generic((v), u32: (i64)(i32)(v), u64: (i64)(v))
#define BITS(v)	     (8 * sizeof(v))
/* clang-format on */

static u64 call_row(const struct prog *p, u64 *r, const struct helper *h)
{
	return h->fn(r[1], r[2], r[3], r[4], r[5], p);
}

/* What an immediate that names a map means (section 5.4.1): the map, or an address in its value. */
static u64 map_address(const struct prog *p, const struct insn *in)
{
	return (uptr)p->object->maps[in->imm];
}
static u64 value_address(const struct prog *p, const struct insn *in)
{
	return (uptr)p->object->maps[in->imm]->values + (u32)in[1].imm;
}

static u64 func_address(const struct insn *in)
{
	return (uptr)(in + 1 + in->imm);
}

/* Before the function's first instruction; ret: the caller's last. */
static void enter(struct run *run, const struct insn *ret)
{
	struct frame *f = &run->frames[++run->depth];
	f->ret = ret;
	f->p = run->p;
	f->saved_fp = run->r[BPF_FP];
	memcpy(f->saved, &run->r[BPF_R6], sizeof(f->saved));
	run->r[BPF_FP] -= run->p->facts.frame_size;
}

static const struct insn *leave(struct run *run)
{
	struct frame *f = &run->frames[run->depth--];
	memcpy(&run->r[BPF_R6], f->saved, sizeof(f->saved));
	run->r[BPF_FP] = f->saved_fp;
	run->p = f->p;
	return f->ret;
}

/* callx: goes to the function of the program that has this address, if it is one that was taken; otherwise
 * calls the helper of this number; otherwise gives 0. */
static void call_by_value(struct run *run, const struct insn **in, u64 value)
{
	const struct prog *p = run->p;
	for (u32 i = 0; i < p->taken_count; i++) {
		if (value == (uptr)&p->insns[p->taken[i]]) {
			enter(run, *in);
			*in = &p->insns[p->taken[i]] - 1;
			return;
		}
	}
	const struct helper *h = helper_by_value(p, value);
	run->r[0] = h ? call_row(p, run->r, h) : 0;
}

static u64 run_from(struct run *run, const struct insn *in);

/* A callback: a call from outside, so that all registers are as before afterwards. */
static u64 call_back(void *how, u64 func, u64 r1, u64 r2, u64 r3, u64 r4)
{
	struct run *run = how;
	u64 saved[BPF_REGS], r0;
	const u64 args[] = { r1, r2, r3, r4, 0 };
	memcpy(saved, run->r, sizeof(saved));
	enter(run, NULL);
	memcpy(&run->r[BPF_R1], args, sizeof(args));
	r0 = run_from(run, (const struct insn *)(uptr)func);
	leave(run);
	memcpy(run->r, saved, sizeof(saved));
	return r0;
}

/* The program that a tail call goes on with: NULL if the slot is empty or there is none, after too many,
 * or for lack of room. It takes the place of the function that is running. */
static const struct insn *tail_call(struct run *run)
{
	const struct prog *p = prog_array_get((const struct map *)(uptr)run->r[BPF_R2], (u32)run->r[BPF_R3]);
	if (!p || run->tail_calls == PROG_TAIL_CALLS || run->depth + p->facts.frames > run->frame_count ||
	    run->r[BPF_FP] - (uptr)run->stack < p->facts.frames * p->facts.frame_size)
		return NULL;
	run->tail_calls++;
	run->p = p;
	return p->insns - 1;
}

static u64 call_helper(struct run *run, const struct helper *h)
{
	if (h->flags & HELPER_CALLBACK)
		return callback_run(h, &run->r[BPF_R1], call_back, run);
	return call_row(run->p, run->r, h);
}

/* clang-format off */
#define DST  r[in->dst]
#define SRC  r[in->src]
#define NEXT goto next

/* Four instructions from one expression in a and b; it is evaluated in u32 and in u64. */
#define BINARY(name, expr)                                                            \
	name##32_K: { u32 a = (u32)DST, b = (u32)in->imm; DST = (u32)(expr); NEXT; }  \
	name##32_X: { u32 a = (u32)DST, b = (u32)SRC; DST = (u32)(expr); NEXT; }      \
	name##64_K: { u64 a = DST, b = (u64)(i64)in->imm; DST = (expr); NEXT; }       \
	name##64_X: { u64 a = DST, b = SRC; DST = (expr); NEXT; }

#define JUMP(name, cond)                                                                         \
	name##64_K: { u64 a = DST, b = (u64)(i64)in->imm; in += (cond) ? in->off : 0; NEXT; }    \
	name##64_X: { u64 a = DST, b = SRC; in += (cond) ? in->off : 0; NEXT; }                  \
	name##32_K: { u32 a = (u32)DST, b = (u32)in->imm; in += (cond) ? in->off : 0; NEXT; }    \
	name##32_X: { u32 a = (u32)DST, b = (u32)SRC; in += (cond) ? in->off : 0; NEXT; }

/* An operation at 32 and 64 bits, without and with the old value. */
#define ATOMIC(name)                                                          \
	ATOMIC_##name##32:                                                    \
	ATOMIC_##name##64:       atomic(run, in); NEXT;                      \
	ATOMIC_FETCH_##name##32:                                              \
	ATOMIC_FETCH_##name##64: SRC = atomic(run, in); NEXT;

/* Runs from that instruction to the exit of the function that it is in. */
static u64 run_from(struct run *run, const struct insn *in)
{
	static const void *const labels[INSN_KINDS] = {
		[INSN_BAD] = &&BAD,
#define ROW(name, ...) [INSN_##name] = &&name,
		INSNS(ROW, ROW)
#undef ROW
	};
	u64 *r = run->r;
	u32 depth = run->depth;
	const struct helper *h;

	in--;
next:
	in++;
	goto *labels[insn_kind(in)];

	BINARY(ADD, a + b)
	BINARY(SUB, a - b)
	BINARY(MUL, a * b)
	BINARY(DIV, div_u64(a, b))
	BINARY(SDIV, div_i64(SIGNED(a), SIGNED(b)))
	BINARY(OR, a | b)
	BINARY(AND, a & b)
	BINARY(LSH, a << (b & (BITS(a) - 1)))
	BINARY(RSH, a >> (b & (BITS(a) - 1)))
	BINARY(MOD, mod_u64(a, b))
	BINARY(SMOD, mod_i64(SIGNED(a), SIGNED(b)))
	BINARY(XOR, a ^ b)
	BINARY(ARSH, (u64)(AS_SIGNED(a) >> (b & (BITS(a) - 1))))
	NEG32:      DST = (u32)(0 - (u32)DST); NEXT;
	NEG64:      DST = 0 - DST; NEXT;
	MOV32_K:    DST = (u32)in->imm; NEXT;
	MOV32_X:    DST = (u32)SRC; NEXT;
	MOV64_K:    DST = (u64)(i64)in->imm; NEXT;
	MOV64_X:    DST = SRC; NEXT;
	MOVSX32_8:  DST = (u32)(i8)SRC; NEXT;
	MOVSX32_16: DST = (u32)(i16)SRC; NEXT;
	MOVSX64_8:  DST = (u64)(i64)(i8)SRC; NEXT;
	MOVSX64_16: DST = (u64)(i64)(i16)SRC; NEXT;
	MOVSX64_32: DST = (u64)(i64)(i32)SRC; NEXT;

	/* We run little-endian: "to little" only cuts, "to big" is a swap. */
	LE16:       DST = (u16)DST; NEXT;
	LE32:       DST = (u32)DST; NEXT;
	LE64:       NEXT;
	BE16:
	BSWAP16:    DST = __builtin_bswap16((u16)DST); NEXT;
	BE32:
	BSWAP32:    DST = __builtin_bswap32((u32)DST); NEXT;
	BE64:
	BSWAP64:    DST = __builtin_bswap64(DST); NEXT;

	JA:         in += in->off; NEXT;
	JA32:       in += in->imm; NEXT;
	JUMP(JEQ, a == b)
	JUMP(JGT, a > b)
	JUMP(JGE, a >= b)
	JUMP(JSET, a & b)
	JUMP(JNE, a != b)
	JUMP(JSGT, AS_SIGNED(a) > AS_SIGNED(b))
	JUMP(JSGE, AS_SIGNED(a) >= AS_SIGNED(b))
	JUMP(JLT, a < b)
	JUMP(JLE, a <= b)
	JUMP(JSLT, AS_SIGNED(a) < AS_SIGNED(b))
	JUMP(JSLE, AS_SIGNED(a) <= AS_SIGNED(b))
	CALL:
		h = helper_find((u32)in->imm);
		if (h->flags & HELPER_TAIL_CALL) {
			const struct insn *target = tail_call(run);
			in = target ? target : in;
			r[0] = 0;
			NEXT;
		}
		r[0] = call_helper(run, h);
		NEXT;
	CALL_KFUNC: r[0] = call_row(run->p, r, kfunc_find((u32)in->imm)); NEXT;
	CALL_LOCAL: enter(run, in); in += in->imm; NEXT;
	CALLX:      call_by_value(run, &in, DST); NEXT;
	EXIT:
		if (run->depth == depth)
			return r[0];
		in = leave(run);
		NEXT;

	LD_IMM64:   DST = insn_imm64(in); in++; NEXT;
	LD_MAP:
	LD_MAP_IDX: DST = map_address(run->p, in); in++; NEXT;
	LD_VALUE:
	LD_VALUE_IDX: DST = value_address(run->p, in); in++; NEXT;
	LD_FUNC:    DST = func_address(in); in++; NEXT;

	LDX8: LDX16: LDX32:
	LDX64:      DST = load(run, in); NEXT;
	LDXS8:      DST = (u64)(i64)(i8)load(run, in); NEXT;
	LDXS16:     DST = (u64)(i64)(i16)load(run, in); NEXT;
	LDXS32:     DST = (u64)(i64)(i32)load(run, in); NEXT;
	ST8: ST16: ST32:
	ST64:       store(run, in, (u64)(i64)in->imm); NEXT;
	STX8: STX16: STX32:
	STX64:      store(run, in, SRC); NEXT;

	ATOMIC(ADD)
	ATOMIC(OR)
	ATOMIC(AND)
	ATOMIC(XOR)
	ATOMIC_XCHG32:
	ATOMIC_XCHG64: SRC = atomic(run, in); NEXT;
	ATOMIC_CMPXCHG32:
	ATOMIC_CMPXCHG64: r[0] = atomic(run, in); NEXT;

	LD_VAR:
	LD_ABS8: LD_ABS16: LD_ABS32: LD_IND8: LD_IND16: LD_IND32:
	BAD:
		panic("interp_run: %s: insn %u was not verified", run->p->name, (u32)(in - run->p->insns));
}
/* clang-format on */

u64 interp_run_args(const struct prog *p, const u64 args[5])
{
	const struct prog_facts *f = &p->facts;
	u32 frame_count = f->tail_calls ? TAIL_FRAMES : f->frames;
	u32 stack_len = f->tail_calls ? TAIL_STACK : max(f->frames * f->frame_size, 8u);
	/* Of the kernel's stack only as much as is needed: programs that trace what other programs call nest. The
	 * stack is not cleared: a program reads none that it has not written. */
	struct frame frames[frame_count];
	u8 stack[stack_len] __attribute__((aligned(16)));
	struct run run = { .p = p, .frame_count = frame_count, .frames = frames, .stack = stack };
	memcpy(&run.r[BPF_R1], args, 5 * sizeof(u64));
	run.r[BPF_FP] = (uptr)stack + stack_len;
	return run_from(&run, p->insns);
}

u64 interp_run(const struct prog *p, const void *ctx)
{
	const u64 args[5] = { (uptr)ctx };
	return interp_run_args(p, args);
}
