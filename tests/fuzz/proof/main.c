// SPDX-License-Identifier: MIT
// fuzz-verify [--seed N] [--count N | --seconds N]     programs of that seed and those after it
// fuzz-verify --show SEED                              one program, and what becomes of it
// fuzz-verify --broken N [...]                         with a mistake in the verifier: broken.c
// fuzz-verify --self-test                              each mistake must be found within two minutes
//
// Prints figures and PASS or FAIL. The exit status is 1 if there is a finding.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/fuzz/proof/try.h"
#include "tests/host/host.h"
#include "vm/compile.h"

static u64 seed_now;

/* The seed of a program that crashes or hangs. */
static void on_signal(int signal, siginfo_t *info unused, void *context unused)
{
	char text[100];
	int len = snprintf(text, sizeof(text), "FINDING seed %llu: signal %d\n", (unsigned long long)seed_now,
			   signal);
	if (write(1, text, (size_t)len) == len)
		_exit(1);
	_exit(2);
}

static void print_figures(void)
{
#define X(name) #name,
	static const char *const names[] = { FEATURES(X) }, *const events[] = { EVENTS(X) };
#undef X
	u32 kinds = 0;
	for (u32 i = 1; i < INSN_KINDS; i++)
		kinds += figures.of_kind[i] != 0;
	printf("fuzz-verify: %llu programs, %llu accepted (%llu %%), %llu refused; %llu runs of %llu "
	       "instructions, %llu "
	       "compared, %llu too long; %llu registers checked against the walk (not of %llu programs); %u "
	       "kinds of "
	       "instructions of %u\n",
	       figures.made, figures.accepted, figures.made ? 100 * figures.accepted / figures.made : 0,
	       figures.refused, figures.runs, figures.steps, figures.compared, figures.too_long,
	       figures.checked, figures.no_ranges, kinds, INSN_KINDS - 1);
	for (u32 i = 0; i < FEATURE_COUNT; i++)
		printf("  %-14s %8llu programs, %3llu %% accepted\n", names[i], figures.of_feature[i],
		       figures.of_feature[i] ? 100 * figures.accepted_of[i] / figures.of_feature[i] : 0);
	for (u32 i = 0; i < EVENT_COUNT; i++)
		printf("%s%s %llu%s", i ? ", " : "  done: ", events[i], figures.of_event[i],
		       i + 1 < EVENT_COUNT ? "" : "\n");
	fflush(stdout);
}

/* The number of findings, at most most. */
static u32 loop(u64 seed, u64 count, u32 seconds, u32 most)
{
	time_t end = time(NULL) + seconds;
	u32 findings = 0;
	const struct itimerval limit = { .it_value.tv_sec = 30 }; /* of the CPU, a program */
	for (u64 i = 0; (count ? i < count : time(NULL) < end) && findings < most; i++) {
		seed_now = seed + i;
		setitimer(ITIMER_PROF, &limit, NULL);
		findings += !try_program(seed_now, false);
	}
	return findings;
}

/* Each in a process of its own, so that a crash is a finding, too. */
static int self_test(u64 seed)
{
	int missed = 0;
	for (u32 n = 1; n <= broken_count(); n++) {
		time_t begin = time(NULL);
		int status;
		pid_t child = fork();
		if (child == 0) {
			broken = n;
			if (!freopen("/dev/null", "w", stdout))
				_exit(2);
			_exit(loop(seed, 0, 120, 1) ? 1 : 0);
		}
		waitpid(child, &status, 0);
		bool found = WIFSIGNALED(status) || WEXITSTATUS(status) == 1;
		missed += !found;
		printf("%s broken %u: %s (%lld s)\n", found ? "PASS" : "FAIL", n, broken_name(n),
		       (long long)(time(NULL) - begin));
		fflush(stdout);
	}
	return missed;
}

int main(int argc, char **argv)
{
	u64 seed = 1, count = 0;
	u32 seconds = 10;
	bool tests_itself = false, shows = false;
	for (int i = 1; i < argc; i++) {
		u64 n = i + 1 < argc ? strtoull(argv[i + 1], NULL, 0) : 0;
		if (!strcmp(argv[i], "--self-test"))
			tests_itself = true;
		else if (!strcmp(argv[i], "--seed"))
			seed = n, i++;
		else if (!strcmp(argv[i], "--count"))
			count = n, i++;
		else if (!strcmp(argv[i], "--seconds"))
			seconds = (u32)n, i++;
		else if (!strcmp(argv[i], "--broken"))
			broken = (u32)n, i++;
		else if (!strcmp(argv[i], "--show"))
			seed = n, shows = true, i++;
		else
			return fprintf(stderr, "fuzz-verify: what is %s?\n", argv[i]), 2;
	}
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL, SIGPROF };
	const struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	for (u32 i = 0; i < array_len(signals); i++)
		sigaction(signals[i], &action, NULL);
	host_init();
	compile_init();
	if (!input_create())
		return fprintf(stderr, "fuzz-verify: no build/fivebyte.btf\n"), 2;
	if (tests_itself)
		return self_test(seed) != 0;
	if (shows)
		return !try_program(seed, true);
	u32 findings = loop(seed, count, seconds, 5);
	print_figures();
	try_reasons();
	printf("%s fuzz_verify: %u findings\n", findings ? "FAIL" : "PASS", findings);
	return findings != 0;
}
