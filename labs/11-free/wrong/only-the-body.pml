/* SPDX-License-Identifier: MIT */
/* replaces: visit_stack */
/* fails: the model holds */
/* with: errors|executes|freed */
inline visit_stack(v)
{
	if
	:: returns_to_image(v) ->
		if
		:: in_hook(v) -> skip
		:: else -> body_seen[which[v]] = true
		fi;
		printf("task 0: step 4: finds that task %d will return to image %d\n", v, which[v])
	:: else -> printf("task 0: step 4: finds on the stack of task %d no image\n", v)
	fi
}
