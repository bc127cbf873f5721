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
#include "vm/kfunc.h"
#include "vm/map.h"

/* One called function: its stack, and what its caller gets back. */
struct frame {
	u8 stack[PROG_STACK];
	const struct insn *ret; /* the caller's next instruction */
	u64 saved[4];           /* the caller's R6 to R9 */
	u64 saved_fp;
};

struct run {
	u64 r[BPF_REGS];
	u32 depth;
	struct frame frames[PROG_FRAMES];
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

static void enter(struct run *run, const struct insn *ret)
{
	struct frame *f = &run->frames[++run->depth];
	f->ret = ret;
	f->saved_fp = run->r[BPF_FP];
	memcpy(f->saved, &run->r[BPF_R6], sizeof(f->saved));
	run->r[BPF_FP] = (uptr)f->stack + PROG_STACK;
}

static const struct insn *leave(struct run *run)
{
	struct frame *f = &run->frames[run->depth--];
	memcpy(&run->r[BPF_R6], f->saved, sizeof(f->saved));
	run->r[BPF_FP] = f->saved_fp;
	return f->ret;
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
	ATOMIC_##name##64:       atomic(&run, in); NEXT;                      \
	ATOMIC_FETCH_##name##32:                                              \
	ATOMIC_FETCH_##name##64: SRC = atomic(&run, in); NEXT;

static u64 run_program(const struct prog *p, const u64 args[5])
{
	static const void *const labels[INSN_KINDS] = {
		[INSN_BAD] = &&BAD,
#define ROW(name, ...) [INSN_##name] = &&name,
		INSNS(ROW, ROW)
#undef ROW
	};
	struct run run; /* not cleared: a program reads no stack that it has not written */
	u64 *r = run.r;
	const struct insn *in = p->insns - 1;

	memset(run.r, 0, sizeof(run.r));
	memcpy(&r[BPF_R1], args, 5 * sizeof(u64));
	run.depth = 0;
	r[BPF_FP] = (uptr)run.frames[0].stack + PROG_STACK;

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
	CALL:       r[0] = call_row(p, r, helper_find((u32)in->imm)); NEXT;
	CALL_KFUNC: r[0] = call_row(p, r, kfunc_find((u32)in->imm)); NEXT;
	CALL_LOCAL: enter(&run, in); in += in->imm; NEXT;
	EXIT:
		if (run.depth == 0)
			return r[0];
		in = leave(&run);
		NEXT;

	LD_IMM64:   DST = insn_imm64(in); in++; NEXT;
	LD_MAP:     DST = map_address(p, in); in++; NEXT;
	LD_VALUE:   DST = value_address(p, in); in++; NEXT;

	LDX8: LDX16: LDX32:
	LDX64:      DST = load(&run, in); NEXT;
	LDXS8:      DST = (u64)(i64)(i8)load(&run, in); NEXT;
	LDXS16:     DST = (u64)(i64)(i16)load(&run, in); NEXT;
	LDXS32:     DST = (u64)(i64)(i32)load(&run, in); NEXT;
	ST8: ST16: ST32:
	ST64:       store(&run, in, (u64)(i64)in->imm); NEXT;
	STX8: STX16: STX32:
	STX64:      store(&run, in, SRC); NEXT;

	ATOMIC(ADD)
	ATOMIC(OR)
	ATOMIC(AND)
	ATOMIC(XOR)
	ATOMIC_XCHG32:
	ATOMIC_XCHG64: SRC = atomic(&run, in); NEXT;
	ATOMIC_CMPXCHG32:
	ATOMIC_CMPXCHG64: r[0] = atomic(&run, in); NEXT;

	CALLX: LD_VAR: LD_FUNC: LD_MAP_IDX: LD_VALUE_IDX:
	LD_ABS8: LD_ABS16: LD_ABS32: LD_IND8: LD_IND16: LD_IND32:
	BAD:
		panic("interp_run: %s: insn %u was not verified", p->name, (u32)(in - p->insns));
}
/* clang-format on */

u64 interp_run_args(const struct prog *p, const u64 args[5])
{
	return run_program(p, args);
}

u64 interp_run(const struct prog *p, const void *ctx)
{
	const u64 args[5] = { (uptr)ctx };
	return run_program(p, args);
}
