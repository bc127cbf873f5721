// SPDX-License-Identifier: MIT
// Makes and frees programs: their slot, their names, their tag.
#include "vm/prog.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/lock.h"
#include "kernel/cpu/smp.h"

/* The program to which each slot of cpu->active[] belongs; NULL: the slot is free. */
static struct prog *slots[CPU_ACTIVE_SLOTS];
static spinlock_t slots_lock;

static u32 take_slot(struct prog *p)
{
	uptr irq = spin_lock_irqsave(&slots_lock);
	u32 slot = 0;
	while (slot < CPU_ACTIVE_SLOTS && slots[slot])
		slot++;
	if (slot < CPU_ACTIVE_SLOTS)
		slots[slot] = p;
	spin_unlock_irqrestore(&slots_lock, irq);
	return slot;
}

static void give_slot(u32 slot)
{
	uptr irq = spin_lock_irqsave(&slots_lock);
	slots[slot] = NULL;
	spin_unlock_irqrestore(&slots_lock, irq);
}

notrace struct prog *prog_in_slot(u32 slot)
{
	return read_once(slots[slot]);
}

static u64 fnv1a(u64 hash, const void *data, u32 len)
{
	const u8 *byte = data;
	while (len--)
		hash = (hash ^ *byte++) * 0x100000001b3ull;
	return hash;
}

/* The tag does not depend on the numbers of the object's maps, so the same source has the same tag. */
static void hash_insns(struct prog *p)
{
	u64 hash = 0xcbf29ce484222325ull;
	bool tail = false; /* of an immediate that names a map */
	for (u32 i = 0; i < p->insn_count; i++) {
		struct insn in = p->insns[i];
		bool names_map = !tail && insn_is_wide(&in) && in.src && in.src != 4;
		if (names_map || tail)
			in.imm = 0;
		tail = names_map;
		hash = fnv1a(hash, &in, sizeof(in));
	}
	for (u32 i = 0; i < sizeof(p->tag); i++)
		p->tag[i] = (u8)(hash >> (56 - 8 * i));
}

/* The names lie behind the struct: the symbol, which ends in the program's name; the section; the target. */
static const char symbol_start[] = "bpf_prog_0000000000000000_";
enum { TAG_AT = 9, NAME_AT = sizeof(symbol_start) - 1 };

static char *symbol_of(struct prog *p)
{
	return (char *)(p + 1);
}

void prog_set_tag(struct prog *p)
{
	hash_insns(p);
	for (u32 i = 0; i < 2 * sizeof(p->tag); i++)
		symbol_of(p)[TAG_AT + i] = "0123456789abcdef"[p->tag[i / 2] >> (i % 2 ? 0 : 4) & 15];
}

const char *prog_type_name(enum prog_type type)
{
	static const char *const names[PROG_TYPES] = {
		[PROG_RAW] = "raw",           [PROG_FENTRY] = "fentry",       [PROG_FEXIT] = "fexit",
		[PROG_FMOD_RET] = "fmod_ret", [PROG_FSESSION] = "fsession",   [PROG_RAW_TP] = "raw_tp",
		[PROG_KPROBE] = "kprobe",     [PROG_KRETPROBE] = "kretprobe",
	};
	return names[type];
}

enum err prog_new(struct prog **out, const char *name, const char *section, struct strbuf *log)
{
	size_t name_size = strlen(name) + 1, section_size = strlen(section) + 1;
	*out = NULL;
	struct prog *p = kzalloc(sizeof(*p) + NAME_AT + name_size + 2 * section_size);
	if (!p)
		return str_refuse(log, ENOMEM, "program %s: no memory", name);
	p->slot = take_slot(p);
	if (p->slot == CPU_ACTIVE_SLOTS) {
		str_printf(log, "program %s: %u programs are loaded already", name, CPU_ACTIVE_SLOTS);
		kfree(p);
		return ENOSPC;
	}
	char *at = symbol_of(p) + NAME_AT;
	memcpy(symbol_of(p), symbol_start, NAME_AT);
	p->text.name = symbol_of(p);
	p->name = memcpy(at, name, name_size);
	p->section = memcpy(at + name_size, section, section_size);
	p->target = at + name_size + section_size;
	*out = p;
	return OK;
}

void prog_free_lacks(struct prog *p)
{
	while (p->lacks) {
		struct lack *next = p->lacks->next;
		kfree(p->lacks);
		p->lacks = next;
	}
}

void prog_drop(struct prog *p)
{
	give_slot(p->slot);
	prog_free_lacks(p);
	kfree(p->globals);
	kfree(p->taken_as);
	kfree(p->lines);
	kfree(p->insns);
	kfree(p->taken);
	kfree(p->proven);
	kfree(p);
}
