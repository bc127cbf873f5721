/* SPDX-License-Identifier: MIT */
/* For tests that change live code: afterwards the auditor must find nothing. */
#pragma once

void check_audit_clean(void);
