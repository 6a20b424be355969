/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A very small VM for the tests of KVM_CAP_ARM_NISV_TO_USER and
 * KVM_CAP_ARM_INJECT_EXT_DABT, made with nothing but KVM's ioctls, so that one
 * source serves every kernel from 4.19 on, on arm64 and on 32-bit Arm hosts.
 *
 * The guest is a few instructions. Its registers are set and read from outside
 * (KVM_SET_ONE_REG, KVM_GET_ONE_REG), and it reports by a plain store to an
 * address that is in no memslot, which exits as KVM_EXIT_MMIO:
 *
 *   DONE	the store at CODE + 4, or the first instruction of a vector
 *   SKIPPED	the second instruction of a vector: the first was stepped over
 */
#ifndef SELFTEST_KVM_ARM64_NISV_H
#define SELFTEST_KVM_ARM64_NISV_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "kselftest.h"

/* Not every kernel's headers have these */
#ifndef BIT
#define BIT(n)			(1UL << (n))
#endif
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#endif

/*
 * The binary interface, as numbers: the tests hold on kernels whose headers
 * do not have the names, and prove that the names mean these numbers where
 * they exist.
 */
#define EXIT_ARM_NISV		28
#define CAP_ARM_NISV_TO_USER	177
#define CAP_ARM_INJECT_EXT_DABT	178
#define EVENT_EXT_DABT_BYTE	2	/* in struct kvm_vcpu_events */

struct arm_nisv {
	uint64_t esr_iss;
	uint64_t fault_ipa;
} __attribute__((may_alias));

/* struct kvm_run's union of exit data starts where this member does */
static inline struct arm_nisv *run_nisv(struct kvm_run *run)
{
	return (void *)run + offsetof(struct kvm_run, hw);
}

static_assert(sizeof(struct kvm_vcpu_events) == 64, "size of kvm_vcpu_events");
#ifdef KVM_CAP_ARM_NISV_TO_USER
static_assert(KVM_CAP_ARM_NISV_TO_USER == CAP_ARM_NISV_TO_USER, "177");
static_assert(KVM_EXIT_ARM_NISV == EXIT_ARM_NISV, "28");
static_assert(offsetof(struct kvm_run, arm_nisv.esr_iss) ==
	      offsetof(struct kvm_run, hw), "esr_iss");
static_assert(offsetof(struct kvm_run, arm_nisv.fault_ipa) ==
	      offsetof(struct kvm_run, hw) + 8, "fault_ipa");
#endif
#ifdef KVM_CAP_ARM_INJECT_EXT_DABT
static_assert(KVM_CAP_ARM_INJECT_EXT_DABT == CAP_ARM_INJECT_EXT_DABT, "178");
static_assert(offsetof(struct kvm_vcpu_events, exception.ext_dabt_pending) ==
	      EVENT_EXT_DABT_BYTE, "ext_dabt_pending");
#endif

/* The guest's physical memory; all else is in no memslot */
#define RAM		0x40000000UL
#define RAM_SIZE	0x200000UL
#define CODE		(RAM + 0x00000)
#define VECTORS		(RAM + 0x10000)
#define TABLES		(RAM + 0x20000)
#define DATA		(RAM + 0x30000)
#define RO		0x50000000UL	/* a read-only memslot */
#define RO_SIZE		0x10000UL
#define HIVECS		0xffff0000UL	/* where SCTLR.V puts AArch32 vectors */
#define HOLE		0x10000000UL
#define GIC_DIST	0x08000000UL
#define DONE		0x20000000UL
#define SKIPPED		0x20000100UL

/*
 * The guest's code is A64 on an arm64 host and A32 on a 32-bit one. Registers go
 * by their AArch64 names, which stand for what AArch32 has in their place.
 */
#ifdef __aarch64__
#define GUEST(a64, a32)	a64

#define SYSREG(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)
#define SCTLR_EL1	SYSREG(3, 0, 1, 0, 0)
#define CPACR_EL1	SYSREG(3, 0, 1, 0, 2)
#define TTBR0_EL1	SYSREG(3, 0, 2, 0, 0)
#define TTBR1_EL1	SYSREG(3, 0, 2, 0, 1)
#define TCR_EL1		SYSREG(3, 0, 2, 0, 2)
#define ESR_EL1		SYSREG(3, 0, 5, 2, 0)	/* AArch32: DFSR */
#define FAR_EL1		SYSREG(3, 0, 6, 0, 0)	/* AArch32: DFAR, IFAR */
#define MAIR_EL1	SYSREG(3, 0, 10, 2, 0)
#define VBAR_EL1	SYSREG(3, 0, 12, 0, 0)
#define ID_AA64PFR0_EL1	SYSREG(3, 0, 0, 4, 0)

#define CORE_REG(member) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 |		\
			  KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(member))
#define X(n)		(CORE_REG(regs.regs[0]) + 2 * (n))
#define PC		CORE_REG(regs.pc)
#define PSTATE		CORE_REG(regs.pstate)
#define ELR_EL1		CORE_REG(elr_el1)
#define SPSR_EL1	CORE_REG(spsr[KVM_SPSR_EL1])
#define SPSR_ABT	CORE_REG(spsr[KVM_SPSR_ABT])
#define LR_ABT		X(20)
#else
#define GUEST(a64, a32)	a32

#define SCTLR_EL1	ARM_CP15_REG32(0, 1, 0, 0)
#define TTBR0_EL1	ARM_CP15_REG64(0, 2)
#define TTBR1_EL1	ARM_CP15_REG64(1, 2)
#define TCR_EL1		ARM_CP15_REG32(0, 2, 0, 2)
#define ESR_EL1		ARM_CP15_REG32(0, 5, 0, 0)	/* DFSR */
#define FAR_EL1		ARM_CP15_REG32(0, 6, 0, 0)	/* DFAR */
#define IFSR		ARM_CP15_REG32(0, 5, 0, 1)
#define MAIR_EL1	ARM_CP15_REG32(0, 10, 2, 0)
#define VBAR_EL1	ARM_CP15_REG32(0, 12, 0, 0)

#define CORE_REG(member) (KVM_REG_ARM | KVM_REG_SIZE_U32 |		\
			  KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(member))
#define X(n)		(CORE_REG(usr_regs) + (n))
#define PC		X(15)
#define PSTATE		X(16)
#define LR_ABT		CORE_REG(abt_regs[1])
#define SPSR_ABT	CORE_REG(abt_regs[2])
#define SPSR_EL1	SPSR_ABT
#endif

/* A value as wide as the guest's registers */
#define REG(value)	((uint64_t)(unsigned long)(value))

/* PSTATE and CPSR */
#define EL0t		0x000
#define EL1t		0x004
#define EL1h		0x005
#define A32_USR		0x010
#define A32_SVC		0x013
#define A32_ABT		0x017
#define PSTATE_T	0x020
#define PSTATE_DAIF	0x3c0
#define PSTATE_A	0x100
#define PSTATE_NZCV	0xf0000000UL

/* What the tests run the guest in, mostly: EL1, everything masked; and EL0 */
#define AT_EL1		GUEST(EL1h | PSTATE_DAIF, A32_SVC | 0x1c0)
#define AT_EL0		GUEST(EL0t, A32_USR)

/* Where it takes an abort of its own, and of EL0, and an SError of its own */
#define VEC_DABT	GUEST(0x200, 0x10)
#define VEC_IABT	GUEST(0x200, 0x0c)
#define VEC_DABT_EL0	GUEST(0x400, 0x10)
#define VEC_SERROR	GUEST(0x380, 0x10)

/* ESR_ELx */
#define ESR_EC_SHIFT	26
#define EC_MASK		(0x3fUL << ESR_EC_SHIFT)
#define EC_IABT_CUR	0x21UL
#define EC_DABT_LOW	0x24UL
#define EC_DABT_CUR	0x25UL
#define ESR_IL		BIT(25)
#define ISS_CM		BIT(8)
#define ISS_WNR		BIT(6)
#define ISS_FSC		0x3fUL
#define FSC_TYPE	0x3cUL
#define FSC_TRANSLATION	0x04UL
#define FSC_PERMISSION	0x0cUL
#define FSC_EXTERNAL	0x10UL

/* DFSR and IFSR: external aborts of the two descriptor formats */
#define DFSR_EXT_SHORT	0x008UL
#define DFSR_EXT_LONG	0x210UL		/* LPAE, and 0x10 */
#define TTBCR_EAE	BIT(31)

/* Instructions that every guest has */
#define A64_STR_W30_X29	0xb90003beU	/* str w30, [x29]: to DONE */
#define A64_STR_W30_X28	0xb900039eU	/* str w30, [x28]: to SKIPPED */
#define A64_B_SELF	0x14000000U	/* b . */
#define A32_STR_R9_R11	0xe58b9000U	/* str r9, [r11]: to DONE */
#define A32_STR_R9_R12	0xe58c9000U	/* str r9, [r12]: to SKIPPED */
#define A32_B_SELF	0xeafffffeU

/* Instructions to test. Without a syndrome: */
#define PAIR_LOAD	GUEST(0xa9401143U, 0xe89a0018U)	/* ldp x3, x4, [x10]; ldm r10, {r3, r4} */
#define PAIR_STORE	GUEST(0xa9001143U, 0xe88a0018U)	/* stp x3, x4, [x10]; stm r10, {r3, r4} */
/* and with one: */
#define LOAD		GUEST(0xb9400143U, 0xe59a3000U)	/* ldr w3, [x10]; ldr r3, [r10] */
#define LOAD_HALF	GUEST(0x79400143U, 0xe1da30b0U)	/* ldrh w3, [x10]; ldrh r3, [r10] */
#define STORE		GUEST(0xb9000143U, 0xe58a3000U)	/* str w3, [x10]; str r3, [r10] */
/* No accesses: */
#define BRANCH		GUEST(0xd61f0140U, 0xe12fff1aU)	/* br x10; bx r10 */
#define CLEAN_LINE	GUEST(0xd50b7e2aU, 0xee07af3eU)	/* dc civac, x10; DCCIMVAC r10 */
#define HVC		GUEST(0xd4000002U, 0xe1400070U)	/* hvc #0 */

struct vm {
	int fd;
	int vcpu;
	struct kvm_run *run;
	size_t run_size;
	uint8_t *ram, *ro, *hivecs;
	bool a32;		/* AArch32 at EL1, as always on a 32-bit host */
};

enum verdict { PASSED, FAILED, SKIPPED_TEST };

struct test {
	const char *name;
	enum verdict (*fn)(void);
};

static char skip_reason[160];

/* End a test that cannot be done here, and say why */
#define SKIP(...) do {							\
	snprintf(skip_reason, sizeof(skip_reason), __VA_ARGS__);	\
	return SKIPPED_TEST;						\
} while (0)

/* End a test that failed, with what was found and where */
#define REQUIRE(cond, fmt, ...) do {					\
	if (!(cond)) {							\
		ksft_print_msg("%s:%d: %s: " fmt "\n", __func__,	\
			       __LINE__, #cond, ##__VA_ARGS__);		\
		return FAILED;						\
	}								\
} while (0)

#define REQUIRE_EQ(a, b) do {						\
	uint64_t a_ = (a), b_ = (b);					\
									\
	if (a_ != b_) {							\
		ksft_print_msg("%s:%d: %s is 0x%llx, not 0x%llx\n",	\
			       __func__, __LINE__, #a,			\
			       (unsigned long long)a_,			\
			       (unsigned long long)b_);			\
		return FAILED;						\
	}								\
} while (0)

/* Hand on what a helper that checks has found */
#define TRY(verdict_of) do {						\
	enum verdict v_ = (verdict_of);					\
									\
	if (v_ != PASSED)						\
		return v_;						\
} while (0)

static int kvm_fd = -1;

/* What the environment owes us: the program cannot go on without it */
static inline int must(int ret, const char *what)
{
	if (ret < 0)
		ksft_exit_fail_msg("%s: %s\n", what, strerror(errno));
	return ret;
}

static inline void *must_map(size_t size, int fd)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED,
		       fd, 0);

	must(p == MAP_FAILED ? -1 : 0, "mmap");
	return p;
}

static inline bool has_cap(int fd, long cap)
{
	return ioctl(fd, KVM_CHECK_EXTENSION, cap) == 1;
}

static inline int enable_cap_flags(int fd, uint32_t cap, uint32_t flags,
				   uint64_t arg)
{
	struct kvm_enable_cap ec = { .cap = cap, .flags = flags };

	for (unsigned int i = 0; i < 4; i++)
		ec.args[i] = arg;
	return ioctl(fd, KVM_ENABLE_CAP, &ec);
}

static inline int enable_cap(int fd, uint32_t cap)
{
	return enable_cap_flags(fd, cap, 0, 0);
}

static inline uint64_t get_reg(struct vm *vm, uint64_t id)
{
	uint64_t val = 0;
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&val };

	must(ioctl(vm->vcpu, KVM_GET_ONE_REG, &reg), "KVM_GET_ONE_REG");
	return val;
}

static inline void set_reg(struct vm *vm, uint64_t id, uint64_t val)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&val };

	must(ioctl(vm->vcpu, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG");
}

static inline void add_slot(struct vm *vm, uint32_t slot, uint32_t flags,
			    uint64_t ipa, uint64_t size, void *mem)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = ipa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)mem,
	};

	must(ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region),
	     "KVM_SET_USER_MEMORY_REGION");
}

static inline void vcpu_create(struct vm *vm)
{
	vm->vcpu = must(ioctl(vm->fd, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	vm->run_size = must(ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0),
			    "KVM_GET_VCPU_MMAP_SIZE");
	vm->run = must_map(vm->run_size, vm->vcpu);
}

static inline void vcpu_init(struct vm *vm)
{
	struct kvm_vcpu_init init;

	must(ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init),
	     "KVM_ARM_PREFERRED_TARGET");
	init.features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2;
#ifdef __aarch64__
	if (vm->a32)
		init.features[0] |= 1U << KVM_ARM_VCPU_EL1_32BIT;
#endif
	must(ioctl(vm->vcpu, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT");
}

static inline void vectors_init(struct vm *vm, uint32_t *vec)
{
	if (vm->a32) {
		/* One word each: a data abort has the next one to itself */
		for (unsigned int i = 0; i < 8; i++)
			vec[i] = A32_B_SELF;
		vec[3] = A32_STR_R9_R11;
		vec[4] = A32_STR_R9_R11;
		vec[5] = A32_STR_R9_R12;
		return;
	}

	for (unsigned int i = 0; i < 16; i++, vec += 0x80 / sizeof(*vec)) {
		vec[0] = A64_STR_W30_X29;
		vec[1] = A64_STR_W30_X28;
		vec[2] = A64_B_SELF;
	}
}

/* A VM with its memory and vectors, and a vCPU that is not initialised */
static inline void vm_create(struct vm *vm, bool a32)
{
	a32 = GUEST(a32, true);
	*vm = (struct vm){ .a32 = a32 };

	vm->fd = must(ioctl(kvm_fd, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	vm->ram = must_map(RAM_SIZE, -1);
	vm->ro = must_map(RO_SIZE, -1);
	vectors_init(vm, (uint32_t *)(vm->ram + VECTORS - RAM));
	add_slot(vm, 0, 0, RAM, RAM_SIZE, vm->ram);
	add_slot(vm, 1, KVM_MEM_READONLY, RO, RO_SIZE, vm->ro);
	if (a32) {
		vm->hivecs = must_map(RO_SIZE, -1);
		vectors_init(vm, (uint32_t *)vm->hivecs);
		add_slot(vm, 2, 0, HIVECS, RO_SIZE, vm->hivecs);
	}
	vcpu_create(vm);
}

/* The registers that the guest's code and vectors rely on */
static inline void regs_init(struct vm *vm)
{
	set_reg(vm, PC, CODE);
	set_reg(vm, VBAR_EL1, VECTORS);
	if (vm->a32) {
		set_reg(vm, PSTATE, A32_SVC | 0x1c0);
		set_reg(vm, X(11), DONE);
		set_reg(vm, X(12), SKIPPED);
		return;
	}
#ifdef __aarch64__
	set_reg(vm, PSTATE, AT_EL1);
	set_reg(vm, CPACR_EL1, 3UL << 20);	/* FPEN: SIMD does not trap */
	set_reg(vm, X(29), DONE);
	set_reg(vm, X(28), SKIPPED);
#endif
}

/* The guest's code: one instruction to test, then a store to DONE */
static inline void code(struct vm *vm, uint32_t insn)
{
	uint32_t *p = (uint32_t *)(vm->ram + CODE - RAM);

	p[0] = insn;
	p[1] = vm->a32 ? A32_STR_R9_R11 : A64_STR_W30_X29;
	p[2] = vm->a32 ? A32_B_SELF : A64_B_SELF;
}

static inline void vm_start(struct vm *vm, bool a32, uint32_t insn)
{
	vm_create(vm, a32);
	vcpu_init(vm);
	regs_init(vm);
	code(vm, insn);
}

static inline void vm_destroy(struct vm *vm)
{
	munmap(vm->run, vm->run_size);
	close(vm->vcpu);
	close(vm->fd);
	munmap(vm->ram, RAM_SIZE);
	munmap(vm->ro, RO_SIZE);
	if (vm->hivecs)
		munmap(vm->hivecs, RO_SIZE);
}

static inline int run(struct vm *vm)
{
	return ioctl(vm->vcpu, KVM_RUN, 0);
}

/* Run; 0 or the errno of KVM_RUN */
static inline int run_errno(struct vm *vm)
{
	return run(vm) < 0 ? errno : 0;
}

/* Run until the guest stores to DONE, having executed the instruction at pc */
static inline enum verdict expect_done(struct vm *vm, uint64_t pc)
{
	REQUIRE_EQ(run_errno(vm), 0);
	REQUIRE_EQ(vm->run->exit_reason, KVM_EXIT_MMIO);
	REQUIRE_EQ(vm->run->mmio.phys_addr, DONE);
	REQUIRE_EQ(get_reg(vm, PC), pc);
	return PASSED;
}

/* Run into a no-syndrome exit at ipa */
static inline enum verdict expect_nisv(struct vm *vm, uint64_t ipa)
{
	memset(run_nisv(vm->run), 0xa5, sizeof(struct arm_nisv));
	REQUIRE_EQ(run_errno(vm), 0);
	REQUIRE_EQ(vm->run->exit_reason, EXIT_ARM_NISV);
	REQUIRE_EQ(run_nisv(vm->run)->fault_ipa, ipa);
	return PASSED;
}

/* Set the events; 0 or the errno */
static inline int set_events(struct vm *vm, struct kvm_vcpu_events *ev)
{
	return ioctl(vm->vcpu, KVM_SET_VCPU_EVENTS, ev) < 0 ? errno : 0;
}

static inline void ext_dabt(struct kvm_vcpu_events *ev)
{
	((uint8_t *)ev)[EVENT_EXT_DABT_BYTE] = 1;
}

static inline int inject(struct vm *vm)
{
	struct kvm_vcpu_events ev = {};

	ext_dabt(&ev);
	return set_events(vm, &ev);
}

/*
 * Stage 1 on, 4K granule, long descriptors: TTBR0 maps 1 GiB blocks, RAM at its
 * place and the lowest gigabyte, where the holes are, 2 GiB above its place. In
 * AArch32 the upper 2 GiB are TTBR1's, which has the rest of the same table.
 */
#define VA_OFFSET	0x80000000UL
#define TTBR1_VA	GUEST(0xffffff8000000000UL, 0x80000000UL)
#define DESC_BLOCK	0x1ULL
#define DESC_AF		(1ULL << 10)
#define DESC_SH		(3ULL << 8)
#define DESC_NORMAL	(1ULL << 2)	/* AttrIndx 1 */
#define DESC_RW_ALL	(1ULL << 6)
#define DESC_RO_ALL	(3ULL << 6)
#define DESC_XN		(3ULL << 53)
/* T0SZ = T1SZ = 25, write-back, inner shareable, TG1 4K, 40 bits; T1SZ = 1, the same */
#define TCR		GUEST(0x2b5193519UL, TTBCR_EAE | 0x35013500UL)

static inline void mmu_on(struct vm *vm)
{
	uint64_t *l1 = (uint64_t *)(vm->ram + TABLES - RAM);

	l1[0] = 0 | DESC_AF | DESC_BLOCK | DESC_XN;
	l1[1] = 0x40000000UL | DESC_AF | DESC_SH | DESC_NORMAL | DESC_BLOCK;
	l1[2] = 0 | DESC_AF | DESC_BLOCK | DESC_XN;
	set_reg(vm, MAIR_EL1, 0xff00);
	set_reg(vm, TCR_EL1, TCR);
	set_reg(vm, TTBR0_EL1, TABLES);
	set_reg(vm, TTBR1_EL1, GUEST(TABLES, TABLES + 2 * sizeof(*l1)));
	set_reg(vm, SCTLR_EL1, get_reg(vm, SCTLR_EL1) | 0x1005);
}

/* Let EL0 in: to execute code, which EL1 must still be able to, and to the hole */
static inline void mmu_el0(struct vm *vm)
{
	uint64_t *l1 = (uint64_t *)(vm->ram + TABLES - RAM);

	l1[1] |= DESC_RO_ALL;
	l1[2] |= DESC_RW_ALL;
}

/* Where the handler of the abort that the guest has taken would return to */
static inline uint64_t abort_pc(struct vm *vm)
{
	return GUEST(get_reg(vm, ELR_EL1), get_reg(vm, LR_ABT) - 8);
}

/* Run all tests; the program's exit code is kselftest's */
static inline int run_tests(const struct test *tests, unsigned int n)
{
	unsigned int bad = 0, done = 0;

	setbuf(stdout, NULL);
	ksft_print_header();
	kvm_fd = open("/dev/kvm", O_RDWR);
	if (kvm_fd < 0) {
		printf("1..0 # SKIP /dev/kvm: %s\n", strerror(errno));
		return KSFT_SKIP;
	}
	printf("1..%u\n", n);

	for (unsigned int i = 0; i < n; i++) {
		switch (tests[i].fn()) {
		case PASSED:
			ksft_test_result_pass("%s\n", tests[i].name);
			done++;
			break;
		case SKIPPED_TEST:
			printf("ok %u %s # SKIP %s\n", i + 1, tests[i].name,
			       skip_reason);
			ksft_inc_xskip_cnt();
			break;
		default:
			ksft_test_result_fail("%s\n", tests[i].name);
			bad++;
		}
	}
	return bad ? KSFT_FAIL : done ? KSFT_PASS : KSFT_SKIP;
}

#endif
