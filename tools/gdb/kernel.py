# SPDX-License-Identifier: MIT
# What the commands of fivebyte share: reading the kernel's memory, names, sites, lists and CPUs.
#
# Nothing here calls a function of the kernel or writes to the machine. Each walk has an end, because the kernel
# may be stopped in the middle of a change.
import re
import struct
import textwrap

import gdb

SITE_LEN = 5  # kernel/layout.h
CALL, JMP, INT3 = 0xE8, 0xE9, 0xCC
NOP = b"\x0f\x1f\x44\x00\x00"
WALK_LIMIT = 4096  # elements of a list
WIDTH = 80  # columns of a terminal, which cuts in the middle of a word


class Command(gdb.Command):
    """Not a command itself. run() gets the words of the line; `usage` names those that must be there."""

    usage = ""

    def __init__(self, name):
        super().__init__(name, gdb.COMMAND_USER, gdb.COMPLETE_SYMBOL if self.usage == "FUNC" else gdb.COMPLETE_NONE)
        self.name = name

    def invoke(self, line, from_tty):
        words = gdb.string_to_argv(line)
        if len(words) != len(self.usage.split()):
            raise gdb.GdbError(f"usage: {self.name} {self.usage}".rstrip())
        if not gdb.selected_inferior().threads():
            raise gdb.GdbError("There is no machine: `make gdb` starts one, `target remote` connects to one.")
        try:
            self.run(*words)
        except gdb.GdbError as e:
            raise gdb.GdbError(textwrap.fill(str(e), WIDTH, break_on_hyphens=False)) from None
        except gdb.MemoryError as e:
            raise gdb.GdbError(
                f"{self.name}: {e}: the kernel has not come that far, or is changing its tables just now."
            )


def read(addr, length):
    return bytes(gdb.selected_inferior().read_memory(addr, length))


fixed_values = {}


def fixed(expression):
    """The value of an expression that needs no machine, such as an address. GDB evaluates it once: it looks at
    the selected frame then, and crashes if that happens while an unwinder makes the frames (unwind.py)."""
    if expression not in fixed_values:
        fixed_values[expression] = gdb.parse_and_eval(expression)
    return fixed_values[expression]


def static(file, name):
    """A static variable of a .c file."""
    return fixed(f"&'{file}'::{name}").dereference()


def text_of(pointer):
    """The string that a char pointer points to; "" for NULL."""
    return pointer.string(errors="replace") if int(pointer) else ""


def address(value):
    return int(value) % 2**64


def address_of(name):
    """Where a function or a variable lies."""
    return address(fixed("(unsigned long)&" + name))


def constant(prefix, value):
    """The name that an enumeration has for a value, in small letters without what all have in front."""
    return str(value).removeprefix(prefix).lower()


def container_of(addr, tag, member):
    """The struct whose member lies at addr."""
    kind = gdb.lookup_type(tag)
    return gdb.Value(addr - kind[member].bitpos // 8).cast(kind.pointer()).dereference()


def in_list(head, tag, member):
    """The structs of type `tag` that are linked by `member` into a list_head."""
    at = head["next"]
    for _ in range(WALK_LIMIT):
        if address(at) == address(head.address):
            return
        yield container_of(address(at), tag, member)
        at = at["next"]
    print(f"... and more: the list of {tag} has no end, so it is being changed just now")


def chained(first, member="next"):
    """The structs that a pointer leads to, and from there the pointer `member` of each."""
    for _ in range(WALK_LIMIT):
        if not int(first):
            return
        yield first.dereference()
        first = first[member]


# Names.


def text_block(pc):
    """Returns the block of generated code that holds pc, or None, as text_find of kernel/mem/text.c does."""
    chunks, granule = static("text.c", "chunks"), int(fixed("GRANULE"))
    for i in range(int(static("text.c", "chunk_count"))):
        offset = pc - int(chunks[i]["base"])
        if 0 <= offset < int(chunks[i]["granules"]) * granule:
            block = chunks[i]["owner"][offset // granule]
            return block if int(block) else None
    return None


def text_name(pc):
    block = text_block(pc)
    return block["name"].string() if block is not None else None


def symbol(addr):
    """"kfree_skb+2", or the plain number."""
    found = re.search("<(.*)>", gdb.format_address(addr))
    return found[1] if found else text_name(addr) or f"{addr:#x}"


def target(code, addr):
    """Where a call or a jump of five bytes leads."""
    return (addr + SITE_LEN + struct.unpack("<i", code[1:])[0]) % 2**64


def instruction(code, addr):
    """What five bytes are, of those that a site can hold."""
    if code == NOP:
        return "nop, and goes on behind it"
    if code[0] in (CALL, JMP):
        return ("call " if code[0] == CALL else "jmp ") + symbol(target(code, addr))
    return "int3" if code[0] == INT3 else "no instruction of a site"


def objects():
    """The loaded objects."""
    return chained(static("vm/object.c", "objects"))


def of_objects(array, count, name):
    """The programs or maps with that name, written NAME or OBJECT/NAME; all of them for None."""
    for o in objects():
        for i in range(int(o[count])):
            one = o[array][i].dereference()
            own = text_of(one["name"])
            if name in (None, own, text_of(o["name"]) + "/" + own):
                yield o, one


def one_of_objects(array, count, what, name):
    found = list(of_objects(array, count, name))
    if len(found) == 1:
        return found[0]
    if found:
        both = " and ".join(f"{text_of(o['name'])}/{name}" for o, _ in found)
        raise gdb.GdbError(f"There are {len(found)} {what}s called {name}: {both}.")
    names = ", ".join(text_of(one["name"]) for _, one in of_objects(array, count, None))
    raise gdb.GdbError(f"No {what} is called {name}. There are: {names or 'none yet'}.")


# Sites.


def function_address(text):
    """The address that a person means by FUNC, FUNC+OFFSET, a program's name or a number."""
    parts = re.fullmatch(r"(\w+)(?:\+(\w+))?", text)
    try:
        offset = int(parts[2] or "0", 0)
        if parts[1][0].isdigit():
            return int(parts[1], 0) + offset
    except (TypeError, ValueError):
        raise gdb.GdbError(f"{text} is no place: write FUNC, FUNC+OFFSET or an address such as 0xffffffff80105ad0.")
    found = gdb.lookup_global_symbol(parts[1], gdb.SYMBOL_VAR_DOMAIN) or gdb.lookup_static_symbol(parts[1])
    if found and found.symtab and found.type.code == gdb.TYPE_CODE_FUNC:
        return address(found.value().address) + offset
    programs = list(of_objects("progs", "prog_count", parts[1]))
    if len(programs) == 1:
        return address(programs[0][1]["text"]["base"]) + offset
    raise gdb.GdbError(
        f"No function or program is called {parts[1]}. `info functions WORD` lists functions; one that was inlined "
        "everywhere has no code."
    )


def linked_table(name, row):
    """The rows of a table that the linker has collected; they can be read before the kernel has read them."""
    start = address_of(name + "_start")
    return struct.iter_unpack(row, read(start, address_of(name + "_end") - start))


def compiled_sites():
    """The addresses of the sites in the kernel's text, as in its table of them."""
    return sorted(addr for (addr,) in linked_table("mcount", "<Q"))


def site_address(text):
    """function_address, if a site is there."""
    addr = function_address(text)
    block = text_block(addr)
    if addr not in compiled_sites() and not (block and address(block["base"]) == addr):
        raise gdb.GdbError(f"{text} has no site: there are no five bytes at {addr:#x} that the kernel would change.")
    return addr


def poke_address(text):
    """site_address, or any place behind it, where probes are."""
    return function_address(text) if "+" in text else site_address(text)


def site_struct(addr):
    """The kernel's struct site, or None: for a program that is not traced, and before the kernel has its table."""
    known = compiled_sites()
    if addr in known:
        return static("site.c", "sites")[known.index(addr)] if int(static("site.c", "count")) else None
    sites = (s["site"] for s in in_list(static("prog_site.c", "prog_sites"), "struct prog_site", "list"))
    return next((s for s in sites if address(s["addr"]) == addr), None)


def changes(batch, count):
    """{address: (old bytes, new bytes)} of an array of struct poke."""
    size = gdb.lookup_type("struct poke").sizeof
    data = read(address(batch), size * int(count)) if int(batch) else b""
    found = {}
    for at in range(0, len(data), size):
        (addr,) = struct.unpack_from("<Q", data, at)
        found[addr] = data[at + 8 : at + 13], data[at + 13 : at + 18]
    return found


def changes_in_progress():
    return changes(static("poke.c", "batch_in_progress"), static("poke.c", "batch_count"))


# CPUs.


def cpu_struct(number):
    return fixed("&cpus").dereference()[number]


def cpus():
    """(number, GDB's thread, what the CPU runs) of each CPU."""
    for thread in sorted(gdb.selected_inferior().threads(), key=lambda t: t.num):
        task = cpu_struct(thread.num - 1)["current_task"]
        yield thread.num - 1, thread, task["comm"].string() if int(task) else "?"


def calls(thread, depth):
    """(name, address) of the innermost instructions on a CPU's stack: where it is, and where it returns to."""
    was, found = gdb.selected_thread(), []
    try:
        thread.switch()
        frame = gdb.newest_frame()
        while frame and len(found) < depth and frame.pc() > 4095:  # below: where GDB lost its way
            pc = address(frame.pc())
            found.append((frame.name() or symbol(pc), pc))
            frame = frame.older()
    except gdb.error:
        pass
    finally:
        was.switch()
    return found or [("?", 0)]


def calls_text(found, width):
    """The innermost three, a program by its own name, as far as they fit."""
    names = [re.sub("^bpf_prog_[0-9a-f]{16}_", "", name) for name, _ in found[:3]]
    while len(" < ".join(names)) > width and len(names) > 1:
        names.pop()
    return " < ".join(names)
