# SPDX-License-Identifier: MIT
# fivebyte-audit: compares the kernel's text in the machine with the ELF file, byte by byte, without the
# kernel's own audit. Symbols explain what may differ: a site or a tracepoint's branch that holds a call or a
# jump, and a change in progress.
import struct

import gdb


def elf_section(path, name):
    """Address and bytes of a section of a 64-bit little-endian ELF file."""
    with open(path, "rb") as f:
        data = f.read()
    (offset,) = struct.unpack_from("<Q", data, 40)
    size, count, names = struct.unpack_from("<HHH", data, 58)
    headers = [struct.unpack_from("<IIQQQQ", data, offset + i * size) for i in range(count)]
    strings = headers[names][4]
    for at, _, _, addr, place, length in headers:
        if data[strings + at : data.index(b"\0", strings + at)] == name.encode():
            return addr, data[place : place + length]
    raise gdb.GdbError(f"{path} has no section {name}")


def sites():
    """The addresses of all five bytes that the kernel changes on purpose."""
    table, count = gdb.parse_and_eval("'site.c'::sites"), int(gdb.parse_and_eval("'site.c'::count"))
    found = {int(table[i]["addr"]) for i in range(count)}
    start = int(gdb.parse_and_eval("(unsigned long)&tracepoint_branches_start"))
    end = int(gdb.parse_and_eval("(unsigned long)&tracepoint_branches_end"))
    branch = gdb.lookup_type("struct tracepoint_branch")
    for at in range(start, end, branch.sizeof):
        found.add(int(gdb.Value(at).cast(branch.pointer())["addr"]))
    return found


def batch():
    """The addresses that a change in progress changes."""
    poke, count = gdb.parse_and_eval("'poke.c'::batch_in_progress"), int(gdb.parse_and_eval("'poke.c'::batch_count"))
    return {int(poke[i]["addr"]) for i in range(count)} if int(poke) else set()


def explain(addr, found, places, changing):
    """Returns why the machine holds these bytes, as a phrase and the number of bytes that it explains, or None."""
    if addr in changing:
        return "a change is in progress", SITE_LEN
    if found[0] in (CALL, JMP) and len(found) == SITE_LEN:
        target = addr + SITE_LEN + struct.unpack("<i", found[1:])[0]
        where = text_name(target & (2**64 - 1))
        if where or addr in places:
            return ("call " if found[0] == CALL else "jmp ") + target_name(target & (2**64 - 1)), SITE_LEN
    return None


class Audit(Command):
    """Compare the text in the machine with the ELF file, and explain it.
Usage: fivebyte-audit"""

    def run(self):
        base, wanted = elf_section(gdb.objfiles()[0].filename, ".text")
        found = bytes(gdb.selected_inferior().read_memory(base, len(wanted)))
        places, changing = sites(), batch()
        at = explained = unexplained = 0
        while at < len(wanted):
            if wanted[at] == found[at]:
                at += 1
                continue
            # The first byte of a place may be the same in both.
            begin = next((at - i for i in range(SITE_LEN) if base + at - i in places), at)
            why = explain(base + begin, found[begin : begin + SITE_LEN], places, changing)
            if why:
                explained += 1
                print(f"{base + begin:x} {symbol(base + begin)}: {why[0]}")
                at = begin + why[1]
                continue
            unexplained += 1
            print(f"{base + at:x} {symbol(base + at)}: expected {wanted[at]:02x} but found {found[at]:02x}")
            at += 1
        print(f"fivebyte-audit: {len(wanted)} bytes of text, {explained} explained, {unexplained} not")


Audit("fivebyte-audit")
