/* SPDX-License-Identifier: MIT */
/* The poke protocol of tramp/text/poke.c as a model that spin checks in every interleaving
 * (tests/models/run).
 *
 * One site of five bytes. CPU 0 pokes it for ever, from any instruction to any other (change_all, steps 1
 * to 7 with the numbers of tramp/text/poke.c); CPUs 1 and 2 execute the site all the time, and so does CPU 0
 * whenever an interrupt stops its poke. All of them also meet foreign int3s, which go
 * through the same handler (poke_trap).
 *
 * Two machines can be chosen:
 *  - The one that Intel's SDM vol. 3 describes (8.1.3, Handling Self- and Cross-Modifying Code). A CPU
 *    fetches byte by byte. Of each byte it may see any value that the byte has had since the CPU last
 *    serialised: view[] is that set. That is weaker than any real CPU, and all that the manual promises.
 *    An interrupt between two bytes throws away what was fetched, not what was prefetched.
 *  - With -DTRANSLATES, QEMU 7.2. A CPU reads the memory as it is, but into a translation, which all CPUs
 *    then run until a CPU writes to these bytes. A translation that is being made during a write is kept.
 *    Interrupts come between translations only.
 *
 * Properties: whatever a CPU executes at the site is a whole instruction, and one that may be there now; the
 * handler emulates the new one, tells foreign int3s from those of a change, and never looks into a batch that
 * was withdrawn; when the change is over no CPU traps any more. Only the last needs the sync of step 5: the
 * handler sends back a CPU that traps later, as long as the site's memory is still a site's.
 *
 * -DLEAVE_OUT=N leaves one part of the protocol out; `kept` shows where. poke-without-*.txt tells what
 * happens then, as spin found it. What the model leaves to others: that a sync interrupts every CPU
 * (kernel/cpu/ipi.c), what emulation does to registers and stack (tests/tramp/test_poke_state.c), NMIs. Stores
 * are seen in program order, as on x86, and at once: the withdrawal and the handlers' counter are locked or
 * sequentially consistent in the code. */

#ifndef LEAVE_OUT
#define LEAVE_OUT 0
#endif
#define kept(part) (LEAVE_OUT != part)

/* The parts: step * 10 + which of its parts; 8x are the handler's. */
#define COMPARE 10
#define PUBLISH 20
#define SORT 21
#define WRITE_INT3 30
#define SYNC_3 31
#define WRITE_TAIL 40
#define SYNC_4 41
#define WRITE_FIRST 50
#define SYNC_5 51
#define WRITE_AGAIN 60
#define WITHDRAW 70
#define WAIT 71
#define HANDLER_COUNTS_FIRST 80
#define LATE_RETRY 81
#define SECOND_LOOK 82

#ifdef TRANSLATES
#define TRANSLATING true
#else
#define TRANSLATING false
#endif

/* One that pokes and two others; one other is enough for what breaks without a part. */
#ifndef CPUS
#define CPUS 3
#endif
#define SITE_LEN 5

/* What a byte is part of, and what five of them make. No two instructions share a byte. */
mtype = { nop, call_a, call_b, int3, mixture, none };
#define bit(x) (1 << (x))

/* What the properties say when they do not hold: the line ends the counter-example. */
#define require(cond, sentence) if :: (cond) :: else -> printf(sentence); assert(false) fi

/* The machine. */
mtype mem[SITE_LEN] = nop;
byte view[CPUS * SITE_LEN]; /* [cpu * SITE_LEN + byte]: a set of bit(), see above */
mtype translation = none;
byte waits = 0;            /* smp_sync_cores: one bit for each CPU that has yet to answer */
bool interrupted = false;  /* CPU 0 is taken away from the poke */

/* tramp/text/poke.c's */
bool batch_in_progress = false;
bool sorted = true; /* a batch is this site and another one; the search misses this one unless sorted */
mtype old = nop, new = nop;
byte handlers = 0;

/* Only for the properties. */
byte legal = 0;                     /* a set: what may be executed now */
bool traps_are_over = true;         /* steps 5 and 6 promise so */
mtype:pointer = { nothing, live, withdrawn };
bool batch_is_ours = false;         /* its memory; the caller's own before and after the poke */
mtype:pointer looks[CPUS] = nothing; /* into which batch each CPU's handler does */

inline see(c)
{
	for (i : 0 .. SITE_LEN - 1) {
		view[(c) * SITE_LEN + i] = bit(mem[i])
	}
	i = 0
}

/* text_write of one byte. */
inline write(at, value)
{
	mem[at] = value;
	if
	:: TRANSLATING -> translation = none
	:: else ->
		for (k : 0 .. CPUS - 1) {
			view[k * SITE_LEN + at] = view[k * SITE_LEN + at] | bit(value)
		}
		k = 0
	fi
}

/* emulate_change: counts itself, reads the pointer, then what it points to, and does that. */
inline emulate_change()
{
	if
	:: kept(HANDLER_COUNTS_FIRST) -> handlers++
	:: else
	fi;
	atomic {
		if
		:: batch_in_progress ->
			looks[c] = (batch_is_ours -> live : withdrawn);
			printf("CPU %d:   handler: there is a batch\n", c)
		:: else -> printf("CPU %d:   handler: there is no batch\n", c)
		fi
	}
	if
	:: kept(HANDLER_COUNTS_FIRST)
	:: else -> handlers++
	fi;
	atomic {
		require(looks[c] != withdrawn,
			"BROKEN: a handler looks into a batch that was withdrawn\n");
		if
		:: looks[c] == live && !foreign && sorted -> found = new
		:: looks[c] == live && (foreign || !sorted) ->
			printf("CPU %d:   handler: does not find the address in it\n", c)
		:: looks[c] == nothing
		fi;
		looks[c] = nothing;
		if
		:: found != none ->
			printf("CPU %d:   handler: emulates %e\n", c, found);
			require(legal & bit(found),
				"BROKEN: the handler emulates what the site must not be now\n")
		:: else
		fi;
		handlers--
	}
}

inline execute(what)
{
	printf("CPU %d: executes %e\n", c, what);
	require(what != mixture, "BROKEN: a CPU executes a mixture of two instructions\n");
	require(legal & bit(what), "BROKEN: a CPU executes what the site must not be now\n")
}

/* What the next byte adds to those fetched before. */
inline fetch(value)
{
	printf("CPU %d: fetches byte %d: %e\n", c, at, value);
	got = (at == 0 || got == value -> value : mixture);
	at++
}

inline start_over()
{
	at = 0;
	got = none
}

/* Of a change, by being at the site. */
inline meet_int3()
{
	printf("CPU %d: meets the int3\n", c);
	require(!traps_are_over, "BROKEN: a CPU traps after the change\n");
	goto trap
}

/* Behind the site. */
inline go_on()
{
	if
	:: c == 0 -> interrupted = false; printf("CPU 0: goes on with its poke\n"); goto comes_by
	:: else -> goto again
	fi
}

#define can_see(what) (!TRANSLATING && view[c * SITE_LEN + at] & bit(what))
#define complete (got == int3 || at == SITE_LEN)

proctype cpu(byte c)
{
	byte at = 0; /* so many bytes are fetched */
	byte i = 0;
	mtype got = none, found = none;
	bool foreign = false;

comes_by:
	atomic {
		if
		:: c != 0
		:: c == 0 && !interrupted -> interrupted = true; printf("CPU 0: is interrupted in its poke\n")
		fi
	}
again:
	do
	/* The manual's machine: fetches the next byte, as it may be seen; runs what is complete. */
	:: atomic {
		!TRANSLATING ->
		if
		:: can_see(nop) -> fetch(nop)
		:: can_see(call_a) -> fetch(call_a)
		:: can_see(call_b) -> fetch(call_b)
		:: at == 0 && can_see(int3) -> fetch(int3)
		fi;
		if
		:: got == int3 -> start_over(); meet_int3()
		:: at == SITE_LEN -> execute(got); start_over(); go_on()
		:: else
		fi
	   }
	/* QEMU: translates byte by byte; keeps the translation, whatever was written meanwhile; runs it. */
	:: atomic { TRANSLATING && !complete && (at || translation == none) -> fetch(mem[at]) }
	:: atomic {
		TRANSLATING && complete ->
		printf("CPU %d: keeps the translation: %e\n", c, got);
		translation = got;
		start_over()
	   }
	:: atomic {
		TRANSLATING && at == 0 && translation != none ->
		if
		:: translation == int3 -> meet_int3()
		:: else -> execute(translation); go_on()
		fi
	   }
	/* smp.c's sync_interrupt. */
	:: atomic {
		waits & bit(c) && (!TRANSLATING || at == 0) ->
		printf("CPU %d: answers the sync\n", c);
		waits = waits & ~bit(c);
		start_over();
		see(c)
	   }
	/* Any other interrupt: its handler executes the site as well. */
	:: atomic { !TRANSLATING && at > 0 -> printf("CPU %d: is interrupted\n", c); start_over() }
	/* A foreign int3, elsewhere. */
	:: atomic {
		at == 0 ->
		printf("CPU %d: meets a foreign int3\n", c);
		foreign = true;
		goto trap
	   }
	od;

trap: /* From here to the end interrupts are off, so no sync is answered. */
	/* poke_trap (which looks twice for a foreign int3 that it finds no owner of: as if met twice) */
	emulate_change();
	if
	:: found != none
	:: atomic {
		found == none && foreign ->
		printf("CPU %d:   handler: leaves the int3 to its owner\n", c)
	   }
	:: atomic {
		found == none && !foreign && mem[0] != int3 && kept(LATE_RETRY) ->
		printf("CPU %d:   handler: comes late, the int3 is gone: back to the site\n", c);
		goto again
	   }
	:: found == none && !foreign && (mem[0] == int3 || !kept(LATE_RETRY)) ->
		if
		:: kept(SECOND_LOOK) -> emulate_change()
		:: else
		fi;
		require(found != none, "BROKEN: an int3 of a change is taken for a foreign one\n")
	fi;
	atomic {
		found = none;
		foreign = false;
		go_on()
	}
}

/* What step 3 promises, as long as it is whole; else let us see what it is good for. (QEMU may have kept a
 * translation of the old instruction until step 4.) */
#define claims_no_old (!TRANSLATING && kept(WRITE_INT3) && kept(SYNC_3))

/* One step of the poke: not while an interrupt has its CPU. */
#define poker atomic { !interrupted ->

/* smp_sync_cores */
inline sync(step)
{
	poker waits = bit(CPUS) - bit(1); see(0); printf("CPU 0: step %d: syncs\n", step) }
	poker waits == 0 -> printf("CPU 0: step %d: all have answered\n", step) }
}

proctype poke()
{
	byte i = 0, k = 0;

	do
	:: /* A caller wants the site to be another instruction, and may be wrong about what it is now. */
	poker
		if
		:: old = nop
		:: old = call_a
		:: old = call_b
		fi;
		if
		:: old != nop -> new = nop
		:: old != call_a -> new = call_a
		:: old != call_b -> new = call_b
		fi;
		printf("CPU 0: is to change %e to %e; the site holds %e\n", old, new, mem[0]);
		if
		:: mem[0] != old && kept(COMPARE) -> printf("CPU 0: step 1: refuses\n"); goto next
		:: mem[0] != old && !kept(COMPARE)
		:: else -> legal = bit(old) | bit(new); printf("CPU 0: step 1: the old bytes are there\n")
		fi;
		if
		:: sorted = true
		:: sorted = kept(SORT)
		fi
	}
	poker
		if
		:: kept(PUBLISH) -> batch_in_progress = true; batch_is_ours = true;
			if
			:: sorted -> printf("CPU 0: step 2: publishes the batch\n")
			:: else -> printf("CPU 0: step 2: publishes the batch, which is not sorted\n")
			fi
		:: else
		fi
	}
	poker
		traps_are_over = false;
		if
		:: kept(WRITE_INT3) -> write(0, int3); printf("CPU 0: step 3: writes int3\n")
		:: else
		fi
	}
	if :: kept(SYNC_3) -> sync(3) :: else fi;
	poker
		if
		:: claims_no_old && legal & bit(new) -> legal = bit(new)
		:: else
		fi;
		i = 1
	}
	do
	:: i < SITE_LEN ->
		poker
			if
			:: kept(WRITE_TAIL) ->
				write(i, new); printf("CPU 0: step 4: writes byte %d of %e\n", i, new)
			:: else
			fi;
			i++
		}
	:: i == SITE_LEN -> i = 0; break
	od;
	if :: kept(SYNC_4) -> sync(4) :: else fi;
	poker
		if
		:: legal & bit(new) -> legal = bit(new)
		:: else
		fi;
		if
		:: kept(WRITE_FIRST) -> write(0, new); printf("CPU 0: step 5: writes byte 0 of %e\n", new)
		:: else
		fi
	}
	if :: kept(SYNC_5) -> sync(5) :: else fi;
	poker traps_are_over = !TRANSLATING }
	poker
		if
		:: kept(WRITE_AGAIN) ->
			write(0, new); printf("CPU 0: step 6: writes byte 0 of %e again\n", new)
		:: else
		fi;
		traps_are_over = true
	}
	poker
		if
		:: kept(WITHDRAW) -> batch_in_progress = false; printf("CPU 0: step 7: withdraws the batch\n")
		:: else
		fi
	}
	poker
		if
		:: handlers == 0 || !kept(WAIT)
		fi;
		printf("CPU 0: step 7 is over: the batch is its caller's again\n");
		for (i : 0 .. CPUS - 1) {
			if
			:: looks[i] == live -> looks[i] = withdrawn
			:: else
			fi
		}
		i = 0;
		batch_is_ours = false
	}
next:
	poker old = nop; new = nop; sorted = true }
	od
}

init {
	byte i = 0, c = 0;
	atomic {
		legal = bit(nop);
		run poke();
		for (c : 0 .. CPUS - 1) {
			see(c);
			run cpu(c)
		}
	}
}
