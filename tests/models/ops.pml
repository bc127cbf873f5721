/* SPDX-License-Identifier: MIT */
/* The life of an ops (tramp/ftrace/list.h) as a model that spin checks in every interleaving
 * (tests/models/run).
 *
 * One traced function, two ops. CPUs call the function all the time. The manager registers an ops, with a filter
 * that wants the function or only others, changes filters, and unregisters ops, which are freed at once: then
 * another ops lies in the same memory. The function leads to the own caller of the one ops that wants it, or to
 * a common caller, which walks the list of all.
 *
 * How an ops comes and goes, with the numbers of tramp/ftrace/list.h:
 *   1. The functions of its filter lead to its own caller; those that another ops has, to a common one.
 *   2. It becomes the last of the list: first the end is behind it, then it is behind another.
 *   3. Its functions lead elsewhere, so that no CPU enters its own caller any more.
 *   4. It is taken out of the list, but goes on pointing at what is behind it.
 *   5. No CPU and no task is in its own caller any more (image.pml proves how that is known).
 *   6. Every CPU has had preemption on since step 4: so no walker stands on it.
 *   7. Only now its filter is freed, and it may be freed, or listed again.
 *   8. A changed filter is another one; the old one is freed when every CPU has had preemption on since.
 *
 * A tick, or a switch of tasks, says that its CPU has preemption on. In an own caller it is on until the
 * callback is called; on the list it is off from beginning to end.
 *
 * Properties: no CPU touches a freed ops, filter or own caller; a call tells each ops that was registered all
 * the time and wants the function, and tells none twice.
 *
 * -DLEAVE_OUT=N leaves one part out; `kept` shows where. ops-without-*.txt tells what happens then. */

#ifndef LEAVE_OUT
#define LEAVE_OUT 0
#endif
#define kept(part) (LEAVE_OUT != part)

/* The parts: step * 10 + which of its parts. */
#define SITES_JOIN 10
#define END_FIRST 20
#define SITES_LEAVE 30
#define UNLIST 40
#define GOES_ON 41
#define OWN_EMPTY 50
#define GRACE 60
#define WALKED 61
#define PREEMPTION 62
#define SINCE 63
#define ALL_CPUS 64
#define FILTER_LAST 70
#define AGAIN_LAST 71
#define OLD_FILTER 80

#ifndef CPUS
#define CPUS 2
#endif
#ifndef OPS
#define OPS 2
#endif
#define NONE OPS
#define FILTERS (2 * OPS)
#define NO_FILTER FILTERS

#define require(cond, sentence) if :: (cond) :: else -> printf(sentence); assert(false) fi
#define bit(i) (1 << (i))
#define EVERY_CPU (bit(CPUS) - 1)

/* Where the function leads: to the own caller of an ops, or */
#define COMMON OPS
#define NOWHERE (OPS + 1)
byte leads = NOWHERE;

/* The ops. */
byte first = NONE, next[OPS] = NONE;
byte filter[OPS] = NO_FILTER;
bool wants[FILTERS], filter_used[FILTERS];
bool has_own[OPS]; /* its own caller */
byte registered = 0, joined = 0; /* bits: those that are registered; those that have the function */
byte told = 0;                   /* bits: those that every call must tell */

/* The CPUs. */
mtype:place = {
	outside,
	in_own,     /* an own caller, with preemption on, or the callback */
	in_common,  /* a common caller, before it reads where the list begins */
	on_ops,
	has_filter, /* has read where the filter is */
	behind      /* in the callback, or back from it */
};
mtype:place place[CPUS] = outside;
byte at[CPUS] = NONE, asks[CPUS] = NO_FILTER;
bool waits = false; /* the manager, or rcu_preempt */
byte passed = 0;    /* bits: CPUs that have had preemption on since the wait began */

/* Only for the properties. */
bool lost[CPUS], lost_filter[CPUS]; /* the ops, resp. the filter, at which it is was freed */
byte must_tell[CPUS], has_told[CPUS];
byte called = 0; /* bits: ops whom the common caller calls; only to leave out WALKED */

#define step(from) atomic { place[c] == from ->
#define walk_step(from) step(from) \
	require(!lost[c] && registered & bit(at[c]), "BROKEN: a CPU stands on a freed ops\n");

inline tell(to)
{
	require(!(has_told[c] & bit(at[c])), "BROKEN: a call tells an ops twice\n");
	has_told[c] = has_told[c] | bit(at[c]);
	place[c] = to
}

inline end_call()
{
	place[c] = outside; at[c] = NONE;
	require((must_tell[c] & ~has_told[c]) == 0, "BROKEN: a call does not tell an ops that is registered\n");
	must_tell[c] = 0; has_told[c] = 0
}

inline arrive()
{
	if
	:: at[c] == NONE -> printf("CPU %d: is at the end of the list\n", c); end_call()
	:: else -> place[c] = on_ops; printf("CPU %d: stands on ops %d\n", c, at[c])
	fi
}

proctype cpu(byte c)
{
	do
	:: atomic {
		place[c] == outside && leads != NOWHERE -> must_tell[c] = told;
		if
		:: leads == COMMON -> place[c] = in_common; printf("CPU %d: calls the common caller\n", c)
		:: else ->
			at[c] = leads; place[c] = in_own;
			printf("CPU %d: calls the own caller of ops %d\n", c, leads)
		fi
	   }
	:: step(in_own)
		require(!lost[c] && has_own[at[c]], "BROKEN: a CPU is in a freed caller\n");
		tell(in_own); printf("CPU %d: the own caller calls ops %d\n", c, at[c]); end_call()
	   }
	:: step(in_common) at[c] = first; arrive() }
	:: walk_step(on_ops)
		asks[c] = filter[at[c]]; place[c] = has_filter;
		printf("CPU %d: reads where the filter of ops %d is\n", c, at[c])
	   }
	:: step(has_filter)
		require(!lost_filter[c], "BROKEN: a CPU asks a freed filter\n");
		if
		:: asks[c] != NO_FILTER && wants[asks[c]] ->
			tell(behind); printf("CPU %d: calls ops %d\n", c, at[c])
		:: else -> place[c] = behind; printf("CPU %d: ops %d does not want it\n", c, at[c])
		fi;
		asks[c] = NO_FILTER
	   }
	:: walk_step(behind) at[c] = next[at[c]]; arrive() }
	/* A tick, or a switch of tasks. */
	:: atomic {
		(place[c] == outside || place[c] == in_own || !kept(PREEMPTION)) &&
			(waits || !kept(SINCE)) && !(passed & bit(c)) ->
		passed = passed | bit(c);
		if
		:: place[c] == outside || place[c] == in_own -> printf("CPU %d: has preemption on\n", c)
		:: else -> printf("CPU %d: is taken to have preemption on\n", c)
		fi
	   }
	od
}

#define all_have(mask) ((mask) == EVERY_CPU || (!kept(ALL_CPUS) && (mask) != 0))

inline free_filter(f)
{
	filter_used[f] = false; wants[f] = false;
	for (i : 0 .. CPUS - 1) {
		if :: asks[i] == f -> lost_filter[i] = true :: else fi
	}
	i = 0
}

#define one_of(mask) (mask == 1 -> 0 : (mask == 2 -> 1 : (mask == 4 -> 2 : COMMON)))

/* The poke: the function leads to the caller that fits the ops that have it. Where BPF has it, too, that is the
 * common one even for one. */
inline lead(n)
{
	leads = (joined == 0 -> NOWHERE : one_of(joined));
	if
	:: leads < COMMON -> leads = COMMON
	:: true
	fi;
	if :: leads == COMMON && !kept(WALKED) -> called = called | joined :: else fi;
	if
	:: leads == NOWHERE -> printf("step %d: the function leads to no caller\n", n)
	:: leads == COMMON -> printf("step %d: the function leads to the common caller\n", n)
	:: else -> printf("step %d: the function leads to the own caller of ops %d\n", n, leads)
	fi
}

/* From here on calls need not tell o. */
inline excuse(o)
{
	told = told & ~bit(o);
	for (i : 0 .. CPUS - 1) { must_tell[i] = must_tell[i] & ~bit(o) }
	i = 0
}

inline enlist(o)
{
	if
	:: kept(END_FIRST) -> next[o] = NONE; printf("step 2: the end is behind ops %d\n", o)
	:: else
	fi
	if
	:: first == NONE -> first = o
	:: else ->
		f = first;
		do
		:: next[f] != NONE -> f = next[f]
		:: else -> break
		od;
		next[f] = o; f = 0
	fi;
	printf("step 2: ops %d is the last of the list\n", o)
}

inline unlist(o)
{
	if
	:: first == o -> first = next[o]
	:: else ->
		f = first;
		do
		:: next[f] != o -> f = next[f]
		:: else -> break
		od;
		next[f] = next[o]; f = 0
	fi;
	printf("step 4: ops %d is taken out of the list\n", o);
	if :: !kept(GOES_ON) -> next[o] = NONE; printf("step 4: the end is behind it\n") :: else fi
}

inline do_register(o)
{
	atomic {
		if
		:: filter[o] == NO_FILTER ->
			f = (filter_used[2 * o] -> 2 * o + 1 : 2 * o);
			filter_used[f] = true; filter[o] = f;
			if :: wants[f] = true :: wants[f] = false fi
		:: else
		fi;
		has_own[o] = true; called = called & ~bit(o); registered = registered | bit(o); f = 0;
		if
		:: wants[filter[o]] -> printf("manager: registers ops %d\n", o)
		:: else -> printf("manager: registers ops %d for other functions\n", o)
		fi
	}
	atomic {
		if
		:: wants[filter[o]] -> joined = joined | bit(o);
			if :: kept(SITES_JOIN) -> lead(1) :: else fi
		:: else
		fi
	}
	atomic { enlist(o) }
	atomic { if :: wants[filter[o]] -> told = told | bit(o) :: else fi }
}

#define is_in_own(i, o) (place[i] == in_own && at[i] == o)

inline free_own(o)
{
	has_own[o] = false; printf("step 5: frees the own caller of ops %d\n", o);
	for (i : 0 .. CPUS - 1) {
		if :: is_in_own(i, o) -> lost[i] = true :: else fi
	}
	i = 0
}

inline wait_for_cpus(n)
{
	atomic { passed = (kept(SINCE) -> 0 : passed); waits = true; printf("step %d: waits\n", n) }
	atomic {
		all_have(passed) -> passed = (kept(SINCE) -> 0 : passed); waits = false;
		printf("step %d: every CPU has had preemption on\n", n)
	}
}

inline drop_filter(o)
{
	printf("step 7: frees the filter of ops %d\n", o); free_filter(filter[o]);
	if :: kept(FILTER_LAST) -> filter[o] = NO_FILTER :: else fi
}

/* Its owner frees it; another comes to lie in its place. */
inline free_ops(o)
{
	registered = registered & ~bit(o); printf("manager: frees ops %d\n", o);
	for (i : 0 .. CPUS - 1) {
		if :: at[i] == o -> lost[i] = true :: else fi
	}
	i = 0
}

inline do_unregister(o)
{
	atomic {
		excuse(o); printf("manager: unregisters ops %d\n", o);
		if
		:: joined & bit(o) -> joined = joined & ~bit(o);
			if :: kept(SITES_LEAVE) -> lead(3) :: else fi
		:: else
		fi
	}
	atomic { if :: kept(UNLIST) -> unlist(o) :: else fi }
	atomic { !kept(OWN_EMPTY) || !(is_in_own(0, o) || is_in_own(CPUS - 1, o)) -> free_own(o) }
	if
	:: true ->
		atomic { if :: !kept(FILTER_LAST) -> drop_filter(o) :: else fi }
		if
		:: kept(GRACE) && (kept(WALKED) || called & bit(o)) -> wait_for_cpus(6)
		:: else
		fi;
		atomic {
			if :: kept(FILTER_LAST) -> drop_filter(o) :: else -> filter[o] = NO_FILTER fi;
			free_ops(o)
		}
	:: !kept(AGAIN_LAST) -> /* it keeps its filter */
		do_register(o)
	fi
}

/* Another filter for a registered ops, with the function or without it. */
inline change_filter(o)
{
	atomic {
		f = filter[o] ^ 1; filter_used[f] = true; wants[f] = !wants[filter[o]];
		printf("manager: changes the filter of ops %d\n", o)
	}
	atomic {
		if
		:: wants[f] -> joined = joined | bit(o);
			if :: kept(SITES_JOIN) -> lead(1) :: else fi
		:: else -> joined = joined & ~bit(o); excuse(o);
			if :: kept(SITES_LEAVE) -> lead(3) :: else fi
		fi
	}
	atomic {
		f = filter[o]; filter[o] = f ^ 1; printf("step 8: ops %d has another filter\n", o);
		if :: wants[filter[o]] -> told = told | bit(o) :: else fi
	}
	if
	:: kept(OLD_FILTER) -> wait_for_cpus(8)
	:: else
	fi;
	atomic { free_filter(f); f = 0; printf("step 8: frees the old filter of ops %d\n", o) }
}

proctype manager()
{
	byte o = 0, f = 0, i = 0;
	do
	:: atomic { select(o : 0 .. OPS - 1) }
		if
		:: !(registered & bit(o)) -> do_register(o)
		:: registered & bit(o) -> do_unregister(o)
		:: registered & bit(o) -> change_filter(o)
		fi;
		o = 0
	od
}

init {
	byte i = 0;
	atomic {
		run manager();
		for (i : 0 .. CPUS - 1) {
			run cpu(i)
		}
	}
}
