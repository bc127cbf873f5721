/* SPDX-License-Identifier: MIT */
/* Helpers: the functions of the kernel that a program may call, by Linux's numbers. Each is one row of a
 * table. The verifier reads the kinds of the arguments; the interpreter and the JIT read the function. */
#pragma once
#include "vm/prog.h"

/* What an argument register must hold at the call. */
enum helper_arg {
	ARG_NONE,             /* not read */
	ARG_ANY,              /* any number, or a pointer that the helper does not trust */
	ARG_MAP,              /* a map of the program's object; the helper checks that with prog_map */
	ARG_MAP_KEY,          /* readable memory, key_size bytes of the map in the ARG_MAP before it */
	ARG_MAP_VALUE,        /* readable memory, value_size bytes of that map */
	ARG_MEM_READ,         /* readable memory of the program; the ARG_SIZE that follows is its length */
	ARG_MEM_WRITE,        /* writable memory of the program, likewise; need not be initialised */
	ARG_MEM_READ_OR_NULL, /* as ARG_MEM_READ; NULL only if the size is 0 */
	ARG_SIZE,             /* the length > 0 of the memory in the argument before */
	ARG_SIZE_OR_ZERO,
	ARG_VALUE_WRITE,   /* writable memory, 8 bytes; need not be initialised */
	ARG_CTX,           /* the program's context */
	ARG_FUNC,          /* a function of the program, as ld_imm64 with src 4 loads it; the helper checks */
	ARG_PROG_ARRAY,    /* a map of programs, loaded by an ld_imm64 above the call; no jump between */
	ARG_RINGBUF,       /* a ring buffer of the program's object */
	ARG_RECORD_SIZE,   /* a constant, of the record that is returned */
	ARG_RECORD,        /* the begin of a record that is reserved; afterwards it is gone */
	ARG_NUMBER,        /* a number, and no address */
	ARG_STACK_OR_NULL, /* an address in the program's stack, for the function that is called; or NULL */
	ARG_ITER_NEW,      /* eight bytes of the program's stack, which the call makes an iterator */
	ARG_ITER,          /* an iterator that is open */
	ARG_ITER_END,      /* the same, which the call closes */
	ARG_LOCK,          /* a struct bpf_spin_lock in a map's value */
};

/* What R0 holds afterwards. */
enum helper_ret {
	RET_SCALAR,
	RET_LENGTH,            /* up to the size of the ARG_MEM_WRITE, or -EFAULT */
	RET_MAP_VALUE_OR_NULL, /* of the ARG_MAP argument's map */
	RET_RECORD_OR_NULL, /* memory that the program must give back: as many bytes as ARG_RECORD_SIZE says */
	RET_NOTHING,
	RET_KERNEL_PTR,  /* never NULL; the program may read through it */
	RET_ITER_NUMBER, /* four bytes of the ARG_ITER that the program may read; NULL: none is left */
};

enum helper_flag {
	HELPER_PROG = 1,       /* takes the program as sixth argument; others ignore it */
	HELPER_PER_CPU = 2,    /* its result belongs to this CPU: the program must stay on it */
	HELPER_CALLS = 4,      /* runs functions that have a site, so the program can recurse */
	HELPER_SLEEPS = 8,     /* can block: for sleepable programs only */
	HELPER_TAIL_CALL = 16, /* goes on in another program: interpreter and JIT do it, fn is NULL */
	HELPER_CALLBACK = 32,  /* calls a function of the program: callback.h */
	HELPER_INLINE = 64,    /* the JIT can write it without a call: inline.c */
	HELPER_MAP = 128,      /* calls the map's own function: helper_of_map */
	/* Two bits: which words below the context it reads, as enum prog_header. */
	HELPER_HEADER_SHIFT = 8,
	HELPER_COUNT = HEADER_COUNT << HELPER_HEADER_SHIFT,
	HELPER_IP = HEADER_IP << HELPER_HEADER_SHIFT,
	HELPER_COOKIE = HEADER_COOKIE << HELPER_HEADER_SHIFT,
	HELPER_GPL = 1 << 10, /* only for programs whose licence is compatible with the GPL, as on Linux */
	/* One bit for each enum prog_type that may call it; no bit: all may. */
	HELPER_TYPE_SHIFT = 16,
	HELPER_SESSION = 1 << (HELPER_TYPE_SHIFT + PROG_FSESSION),
	HELPER_LOCK = HELPER_SESSION | 1 << (HELPER_TYPE_SHIFT + PROG_FENTRY) |
		      1 << (HELPER_TYPE_SHIFT + PROG_FEXIT) | 1 << (HELPER_TYPE_SHIFT + PROG_FMOD_RET) |
		      1 << (HELPER_TYPE_SHIFT + PROG_RAW_TP),
	HELPER_TRAMP = HELPER_LOCK | 1 << (HELPER_TYPE_SHIFT + PROG_RAW),
};

/* Gets the five argument registers as they are; a helper reads those that its row names. The caller sets p
 * only if the row has HELPER_PROG. */
typedef u64 helper_fn(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5, const struct prog *p);

struct helper {
	u32 id;           /* enum bpf_func_id or KFUNC_*; a host tool can give a number another meaning */
	const char *name; /* without bpf_: map_lookup_elem */
	enum helper_ret ret;
	enum helper_arg args[5];
	u32 flags; /* enum helper_flag */
	helper_fn *fn;
};

static inline enum prog_header helper_header(const struct helper *h)
{
	return (enum prog_header)(h->flags >> HELPER_HEADER_SHIFT & 3);
}
static inline bool helper_is_for(const struct helper *h, enum prog_type type)
{
	u32 types = h->flags >> HELPER_TYPE_SHIFT;
	return !types || types & 1u << type;
}

/* Returns the row of the helper with that number; NULL if this kernel does not have it. */
const struct helper *helper_find(u32 id);

/* Returns the row that a callx with this value in its register calls. NULL if the value is no helper's
 * number, or if this program cannot call that helper, or not by callx. */
const struct helper *helper_by_value(const struct prog *p, u64 value);

/* Returns the address of the function that does what a helper with HELPER_MAP does on that map: the map's own, if p is
 * proven. It takes the helper's arguments without the program. If it returns an enum err, the helper's result is
 * negative. */
uptr helper_of_map(const struct helper *h, const struct map *m, const struct prog *p);

/* Adds rows that hide built-in ones of the same number; NULL, 0 removes them. For host tools: benchmarks and
 * the conformance suite give some numbers a meaning of their own, which the kernel must not know. The caller
 * keeps the rows as long as programs that were compiled with them. */
void helper_add_table(const struct helper *rows, u32 count);
