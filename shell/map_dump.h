/* SPDX-License-Identifier: MIT */
/* What a map holds, for people and as a table. */
#pragma once
#include "kernel/lib/fmt.h"

/* Prints the elements of a map, sorted by key: "key: value", each by its type if BTF tells it, otherwise as
 * bytes.
 *
 *  - Elements of an array that are 0 are only counted.
 *  - An array of numbers whose name ends in log2 is printed as a histogram (histogram.h).
 *  - Keys of 2 bytes in a map with proto in its name get the name of the Ethernet protocol, those of 1 byte
 *    that of the IP protocol.
 *  - With -j it is a table: key, value, for such keys name, and for per-CPU maps a row for each CPU.
 *  - A program may change the map meanwhile: elements that come or go may be missed.
 *
 * ENOENT: no map has this name, and what else find_map refuses. ENOMEM: no memory for the keys. EINTR: Ctrl-C
 * stopped it. */
enum err map_dump(const char *name, struct strbuf *log);
