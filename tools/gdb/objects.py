# SPDX-License-Identifier: MIT
# Commands about what is loaded and what runs: fivebyte-links, -prog, -map, -ps, -cpus.
import gdb

END = 0x80000000  # vm/run/map_hash.c: a chain ends
STATES = {0: "ready", 1: "asleep", 2: "asleep", 128: "dead"}  # TASK_RUNNING and so on


def prog_kind(prog):
    return constant("PROG_", prog["type"])


def link_place(link):
    return text_of(link["place"]["buf"])


def task_state(task):
    if int(task["on_cpu"]):
        return f"runs on CPU {int(task['cpu'])}"
    return STATES.get(int(task["__state"]), "?")


class Links(Command):
    """List the attachments of programs.
Usage: fivebyte-links"""

    def run(self):
        count = 0
        for link in in_list(static("attach.c", "links"), "struct link", "list"):
            prog = link["prog"].dereference()
            print(f"{text_of(prog['name']):16} {prog_kind(prog):9} {link_place(link):20} cookie {int(link['cookie'])}")
            count += 1
        print(f"{count} attached")


class Prog(Command):
    """Show a loaded program.
Usage: fivebyte-prog NAME
NAME is that of its C function, or OBJECT/NAME. Example: fivebyte-prog count_skb"""

    usage = "NAME"

    def run(self, name):
        owner, prog = one_of_objects("progs", "prog_count", "program", name)
        stats, text = prog["stats"], prog["text"]
        print(f"{text_of(prog['name'])}: {prog_kind(prog)} program of {text_of(owner['name'])}, "
              f"{constant('PROG_', prog['state'])}")
        print(f"  section  {text_of(prog['section'])}")
        print(f"  insns    {int(prog['insn_count'])}, {int(prog['facts']['stack_depth'])} bytes of stack")
        if address(text["base"]):
            print(f"  code     {int(text['len'])} bytes at {address(text['base']):x}")
            print(f"  symbol   {text_of(text['name'])}")
        print(f"  users    {int(prog['links'])} images or probes, {int(prog['missed'])} runs missed")
        print(f"  counted  {int(stats['runs'])} runs, {int(stats['ticks'])} ticks (`stats on` counts)")
        for i in range(int(owner["map_count"])):
            print(f"  map      {text_of(owner['maps'][i]['name'])}")


class Map(Command):
    """Show what a map holds, by its types if BTF has them.
Usage: fivebyte-map NAME
NAME is that of the variable, or OBJECT/NAME; wakeup.rodata and the like hold
global variables. Zeros of an array are left out. Example: fivebyte-map started"""

    usage = "NAME"

    def run(self, name):
        _, m = one_of_objects("maps", "map_count", "map", name)
        print(f"{name}: {text_of(m['ops']['name'])}, {int(m['max_entries'])} entries at most")
        self.btf = Btf(m["btf"].dereference()) if int(m["btf"]) and int(m["btf"]["count"]) else None
        kind = str(m["ops"]["type"])
        rows = {"BPF_MAP_TYPE_HASH": self.hash, "BPF_MAP_TYPE_PROG_ARRAY": self.programs}.get(kind, self.array)
        count = 0
        for key, value in rows(m):
            print(f"  {key}: {value}" if int(m["max_entries"]) > 1 else f"  {value}")
            count += 1
        if not count:
            print("  (nothing but zeros)" if "ARRAY" in kind else "  (empty)")

    def typed(self, number, data):
        return self.btf.value(int(number), data) if self.btf and int(number) else data.hex(" ")

    def array(self, m):
        copies = len(gdb.selected_inferior().threads()) if int(m["per_cpu_stride"]) else 1
        stride, size = int(m["stride"]), int(m["value_size"])
        for i in range(int(m["max_entries"])):
            at = address(m["values"]) + i * stride
            values = [read(at + cpu * int(m["per_cpu_stride"]), size) for cpu in range(copies)]
            if any(any(v) for v in values):
                texts = [self.typed(m["value_type"], v) for v in values]
                yield i, texts[0] if copies == 1 else ", ".join(f"cpu{n} {text}" for n, text in enumerate(texts))

    def programs(self, m):
        for i in range(int(m["max_entries"])):
            slot = gdb.Value(address(m["values"]) + i * int(m["stride"]))
            prog = slot.cast(gdb.lookup_type("struct prog").pointer().pointer()).dereference()
            if int(prog):
                yield i, text_of(prog["name"])

    def hash(self, m):
        table = m["impl"].cast(gdb.lookup_type("struct hash").pointer())
        key_at = gdb.lookup_type("struct element")["key"].bitpos // 8
        key_size, value_size, value_at = int(m["key_size"]), int(m["value_size"]), int(table["value_at"])
        left = int(m["max_entries"]) + 1  # a chain that is being changed may lead into another one
        for bucket in range(int(table["bucket_mask"]) + 1):
            i = int(table["buckets"][bucket])
            while not i & END and left:
                at = address(table["elements"]) + i * int(table["element_size"])
                yield (self.typed(m["key_type"], read(at + key_at, key_size)),
                       self.typed(m["value_type"], read(at + value_at, value_size)))
                i, left = int.from_bytes(read(at, 4), "little"), left - 1


class Ps(Command):
    """List the tasks, and where each one waits or was preempted.
Usage: fivebyte-ps"""

    def run(self):
        head = gdb.parse_and_eval("init_task")
        tasks = [head] + list(in_list(head["tasks"], "struct task_struct", "tasks"))
        for task in sorted(tasks, key=lambda t: int(t["pid"])):
            where = "" if int(task["on_cpu"]) else self.waits_in(task)
            print(f"{int(task['pid']):4} {task['comm'].string():15} {task_state(task):14} {where}")

    def waits_in(self, task):
        """The first two callers of the scheduler, found by frame pointers: ORDER SWITCH in kernel/sched/task.c."""
        frame, names = address(task["sp"]) + 40, []
        frame = int.from_bytes(read(frame, 8), "little") if address(task["sp"]) else 0
        while 0 <= frame - address(task["stack"]) < 65536 and len(names) < 2:
            name = symbol(int.from_bytes(read(frame + 8, 8), "little")).split("+")[0]
            above = int.from_bytes(read(frame, 8), "little")
            frame = above if above > frame else 0
            if name not in ("__schedule", "schedule", "preempt_schedule"):
                names.append(name)
        return " < ".join(names)


class Cpus(Command):
    """List the CPUs, and what each one runs.
Usage: fivebyte-cpus"""

    def run(self):
        for cpu, thread, task in cpus():
            count = int(cpu_struct(cpu)["preempt_count"])
            depths = ((count & 0xFF, "preemption off"), (count >> 8 & 0xFF, "softirq"),
                      (count >> 16 & 15, "interrupt"), (count >> 20 & 15, "NMI"))  # kernel/cpu/smp.h
            contexts = ", ".join(text for depth, text in depths if depth)
            head = f"CPU {cpu}  {task:15} "
            print(head + calls_text(calls(thread, 3), WIDTH - len(head)))
            if contexts:
                print(f"{'':{len(head)}}({contexts})")


Links("fivebyte-links")
Prog("fivebyte-prog")
Map("fivebyte-map")
Ps("fivebyte-ps")
Cpus("fivebyte-cpus")
