	STEP(COUNT_RUN, "count a run of %s")                /* whether statistics are on or not */ \
	STEP(CALL_HOOK, "call %s")                          /* with the context */ \
