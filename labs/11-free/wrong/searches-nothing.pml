/* SPDX-License-Identifier: MIT */
/* replaces: visit_stack */
/* fails: the model proves something */
inline visit_stack(v)
{
	seen[0] = true;
	seen[1] = true
}
