# SPDX-License-Identifier: MIT
# How `print` shows what the kernel is about: a summary, then the fields; of a pointer the summary only.
import gdb
import gdb.types


def about_task(t):
    return f"{t['comm'].string()}:{int(t['pid'])}, {task_state(t)}"


def about_skb(skb):
    protocol = int.from_bytes(int(skb["protocol"]).to_bytes(2, "little"), "big")
    kind = {0x800: "IPv4", 0x806: "ARP", 0x86DD: "IPv6"}.get(protocol, f"protocol {protocol:#x}")
    return f"{kind}, {int(skb['len'])} bytes, {int(skb['users']['refs']['counter'])} users"


def about_map(m):
    return f"{text_of(m['name'])}, {text_of(m['ops']['name'])} of {int(m['max_entries'])} entries"


def about_prog(p):
    return f"{text_of(p['name'])}, {prog_kind(p)}, {int(p['insn_count'])} instructions"


def about_link(link):
    return f"{text_of(link['prog']['name'])} at {link_place(link)}"


ABOUT = {"task_struct": about_task, "sk_buff": about_skb, "map": about_map, "prog": about_prog, "link": about_link}


class Summary:
    """Of a pointer."""

    def __init__(self, value, about):
        self.value, self.about = value, about

    def of(self, value):
        try:
            return f"<{self.about(value)}>"
        except gdb.error:  # the pointer leads nowhere, or what it leads to is half made
            return "<?>"

    def to_string(self):
        return f"{address(self.value):#x} {self.of(self.value.dereference())}"


class Fields(Summary):
    """Of a struct: the summary, then all its fields."""

    def to_string(self):
        return self.of(self.value)

    def children(self):
        for name, _ in gdb.types.deep_items(self.value.type.strip_typedefs()):
            yield name, self.value[name]


def find_printer(value):
    kind = value.type.strip_typedefs()
    pointer = kind.code == gdb.TYPE_CODE_PTR
    tag = (kind.target().strip_typedefs() if pointer else kind).tag
    if value.is_optimized_out or tag not in ABOUT or pointer and not int(value):
        return None
    return (Summary if pointer else Fields)(value, ABOUT[tag])


gdb.pretty_printers.append(find_printer)
