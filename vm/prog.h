/* SPDX-License-Identifier: MIT */
/* A loaded eBPF object and its programs. A program goes through three states: loaded, verified, compiled.
 *
 * object_load does all three steps or none. prog->entry runs a program; its callers do not know whether
 * compiled code or a stub of the interpreter is at that address. */
#pragma once
#include "kernel/lib/btf.h"
#include "kernel/lib/err.h"
#include "kernel/mem/text.h"
#include "vm/insn.h"

#define PROG_STACK  512 /* bytes, per frame */
#define PROG_FRAMES 8

#define PROG_TAIL_CALLS 33  /* how many may follow each other, as on Linux */
#define PROG_KEPT_MAX   288 /* bytes of frames that may wait while a function below them tail-calls */

enum prog_type {
	PROG_RAW, /* from memory, host tools and tests */
	PROG_FENTRY,
	PROG_FEXIT,
	PROG_FMOD_RET, /* what it returns, if not 0, is returned in the function's place */
	PROG_FSESSION, /* one program at entry and at exit */
	PROG_RAW_TP,   /* raw_tp and tp_btf: the target is a tracepoint */
	PROG_KPROBE,   /* the context is a struct pt_regs */
	PROG_KRETPROBE,
	PROG_TYPES
};

/* Each state needs the one before. */
enum prog_state { PROG_LOADED, PROG_VERIFIED, PROG_COMPILED };

enum prog_mode { PROG_JIT, PROG_INTERPRET };

/* What is known about a verified program. The trampoline's plan depends on it. */
struct prog_facts {
	u32 stack_depth; /* bytes of the main frame that are used */
	bool calls;      /* calls helpers: they run kernel code that can be traced, so it can recurse */
	bool per_cpu;    /* must stay on its CPU while it runs: per-CPU maps, helpers that need it */
	bool replaces;   /* of PROG_FMOD_RET: it may return something else than 0 */
	bool tail_calls; /* it can go on in another program; then all these facts assume the worst */
	u32 frames;      /* how deep its functions nest, 1 to PROG_FRAMES */
	u32 frame_size;  /* bytes, the largest that one of its functions uses */
	u32 insn_count;
	u64 reads;        /* bit i: it may load slot i of its context; all ones if that is not known */
	u32 header_words; /* how many words below the context its helpers read: enum prog_header */
};

/* Which memory an access touches, on every path that comes to it. A load from MEMORY_OBJECT can fault; no other can. */
enum insn_memory {
	MEMORY_UNSEEN, /* no path comes there */
	MEMORY_CONTEXT,
	MEMORY_OBJECT, /* the kernel's, through a pointer with a BTF type */
	MEMORY_OWN,    /* stack, value of a map, key */
};

/* Which ways of a conditional jump some path goes. */
enum prog_way {
	WAY_ON = 1,    /* to the next instruction */
	WAY_TAKEN = 2, /* to its target */
};

/* What holds at an instruction each time that it runs. */
struct insn_fact {
	u8 memory;        /* of an access: enum insn_memory */
	u8 ways : 2;      /* of a conditional jump: enum prog_way */
	bool has_key : 1; /* of a call with a map: the key is 4 bytes, and always this number */
	u16 map;          /* of a call with a map: 1 + its number; MAP_VARIES: not always the same one */
	u32 key;
};
enum { MAP_VARIES = 0xffff };

/* ORDER HEADER: what lies below the context of a tracing program, as on Linux. The words down to header_words
 * exist. A session's cookie lies below them; the first word says where. */
enum prog_header {
	HEADER_NONE,
	HEADER_COUNT,  /* context[-1]: bits 0-7 slots of arguments; a session's bits 8-15 where its cookie
			* is, context[-n]; bit 63 whether this is its exit */
	HEADER_IP,     /* context[-2]: the function's address */
	HEADER_COOKIE, /* context[-3]: the attachment's cookie */
};

/* Runs of a program. Its caller counts them while counting is on. Changed atomically. */
struct prog_stats {
	u64 runs, ticks;
};

/* Accesses of a program to bad addresses (vm/run/mistake.h); changed atomically. */
struct prog_mistakes {
	u64 stores, loads; /* dropped, read as 0 */
	u32 first;         /* 1 + the instruction that made the first such access; 0: none */
};

struct object;
struct line_info {
	u32 insn_idx, file_off, line_off, line, column;
};

/* Instruction insn_idx needs what the kernel lacks: CO-RE made one of it that does nothing. why is a sentence about the
 * place where the answer is used. The verifier refuses a program of which a path comes there. */
struct lack {
	struct lack *next;
	u32 insn_idx, used_at;
	char why[];
};

/* As which type an instruction takes what it reads a field of, by its CO-RE record; or what lies at the address that it
 * loads, by the declaration of that variable. */
struct taken_as {
	u32 type; /* of the kernel; 0: none is said */
	u32 off;  /* of the field in it */
};

struct prog {
	const char *name;    /* the C function: my_wake_up; the end of text.name */
	const char *section; /* fentry/wake_up_process; "" without one */
	enum prog_type type;
	char *target;          /* the section's: the traced function, pattern or tracepoint, or "" */
	bool sleepable;        /* it can block, so it runs only where the caller of the function may block */
	bool multi;            /* target is a pattern; the program goes to all that match */
	u32 target_offset;     /* kprobe: bytes behind the function's address */
	struct object *object; /* NULL for PROG_RAW made without one */
	enum prog_state state;
	enum prog_mode mode;

	struct insn *insns; /* main function first, then the subprograms it calls */
	u32 insn_count;
	u32 btf_func_id;         /* in the object's BTF, 0 if none */
	struct line_info *lines; /* sorted by insn_idx; strings in the object's BTF */
	u32 line_count;
	struct lack *lacks;        /* NULL: the kernel has all that it needs, or it is verified */
	u32 *globals;              /* the BTF_FUNC of a global function that begins there, or 0; NULL: none */
	struct taken_as *taken_as; /* of each instruction; NULL: none says a type */

	struct prog_facts facts;
	struct insn_fact *proven; /* of each instruction; NULL: PROG_RAW, of which nothing is proven */
	u32 *taken; /* the functions whose address it takes, each by its first instruction, ascending */
	u32 taken_count;
	u32 slot;   /* index into cpu->active[]: the recursion guard */
	u64 missed; /* runs skipped by the guard; changed atomically */
	struct prog_stats stats;
	u32 told_format; /* whether the trace has said what is wrong with a format; changed atomically */
	struct prog_mistakes mistakes;
	u32 links; /* images and probes that can call it, and images that trace it; changed atomically */

	struct text text;    /* the machine code; prog->text.name is bpf_prog_TAG_NAME */
	struct icode *icode; /* decoded for the interpreter, PROG_INTERPRET only */
	u32 *insn_at;        /* offset in text of each instruction (insn_count + 1), JIT only */
	struct text_fixup *fixups;
	u64 (*entry)(const void *ctx); /* callable once compiled */
	uptr tail_entry;               /* where a tail call jumps to, JIT only */
	u8 tag[8];                     /* FNV-1a of the instructions without map numbers; Linux takes SHA-1 */
};

/* A map as the loader sees it is in vm/run/map.h. */
struct map;

struct object {
	const char *name; /* file name without .bpf.o: wakeup */
	struct prog **progs;
	u32 prog_count;
	struct map **maps;
	u32 map_count;
	struct btf btf; /* the object's own; btf.count == 0 if it has none */
	void *btf_blob; /* our copy */
	char license[32];
	struct object *next; /* list of loaded objects */
};

/* Loads, verifies and compiles an object from memory, which the caller may free afterwards. All or nothing:
 * on failure *out is NULL, everything is undone, and log says in one sentence what is wrong:
 *
 *      ENOEXEC     the object is malformed
 *      EINVAL      a check refuses it
 *      ENOENT      it names something that does not exist
 *      EOPNOTSUPP  it needs something that this kernel does not have
 *      EEXIST      an object of that name is loaded: objects are told apart by their names
 *      E2BIG, ENOSPC, ENOMEM */
enum err object_load(struct object **out, const char *name, const void *elf, size_t len, enum prog_mode mode,
		     struct strbuf *log);

/* Loads an object that names no place to attach to. Each global function in a section with code is a
 * program of type PROG_RAW. For host tools and tests. */
enum err object_load_raw(struct object **out, const char *name, const void *elf, size_t len,
			 enum prog_mode mode, struct strbuf *log);

/* Frees the object with its programs and maps. EBUSY while one of its programs is attached (prog->links). */
enum err object_unload(struct object *o);

/* prog_new makes an empty program with a slot of its own. It copies both names, of any length; target has
 * room for the whole name of the section. ENOMEM; ENOSPC if CPU_ACTIVE_SLOTS programs are loaded. Call
 * prog_set_tag when the program has its instructions: it sets the tag, and with it the name of the text. */
enum err prog_new(struct prog **out, const char *name, const char *section, struct strbuf *log);
void prog_set_tag(struct prog *p);

/* Frees what no later walk asks for, and sets it to NULL. */
void prog_free_lacks(struct prog *p);

/* Undoes prog_new, and frees the instructions. Only for a program that is not compiled: see prog_free. */
void prog_drop(struct prog *p);

/* Returns the program whose guard is cpu->active[slot]; NULL if the slot is free. notrace. */
struct prog *prog_in_slot(u32 slot);

/* Whether the verifier has followed all paths: each access and each argument of a call is one that the program may make.
 * Only PROG_RAW is not proven: an access of it can go anywhere. */
static inline notrace bool prog_is_proven(const struct prog *p)
{
	return p->proven;
}

/* Returns the word with which section names of that type begin: fentry. */
const char *prog_type_name(enum prog_type type);
