// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile userspace and guests: threads that do anything at random to a VM and
 * its vCPUs, whose code is random, too. The host must survive, warn of nothing and
 * lose no memory (I9), and no event may read as pending that is not (I3).
 *
 * usage: nisv_stress [-n OPERATIONS] [-s SEED]
 *
 * A seed gives each thread the same operations again; how the threads meet is
 * the scheduler's. Best on a kernel with KASAN, UBSAN, lockdep and kmemleak.
 */
#include "nisv.h"
#include "nisv_forms.h"

#include <semaphore.h>

#define THREADS		3
#define VCPUS		3
#define SLOTS		4
#define SLOT_SIZE	0x10000UL
#define OPS_PER_VM	1000

static uint64_t seed = 1;
static unsigned long operations = 20000;

/* splitmix64 */
static uint64_t rnd(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static unsigned int below(uint64_t *state, unsigned int n)
{
	return rnd(state) % n;
}

static bool one_in(uint64_t *state, unsigned int n)
{
	return !below(state, n);
}

#define SCTLR_RES1	0x00c50078UL

/* The VM of the moment, whose vCPUs and memory all threads share */
static struct {
	struct vm vm;
	struct vm vcpu[VCPUS];
	struct kvm_reg_list *regs;
	uint8_t *mem;
} target;

struct thread {
	pthread_t id;
	uint64_t rnd;
	unsigned int own;		/* vCPU */
	unsigned long todo;
	unsigned long stale;		/* events read as pending */
};

enum op {
	OP_RUN, OP_RUN_NOT, OP_INJECT, OP_SET_EVENTS, OP_GET_EVENTS, OP_SET_REG, OP_GET_REG,
	OP_PC, OP_ENABLE_CAP, OP_MEMSLOT, OP_INIT, OP_DEBUG, OP_ANSWER, OPS
};

static const char * const op_name[OPS] = {
	"run", "run_immediate_exit", "inject", "set_events", "get_events", "set_reg",
	"get_reg", "set_pc", "enable_cap", "memslot", "init", "guest_debug", "answer",
};

/* How often each was done, and how often it succeeded */
static unsigned long done[OPS], fine[OPS];
static unsigned long exits[64], errors[256];	/* of KVM_RUN, by reason and errno */

static int set_events_randomly(struct vm *vcpu, uint64_t *r)
{
	struct kvm_vcpu_events ev = {};
	uint8_t *byte = (uint8_t *)&ev;

	if (one_in(r, 2)) {
		/* what may be valid */
		ev.exception.serror_pending = rnd(r) & 1;
		ev.exception.serror_has_esr = rnd(r) & 1;
		byte[EVENT_EXT_DABT_BYTE] = rnd(r) & 1;
		ev.exception.serror_esr = rnd(r) & 0xffffff;
	} else {
		for (unsigned int i = 0; i < sizeof(ev); i++)
			byte[i] = one_in(r, 8) ? rnd(r) : 0;
	}
	return ioctl(vcpu->vcpu, KVM_SET_VCPU_EVENTS, &ev);
}

static int get_events(struct vm *vcpu, struct thread *t)
{
	struct kvm_vcpu_events ev;
	int ret;

	memset(&ev, 0xff, sizeof(ev));
	ret = ioctl(vcpu->vcpu, KVM_GET_VCPU_EVENTS, &ev);
	for (unsigned int i = EVENT_EXT_DABT_BYTE; !ret && i < 8; i++)
		t->stale += !!((uint8_t *)&ev)[i];
	return ret;
}

static int access_reg_randomly(struct vm *vcpu, unsigned int how, uint64_t *r)
{
	uint64_t val[32] = { one_in(r, 2) ? rnd(r) : RAM + (rnd(r) & 0xfffff), rnd(r) };
	struct kvm_one_reg reg = {
		.id = target.regs->reg[below(r, target.regs->n)],
		.addr = (uintptr_t)val,
	};

	if (one_in(r, 16))
		reg.id ^= 1ULL << below(r, 64);
	if (1ULL << ((reg.id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT) > sizeof(val))
		return 0;
	return ioctl(vcpu->vcpu, how, &reg);
}

static int memslot_randomly(uint64_t *r)
{
	static const uint64_t places[] = { HOLE, HOLE + SLOT_SIZE, RAM + RAM_SIZE, RO };
	struct kvm_userspace_memory_region region = {
		.slot = 8 + below(r, SLOTS),
		.flags = below(r, 4),		/* KVM_MEM_LOG_DIRTY_PAGES, _READONLY */
		.guest_phys_addr = places[below(r, ARRAY_SIZE(places))],
		.memory_size = one_in(r, 2) ? 0 : SLOT_SIZE,
		.userspace_addr = (uintptr_t)target.mem,
	};

	return ioctl(target.vm.fd, KVM_SET_USER_MEMORY_REGION, &region);
}

static int init_again(struct vm *vcpu, uint64_t *r)
{
	struct kvm_vcpu_init init = vcpu_target(vcpu);

	if (one_in(r, 4))
		init.features[below(r, 7)] ^= 1U << below(r, 32);
	return ioctl(vcpu->vcpu, KVM_ARM_VCPU_INIT, &init);
}

/* Breakpoints and single-stepping, mostly as they may be asked for, and off again */
static int debug_randomly(struct vm *vcpu, uint64_t *r)
{
	struct kvm_guest_debug debug = {};

	if (one_in(r, 2)) {
		debug.control = KVM_GUESTDBG_ENABLE | (one_in(r, 8) ? rnd(r) : rnd(r) & 0x30002);
#ifdef __aarch64__
		for (unsigned int i = 0; i < KVM_ARM_MAX_DBG_REGS; i++) {
			debug.arch.dbg_bcr[i] = one_in(r, 2) ? rnd(r) : 0;
			debug.arch.dbg_bvr[i] = CODE + 4 * below(r, 1024);
			debug.arch.dbg_wcr[i] = one_in(r, 2) ? rnd(r) : 0;
			debug.arch.dbg_wvr[i] = HOLE + 8 * below(r, 64);
		}
#endif
	}
	return ioctl(vcpu->vcpu, KVM_SET_GUEST_DEBUG, &debug);
}

static int run_once(struct vm *vcpu, bool not)
{
	int ret;

	/* another thread may do so, too */
	vcpu->run->immediate_exit = not;
	ret = run(vcpu);
	/* another thread may have run it since */
	__atomic_fetch_add(ret ? &errors[errno % ARRAY_SIZE(errors)] :
			   &exits[vcpu->run->exit_reason % ARRAY_SIZE(exits)],
			   1, __ATOMIC_RELAXED);
	return ret;
}

/* What a VMM may write before it runs the vCPU again, and what it may not */
static int answer(struct vm *vcpu, uint64_t *r)
{
	uint64_t val = rnd(r);

	if (one_in(r, 2))
		memcpy(vcpu->run->mmio.data, &val, sizeof(val));
	else if (one_in(r, 2))
		vcpu->run->exit_reason = one_in(r, 2) ? KVM_EXIT_MMIO : below(r, 40);
	else
		((uint8_t *)run_nisv(vcpu->run))[below(r, 32)] = val;
	return 0;
}

/* Send the guest somewhere where it finds instructions, with addresses for them */
static int set_pc_randomly(struct vm *vcpu, uint64_t *r)
{
	struct kvm_mp_state on = { .mp_state = KVM_MP_STATE_RUNNABLE };
	static const uint64_t calls[] = {
		PSCI_0_2_FN_PSCI_VERSION, PSCI_0_2_FN_CPU_ON, PSCI_0_2_FN_SYSTEM_OFF,
	};
	static const uint64_t bases[] = { HOLE, HOLE + SLOT_SIZE - 8, RO, RO + 0x123, GIC_DIST,
					  RAM + DATA, RAM + RAM_SIZE - 8, DONE };

	/* Mostly not switched off, without an MMU set at random, and with vectors */
	if (!one_in(r, 4)) {
		ioctl(vcpu->vcpu, KVM_SET_MP_STATE, &on);
		try_set_reg(vcpu, SCTLR_EL1, SCTLR_RES1);
		try_set_reg(vcpu, VBAR_EL1, VECTORS);
		try_set_reg(vcpu, GUEST(X(29), X(11)), DONE);
	}
	try_set_reg(vcpu, X(0), one_in(r, 32) ? PSCI_0_2_FN_CPU_OFF :
		    calls[below(r, ARRAY_SIZE(calls))]);
	try_set_reg(vcpu, X(1), below(r, VCPUS));
	try_set_reg(vcpu, X(2), CODE + 4 * below(r, 1024));
	try_set_reg(vcpu, X(10), bases[below(r, ARRAY_SIZE(bases))]);
	try_set_reg(vcpu, PSTATE, one_in(r, 3) ? AT_EL0 : AT_EL1);
	return try_set_reg(vcpu, PC, CODE + 4 * below(r, 1024));
}

static int operate(enum op op, struct vm *vcpu, struct thread *t)
{
	uint64_t *r = &t->rnd;

	switch (op) {
	case OP_RUN:
		/* else it goes on, for long perhaps */
		if (!one_in(r, 4))
			set_pc_randomly(vcpu, r);
		return run_once(vcpu, false);
	case OP_RUN_NOT:
		return run_once(vcpu, true);
	case OP_INJECT:
		return -inject(vcpu);
	case OP_SET_EVENTS:
		return set_events_randomly(vcpu, r);
	case OP_GET_EVENTS:
		return get_events(vcpu, t);
	case OP_SET_REG:
		return access_reg_randomly(vcpu, KVM_SET_ONE_REG, r);
	case OP_GET_REG:
		return access_reg_randomly(vcpu, KVM_GET_ONE_REG, r);
	case OP_PC:
		return set_pc_randomly(vcpu, r);
	case OP_ENABLE_CAP:
		return enable_cap_flags(target.vm.fd, one_in(r, 2) ? CAP_ARM_NISV_TO_USER :
					below(r, 256), one_in(r, 4), rnd(r));
	case OP_MEMSLOT:
		return memslot_randomly(r);
	case OP_INIT:
		return init_again(vcpu, r);
	case OP_DEBUG:
		return debug_randomly(vcpu, r);
	default:
		return answer(vcpu, r);
	}
}

static enum op next_op(uint64_t *r)
{
	/* of 32: mostly what leads to exits and injections */
	static const uint8_t weight[OPS] = { 14, 1, 4, 3, 1, 2, 1, 1, 1, 1, 1, 1, 1 };
	unsigned int n = below(r, 32);
	enum op op = 0;

	while (n >= weight[op])
		n -= weight[op++];
	return op;
}

/* One for each thread that has done all of its operations */
static sem_t ended;

static void *thread_loop(void *arg)
{
	struct thread *t = arg;

	for (; t->todo; STORE_SHARED(t->todo, t->todo - 1)) {
		enum op op = next_op(&t->rnd);
		/* mostly its own, or all would wait for the one that loops */
		unsigned int vcpu = one_in(&t->rnd, 4) ? below(&t->rnd, VCPUS) : t->own;
		int ret = operate(op, &target.vcpu[vcpu], t);

		__atomic_fetch_add(&done[op], 1, __ATOMIC_RELAXED);
		if (ret >= 0)
			__atomic_fetch_add(&fine[op], 1, __ATOMIC_RELAXED);
	}
	sem_post(&ended);
	return NULL;
}

/* Instructions of the forms, calls of PSCI, and anything else */
static void random_code(uint64_t *r)
{
	uint32_t *p = (uint32_t *)(target.vm.ram + CODE - RAM);

	for (unsigned int i = 0; i < 0x10000 / sizeof(*p); i++) {
		switch (below(r, 16)) {
		case 0:
			p[i] = HVC;
			break;
		case 1:
			p[i] = rnd(r);
			break;
		default:
#ifdef __aarch64__
			if (!target.vm.a32) {
				p[i] = a64_forms[below(r, ARRAY_SIZE(a64_forms))].insn;
				break;
			}
#endif
			p[i] = a32_forms[below(r, ARRAY_SIZE(a32_forms))].insn;
		}
	}
}

static void target_create(uint64_t *r)
{
	struct vm *vm = &target.vm;
	unsigned int n = VCPUS;

	vm_create(vm, one_in(r, 4) && has_el1_32bit());
	random_code(r);
	target.mem = must_map(SLOT_SIZE, -1);
	if (one_in(r, 2))
		enable_cap(vm->fd, CAP_ARM_NISV_TO_USER);
	/* One may be left for OP_INIT to initialise */
	if (one_in(r, 2))
		n--;
	/*
	 * Each before the next is made: where KVM lets no vCPU be of another width
	 * than the rest, 5.10 and 5.15 count those not yet initialised as 64-bit.
	 */
	for (unsigned int i = 0; i < VCPUS; i++) {
		target.vcpu[i] = i ? vcpu_add(vm, i) : *vm;
		if (i < n) {
			vcpu_init(&target.vcpu[i]);
			regs_init(&target.vcpu[i]);
		}
	}
	if (one_in(r, 2))
		create_vgic(vm);
	target.regs = reg_list(&target.vcpu[0]);
}

static void target_destroy(void)
{
	free(target.regs);
	for (unsigned int i = 1; i < VCPUS; i++)
		vcpu_remove(&target.vcpu[i]);
	vm_destroy(&target.vm);
	munmap(target.mem, SLOT_SIZE);
}

/* No KVM_RUN lasts for ever: a thread that has not got on is interrupted */
static struct thread threads[THREADS];
static bool finished;

static void *kicker_loop(void *unused)
{
	unsigned long before[THREADS] = {};

	(void)unused;
	while (!LOAD_SHARED(finished)) {
		usleep(5000);
		for (unsigned int i = 0; i < THREADS; i++) {
			unsigned long todo = LOAD_SHARED(threads[i].todo);

			if (todo == before[i])
				pthread_kill(threads[i].id, SIGUSR1);
			before[i] = todo;
		}
	}
	return NULL;
}

/* The kicker has to be gone before the threads that it kicks are */
static void one_vm(uint64_t *r, unsigned long n)
{
	pthread_t kicker;

	target_create(r);
	STORE_SHARED(finished, false);
	for (unsigned int i = 0; i < THREADS; i++) {
		threads[i].rnd = rnd(r);
		threads[i].own = i % VCPUS;
		threads[i].todo = n / THREADS + (i < n % THREADS);
		must(-pthread_create(&threads[i].id, NULL, thread_loop, &threads[i]),
		     "pthread_create");
	}
	must(-pthread_create(&kicker, NULL, kicker_loop, NULL), "pthread_create");
	for (unsigned int i = 0; i < THREADS; i++)
		while (sem_wait(&ended))
			continue;
	STORE_SHARED(finished, true);
	pthread_join(kicker, NULL);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i].id, NULL);
	target_destroy();
}

static enum verdict survives(void)
{
	unsigned long stale = 0;
	uint64_t r = seed;

	/* The kicker does that, and a signal that is pending fails KVM_CREATE_VM */
	interrupt_after(0);
	signal_interrupts(SIGUSR1);
	must(sem_init(&ended, 0, 0), "sem_init");
	for (unsigned long left = operations; left; ) {
		unsigned long n = left < OPS_PER_VM ? left : OPS_PER_VM;

		one_vm(&r, n);
		left -= n;
		if (left % (operations < 50000 ? OPS_PER_VM : 5 * OPS_PER_VM) == 0)
			ksft_print_msg("%lu operations to go\n", left);
	}
	for (unsigned int i = 0; i < OPS; i++)
		ksft_print_msg("%-20s %8lu, %8lu succeeded\n", op_name[i], done[i], fine[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(exits); i++)
		if (exits[i])
			ksft_print_msg("KVM_RUN: exit reason %2u %8lu\n", i, exits[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i])
			ksft_print_msg("KVM_RUN: %-14.14s %8lu\n", strerror(i), errors[i]);
	for (unsigned int i = 0; i < THREADS; i++)
		stale += threads[i].stale;
	REQUIRE_EQ(stale, 0);
	return PASSED;
}

#define KMEMLEAK "/sys/kernel/debug/kmemleak"

static enum verdict leaks_nothing(void)
{
	char report[2048];
	ssize_t n = 0;
	int fd;

	fd = open(KMEMLEAK, O_RDWR);
	if (fd < 0)
		SKIP(KMEMLEAK ": %s", strerror(errno));
	/* A leak is one when two scans, some seconds apart, have not found a reference */
	for (unsigned int i = 0; i < 2; i++) {
		sleep(6);
		ksft_print_msg("kmemleak scans\n");
		must(write(fd, "scan", 4), KMEMLEAK);
	}
	/* from its start, which writing has left behind */
	n = pread(fd, report, sizeof(report) - 1, 0);
	close(fd);
	report[n > 0 ? n : 0] = '\0';
	for (char *line = strtok(report, "\n"); line; line = strtok(NULL, "\n"))
		ksft_print_msg("%s\n", line);
	REQUIRE(n <= 0, "memory is lost");
	return PASSED;
}

static const struct test tests[] = {
	{ "I9 I3 anything, done to a VM at random, leaves the host alone", survives },
	{ "I9 no memory is lost by that", leaks_nothing },
	{ "I9 the kernel has not warned", no_warning },
};

int main(int argc, char **argv)
{
	for (int opt; (opt = getopt(argc, argv, "n:s:")) != -1; ) {
		if (opt == 'n')
			operations = strtoul(optarg, NULL, 0);
		else if (opt == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return KSFT_FAIL;
	}
	printf("# %lu operations, seed %llu\n", operations, (unsigned long long)seed);
	return run_tests(tests, ARRAY_SIZE(tests), argc - optind + 1, argv + optind - 1);
}
