/* SPDX-License-Identifier: MIT */
/* What lies at a place of a kernel object, by its BTF type. Pure.
 *
 *   - A field that is an address is read whole, and so is a bit field. Of other fields any bytes may be read.
 *   - Bytes that belong to no field cannot be read. Behind a struct, only an array without a length whose items are structs
 *     can be.
 *   - Of the fields of a union that fit, the first that is an address counts. */
#pragma once
#include "kernel/lib/btf.h"

struct field {
	u32 type;         /* of the field; 0 if only a part of it is read */
	const char *name; /* "" if that is not known */
	bool is_one_of;   /* of a union in which an address of another type lies there, too */
};

/* Finds the field of struct or union id from which size bytes at off are read. Returns false if there is none. */
bool field_at(const struct btf *b, u32 id, u64 off, u32 size, struct field *f);

/* Whether at byte off of type id lies a struct or union that is called like wanted. */
bool field_is(const struct btf *b, u32 id, u64 off, u32 wanted);
