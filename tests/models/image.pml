/* SPDX-License-Identifier: MIT */
/* The rule for freeing images (tramp/image.h) as a model that spin checks in every interleaving
 * (tests/models/run).
 *
 * One traced function, memory for two images, one program. Tasks 1 and 2 call the function all the time;
 * whether one runs, was preempted anywhere, or sleeps in the original matters to the scan only, and
 * is chosen there: a task that does not run takes no step. Task 0 calls it too, and
 * attaches and detaches: outside, or inside the original, so that an image which it retires may be on its
 * own stack. An image either returns into the function (entered by call, fentry only) or calls the
 * original itself (entered by jmp). While ftrace has the site, the site calls ftrace's caller, which
 * reads site->direct and later goes there, as if called: images of such a tramp are all made to be
 * entered by call.
 *
 * How an image goes, with the numbers of tramp/image.h:
 *   1. No task can enter it any more: the site is poked away from it (poke.pml proves that this holds when
 *      the poke has ended), and site->direct leads elsewhere.
 *   2. Its gate is closed: the nop behind the call of the original becomes a jump past the exit hooks.
 *   3. All other CPUs are held.
 *   4. Every way back is looked up: the instruction where a CPU was interrupted to be held, the one where
 *      a task was preempted, and the return addresses on all stacks, the scanning task's own among them;
 *      of an interrupted function that has no frame yet, in every word up to the first frame
 *      (kernel/cpu/x86_64/stack.c).
 *   5. An image to which site->direct ever led also waits until no task is in ftrace's caller. So such an
 *      image must be known: site->direct never leads to one of a tramp that does not share its site. (A
 *      task may be in the caller since before ftrace left the site, and still read site->direct as it is
 *      now.)
 *   6. An image to which no task goes back is freed. What it calls is held until then (image_hold), or until
 *      all tasks that go back to it come from the original, and so to the closed gate.
 *
 * Properties: no task executes freed memory (which is int3, or other code, or the next image) or a freed
 * program; no task enters an image in another way than it was made for; a task that comes back from the
 * original after the image was retired runs no exit hook.
 *
 * -DLEAVE_OUT=N leaves one part out; `kept` shows where. image-without-*.txt tells what happens then. */

#ifndef LEAVE_OUT
#define LEAVE_OUT 0
#endif
#define kept(part) (LEAVE_OUT != part)

/* The parts: step * 10 + which of its parts. */
#define UNREACHABLE 10
#define GATE 20
#define HOLD 30
#define RUNNING_IPS 40
#define PREEMPTED_IPS 41
#define RETURNS 42
#define UNFRAMED 43
#define OWN_STACK 44
#define IN_CALLER 50
#define DIRECT_KNOWN 51
#define UNSEEN 60
#define HOOKS_HELD 61
#define HOOKS_UNSEEN 62

#ifndef TASKS
#define TASKS 3
#endif
#define SLOTS 2
#define NONE SLOTS

#define require(cond, sentence) if :: (cond) :: else -> printf(sentence); assert(false) fi

/* Where a task is, that is, its instruction pointer; or, in a hook or the original, whom it called last. */
mtype:place = {
	outside,
	in_caller,  /* ftrace's, before it reads site->direct */
	has_direct, /* ... and after */
	head,       /* the image, to its first hook */
	entry_hook,
	middle,     /* the image, to the call of the original or the return into it */
	original_begin, /* no frame yet: the return address lies where only a search finds it */
	original,
	behind,     /* the image, at the gate */
	exit_hook,
	tail        /* the image, to its return */
};
mtype:place place[TASKS] = outside;
byte which[TASKS] = NONE; /* the image it is in, or goes back to, or has read */

/* The memory of images. */
mtype:memory = { unused, current, retired };
mtype:memory memory[SLOTS] = unused;
bool calls_original[SLOTS], gate_closed[SLOTS], via_ftrace[SLOTS];
bool holds[SLOTS]; /* the program */
bool seen[SLOTS], body_seen[SLOTS];

byte image = NONE;   /* of the tramp, to which the site leads unless ftrace has it */
byte direct = NONE;  /* site->direct */
bool ftrace = false; /* has the site */
bool shared = false; /* the tramp's: with ftrace, now or once */
bool loaded = false; /* the program */
bool held = false;
bool caller_seen = false;

/* Only for the properties. */
bool lost[TASKS];         /* what it is in, or goes back to, was freed */
bool program_lost[TASKS]; /* it is in a program that was freed */
bool comes_late[TASKS];   /* from the original, after the image was retired */

#define by_jmp(s) (memory[s] != unused && calls_original[s] && !via_ftrace[s])
#define in_image(t) (place[t] == head || place[t] == middle || place[t] == tail)
#define in_hook(t) (place[t] == entry_hook || place[t] == exit_hook)
#define returns_to_image(t) (in_hook(t) || place[t] == original_begin || place[t] == original)
#define in_ftrace(t) (place[t] == in_caller || place[t] == has_direct)

/* The task goes on by one stretch of code. */
#define step_if(from, cond) atomic { place[t] == from && !held && (cond) ->
#define step(from) step_if(from, true)
#define image_step(from) step(from) require(!lost[t], "BROKEN: a task executes freed memory\n");
#define hook_step(from) step(from) require(!program_lost[t], "BROKEN: a task executes a freed program\n");

inline go_on()
{
	if
	:: step_if(outside, ftrace || image != NONE)
		if
		:: ftrace ->
			place[t] = in_caller;
			printf("task %d: calls the function, which calls ftrace's caller\n", t)
		:: else ->
			which[t] = image; place[t] = head;
			printf("task %d: calls the function, whose site leads to image %d\n", t, image)
		fi
	   }
	:: step(in_caller)
		which[t] = direct; place[t] = has_direct;
		if
		:: direct == NONE -> printf("task %d: in ftrace's caller: reads direct: no image\n", t)
		:: else -> printf("task %d: in ftrace's caller: reads direct: image %d\n", t, direct)
		fi
	   }
	:: step(has_direct)
		if
		:: which[t] == NONE -> place[t] = outside; printf("task %d: goes on in the function\n", t)
		:: else ->
			place[t] = head; printf("task %d: goes to image %d\n", t, which[t]);
			require(!by_jmp(which[t]), "BROKEN: an image made to be jumped to is called\n")
		fi
	   }
	:: image_step(head)
		place[t] = entry_hook; printf("task %d: image %d calls the entry hook\n", t, which[t]);
		require(loaded, "BROKEN: an image calls a freed program\n")
	   }
	:: hook_step(entry_hook)
		place[t] = middle; printf("task %d: the hook returns to image %d\n", t, which[t])
	   }
	:: image_step(middle)
		if
		:: calls_original[which[t]] ->
			place[t] = original_begin;
			printf("task %d: image %d calls the original\n", t, which[t])
		:: else ->
			place[t] = outside; which[t] = NONE;
			printf("task %d: returns into the function\n", t)
		fi
	   }
	:: step(original_begin) place[t] = original; printf("task %d: the original makes its frame\n", t) }
	:: step(original)
		place[t] = behind;
		comes_late[t] = (memory[which[t]] == retired);
		printf("task %d: the original returns to image %d\n", t, which[t])
	   }
	:: image_step(behind)
		if
		:: gate_closed[which[t]] ->
			place[t] = tail; printf("task %d: the gate of image %d is closed\n", t, which[t])
		:: else ->
			place[t] = exit_hook; printf("task %d: image %d calls the exit hook\n", t, which[t]);
			require(loaded, "BROKEN: an image calls a freed program\n");
			require(!comes_late[t],
				"BROKEN: an exit hook runs, though detached before the original returned\n")
		fi;
		comes_late[t] = false
	   }
	:: hook_step(exit_hook)
		place[t] = tail; printf("task %d: the hook returns to image %d\n", t, which[t])
	   }
	:: image_step(tail)
		place[t] = outside; which[t] = NONE; printf("task %d: returns to the function's caller\n", t)
	   }
	fi
}

proctype task(byte t)
{
	do
	:: go_on()
	od
}

/* The instruction at which a task was interrupted. */
inline visit_ip(v)
{
	if
	:: in_image(v) ->
		seen[which[v]] = true; printf("task 0: step 4: finds task %d in image %d\n", v, which[v])
	:: place[v] == behind ->
		body_seen[which[v]] = true;
		printf("task 0: step 4: finds task %d at the gate of image %d\n", v, which[v])
	:: in_ftrace(v) ->
		caller_seen = true; printf("task 0: step 4: finds task %d in ftrace's caller\n", v)
	:: else -> printf("task 0: step 4: finds task %d in other code\n", v)
	fi
}

inline visit_stack(v)
{
	if
	:: returns_to_image(v) ->
		if
		:: in_hook(v) -> seen[which[v]] = true
		:: else -> body_seen[which[v]] = true
		fi;
		printf("task 0: step 4: finds that task %d will return to image %d\n", v, which[v])
	:: else -> printf("task 0: step 4: finds on the stack of task %d no image\n", v)
	fi
}

/* stack_visit_returns for one task: the interrupted instruction, then what is on the stack. */
inline visit(v)
{
	atomic {
		if
		:: v == 0 /* is here */
		:: v != 0 && kept(RUNNING_IPS) -> visit_ip(v) /* runs, and is held */
		:: v != 0 && !kept(RUNNING_IPS) ->
			printf("task 0: step 4: does not look where task %d, held, was interrupted\n", v)
		:: v != 0 && kept(PREEMPTED_IPS) -> visit_ip(v) /* was preempted */
		:: v != 0 && !kept(PREEMPTED_IPS) ->
			printf("task 0: step 4: does not look where task %d was preempted\n", v)
		:: place[v] == original /* sleeps: its instruction is the scheduler's */
		fi
	}
	atomic {
		if
		:: v == 0 && !kept(OWN_STACK)
		:: place[v] == original_begin && !kept(UNFRAMED) ->
			printf("task 0: step 4: follows frames of task %d; one is not made yet\n", v)
		:: !kept(RETURNS)
		:: else -> visit_stack(v)
		fi
	}
}

/* image.c's image_discard. */
inline free(s)
{
	printf("task 0: step 6: frees image %d\n", s);
	memory[s] = unused;
	gate_closed[s] = false; via_ftrace[s] = false; calls_original[s] = false; holds[s] = false;
	for (v : 0 .. TASKS - 1) {
		if :: which[v] == s && place[v] != outside -> lost[v] = true :: else fi
	}
	v = 0
}

inline free_or_let_go(s)
{
	seen[s] = seen[s] || (via_ftrace[s] && caller_seen && kept(IN_CALLER));
	if
	:: (!seen[s] && !body_seen[s]) || !kept(UNSEEN) -> free(s)
	:: else ->
		if
		:: holds[s] && (!seen[s] || !kept(HOOKS_UNSEEN)) ->
			holds[s] = false; printf("task 0: step 6: what image %d calls is let go\n", s)
		:: else
		fi
	fi
}

#define forget seen[0] = false; seen[1] = false; body_seen[0] = false; body_seen[1] = false; \
	caller_seen = false

/* image.c's reap_locked. */
inline reap()
{
	atomic {
		if :: kept(HOLD) -> held = true; printf("task 0: step 3: holds all CPUs\n") :: else fi;
		v = 0
	}
	do
	:: v < TASKS -> visit(v); v++
	:: v == TASKS -> v = 0; break
	od;
	atomic { held = false; printf("task 0: step 4: has looked at all stacks\n") }
	atomic {
		for (s : 0 .. SLOTS - 1) {
			if
			:: memory[s] == retired -> free_or_let_go(s)
			:: else
			fi
		}
		s = 0; forget
	}
}

inline poke_site()
{
	if
	:: !ftrace && (kept(UNREACHABLE) || from == NONE) ->
		image = to;
		if
		:: to == NONE -> printf("task 0: step 1: the site leads to no image\n")
		:: else -> printf("task 0: step 1: the site leads to image %d\n", to)
		fi
	:: else
	fi
}

inline close_gate()
{
	if
	:: kept(GATE) && from != NONE && calls_original[from] ->
		gate_closed[from] = true; printf("task 0: step 2: closes the gate of image %d\n", from)
	:: else
	fi
}

/* tramp.c: a new image, unless `to` is NONE; both pokes in one batch; settle. */
inline replace()
{
	atomic {
		from = image;
		if
		:: to != NONE ->
			memory[to] = current; via_ftrace[to] = shared; holds[to] = kept(HOOKS_HELD);
			if :: calls_original[to] = true :: calls_original[to] = false fi;
			printf("task 0: makes image %d\n", to)
		:: else
		fi
	}
	if
	:: true ->
		atomic { poke_site() }
		atomic { close_gate() }
	:: true ->
		atomic { close_gate() }
		atomic { poke_site() }
	fi;
	atomic {
		if
		:: kept(UNREACHABLE) || from == NONE ->
			image = to;
			direct = (to != NONE && (via_ftrace[to] || !kept(DIRECT_KNOWN)) -> to : NONE);
			if
			:: direct != NONE -> printf("task 0: step 1: direct leads to image %d\n", direct)
			:: else
			fi
		:: else
		fi;
		if :: to == NONE -> shared = false :: else fi
	}
	if
	:: from != NONE ->
		atomic { memory[from] = retired; printf("task 0: image %d is retired\n", from) }
		reap()
	:: else
	fi;
	from = NONE; to = NONE
}

#define room (memory[0] == unused || memory[1] == unused)
#define first_room (memory[0] == unused -> 0 : 1)

/* Task 0: uses the function as well, and changes it. */
proctype manager()
{
	byte t = 0, v = 0, s = 0, from = NONE, to = NONE;

	do
	:: go_on()
	:: place[0] == outside || place[0] == original ->
		if
		/* attach, or change what is attached */
		:: atomic {
			loaded && room -> to = first_room;
			if :: image == NONE -> shared = ftrace :: else fi
		   }
			replace()
		/* detach */
		:: image != NONE ->
			replace()
		/* the timer */
		:: memory[0] == retired || memory[1] == retired ->
			reap()
		/* ftrace comes: tramp_share */
		:: atomic {
			!ftrace && (image == NONE || shared) -> ftrace = true;
			printf("task 0: ftrace takes the site\n")
		   }
		:: atomic { !ftrace && image != NONE && !shared && room -> shared = true; to = first_room }
			replace();
			atomic { ftrace = true; printf("task 0: ftrace takes the site\n") }
		:: atomic { ftrace -> ftrace = false; printf("task 0: ftrace leaves the site\n") }
		:: atomic { !loaded -> loaded = true; printf("task 0: loads the program\n") }
		:: atomic {
			loaded && image == NONE && !holds[0] && !holds[1] -> loaded = false;
			for (v : 0 .. TASKS - 1) {
				if :: in_hook(v) -> program_lost[v] = true :: else fi
			}
			v = 0; printf("task 0: frees the program\n")
		   }
		fi
	od
}

init {
	byte i = 0;
	atomic {
		run manager();
		for (i : 1 .. TASKS - 1) {
			run task(i)
		}
	}
}
