# SPDX-License-Identifier: MIT
# Values by their BTF, as kernel/lib/btf_print.c prints them: what a map of a program holds.
import struct

INT, PTR, ARRAY, STRUCT, UNION, ENUM, DATASEC = 1, 2, 3, 4, 5, 6, 15  # enum btf_kind
OTHER_NAMES = 8, 9, 10, 11, 18  # TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG
SIGNED, BOOL = 1, 4  # the encoding of an INT


class Btf:
    """A struct btf of the kernel."""

    def __init__(self, btf):
        self.types = read(address(btf["types"]), int(btf["types_len"]))
        self.strings = read(address(btf["strings"]), int(btf["strings_len"]))
        count = int(btf["count"]) + 1
        self.offsets = struct.unpack(f"<{count}I", read(address(btf["offsets"]), 4 * count))

    def name(self, offset):
        return self.strings[offset : self.strings.index(b"\0", offset)].decode()

    def words(self, at, count):
        return struct.unpack_from(f"<{count}I", self.types, at)

    def of(self, number):
        """(name, kind, vlen, kind_flag, size or type, where its details lie) behind typedefs and const."""
        kind, size = OTHER_NAMES[0], number
        while kind in OTHER_NAMES:
            at = self.offsets[size]
            name, info, size = self.words(at, 3)
            kind = info >> 24 & 31
        return name, kind, info & 0xFFFF, info >> 31, size, at + 12

    def size(self, number):
        _, kind, _, _, size, at = self.of(number)
        if kind == ARRAY:
            element, _, count = self.words(at, 3)
            return count * self.size(element)
        return 8 if kind == PTR else size

    def scalar(self, number, data, first, bits):
        _, kind, vlen, flag, _, at = self.of(number)
        value = int.from_bytes(data, "little") >> first & (1 << bits) - 1
        encoding = self.words(at, 1)[0] >> 24 if kind == INT else 0
        if encoding & SIGNED or kind == ENUM and flag:
            value -= (value >> bits - 1) << bits
        if kind == ENUM:
            names = dict(self.words(at + 8 * i, 2)[::-1] for i in range(vlen))
            return self.name(names[value % 2**32]) if value % 2**32 in names else str(value)
        if encoding & BOOL:
            return "true" if value else "false"
        return str(value) if kind == INT else f"{value:#x}"

    def members(self, number, data):
        """The text of each member of a struct, or variable of a section."""
        _, kind, vlen, flag, _, at = self.of(number)
        for i in range(vlen):
            name, member, place = self.words(at + 12 * i, 3)
            if kind == DATASEC:
                place = 8 * member  # which vm/load/vars.c has found
                name, _, member = self.words(self.offsets[name], 3)
            bits, place = (place >> 24, place & 0xFFFFFF) if flag else (0, place)
            text = self.scalar(member, data, place, bits) if bits else self.value(member, data[place // 8 :])
            yield f".{self.name(name)} = {text}" if name else text

    def value(self, number, data):
        _, kind, _, _, _, at = self.of(number)
        if kind in (STRUCT, UNION, DATASEC):
            return "{ " + ", ".join(self.members(number, data)) + " }"
        size = self.size(number)
        if kind != ARRAY:
            return self.scalar(number, data[:size], 0, 8 * size)
        element, _, count = self.words(at, 3)
        text = data[:size].split(b"\0")[0].decode(errors="replace")
        if self.name(self.of(element)[0]) == "char" and text.isprintable():
            return f'"{text}"'
        step = self.size(element)
        return "[" + ",".join(self.value(element, data[i * step :]) for i in range(count)) + "]"
