/* SPDX-License-Identifier: MIT */
inline visit_stack(v)
{
	if
	:: in_hook(v) ->
		seen[which[v]] = true;
		printf("task 0: step 4: finds that task %d will return to image %d\n", v, which[v])
	:: else -> printf("task 0: step 4: finds on the stack of task %d no image that it needs\n", v)
	fi
}
