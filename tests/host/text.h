/* SPDX-License-Identifier: MIT */
/* The start of text memory and fault handling on the host; the rest is kernel/mem/text.h. */
#pragma once
void host_text_init(void);
