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
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
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
#define CAP_ARM_VM_IPA_SIZE	165
#define CAP_ARM_SVE		170
#define CAP_ARM_MTE		205
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
#define ZCR_EL1		SYSREG(3, 0, 1, 2, 0)
#define TTBR0_EL1	SYSREG(3, 0, 2, 0, 0)
#define TTBR1_EL1	SYSREG(3, 0, 2, 0, 1)
#define TCR_EL1		SYSREG(3, 0, 2, 0, 2)
#define ESR_EL1		SYSREG(3, 0, 5, 2, 0)	/* AArch32: DFSR */
#define FAR_EL1		SYSREG(3, 0, 6, 0, 0)	/* AArch32: DFAR, IFAR */
#define MAIR_EL1	SYSREG(3, 0, 10, 2, 0)
#define VBAR_EL1	SYSREG(3, 0, 12, 0, 0)
#define ID_AA64PFR0_EL1	SYSREG(3, 0, 0, 4, 0)
#define ID_AA64ISAR0_EL1 SYSREG(3, 0, 0, 6, 0)
#define ID_AA64ISAR1_EL1 SYSREG(3, 0, 0, 6, 1)
#define ID_AA64MMFR0_EL1 SYSREG(3, 0, 0, 7, 0)
#define DACR		SYSREG(3, 4, 3, 0, 0)	/* DACR32_EL2 */
#define FPEXC		SYSREG(3, 4, 5, 3, 0)	/* FPEXC32_EL2 */
#define CPACR		CPACR_EL1

#define CORE_REG(member) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 |		\
			  KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(member))
#define X(n)		(CORE_REG(regs.regs[0]) + 2 * (n))
#define PC		CORE_REG(regs.pc)
#define PSTATE		CORE_REG(regs.pstate)
#define ELR_EL1		CORE_REG(elr_el1)
#define SPSR_EL1	CORE_REG(spsr[KVM_SPSR_EL1])
#define SP_EL0		CORE_REG(regs.sp)
#define SP_EL1		CORE_REG(sp_el1)
#define SPSR_ABT	CORE_REG(spsr[KVM_SPSR_ABT])
#define LR_ABT		X(20)
/* V0 to V31 */
#define NR_SIMD_REGS	32
#define SIMD_REG(n)	(((CORE_REG(fp_regs.vregs[0]) & ~KVM_REG_SIZE_MASK) |	\
			  KVM_REG_SIZE_U128) + 4 * (n))
#define SP_SVC		X(19)
/* Z0 to Z31, P0 to P15, FFR: those of a vCPU with SVE, where no V can be accessed */
#define VCPU_SVE	4
#define VCPU_FINALIZE	_IOW(KVMIO, 0xc2, int)
#define COPROC_SVE	(0x15ULL << KVM_REG_ARM_COPROC_SHIFT)
#define SVE_P0		(KVM_REG_ARM64 | KVM_REG_SIZE_U256 | COPROC_SVE | 0x400)
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
#define DACR		ARM_CP15_REG32(0, 3, 0, 0)
#define CPACR		ARM_CP15_REG32(0, 1, 0, 2)
#define FPEXC		(KVM_REG_ARM | KVM_REG_SIZE_U32 | KVM_REG_ARM_VFP | \
			 KVM_REG_ARM_VFP_FPEXC)

#define CORE_REG(member) (KVM_REG_ARM | KVM_REG_SIZE_U32 |		\
			  KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(member))
#define X(n)		(CORE_REG(usr_regs) + (n))
#define PC		X(15)
#define PSTATE		X(16)
#define LR_ABT		CORE_REG(abt_regs[1])
#define NR_SIMD_REGS	0
#define SIMD_REG(n)	0
#define SPSR_ABT	CORE_REG(abt_regs[2])
#define SP_SVC		CORE_REG(svc_regs[0])
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
#define PSTATE_A32	0x010
#define PSTATE_T	0x020
#define PSTATE_E	0x200
#define PSTATE_F	0x040
#define PSTATE_DAIF	0x3c0
#define PSTATE_A	0x100
#define PSTATE_I	0x080
#define PSTATE_NZCV	0xf0000000UL
#define PSTATE_TCO	BIT(25)
#define PSTATE_DIT	BIT(24)		/* AArch32 has it in bit 21 of its own SPSRs */
#define PSTATE_UAO	BIT(23)
#define PSTATE_PAN	BIT(22)
#define PSTATE_SS	BIT(21)
#define PSTATE_SSBS	BIT(12)
#define PSTATE_BTYPE	(3UL << 10)
#define A32_Q		BIT(27)
#define A32_SSBS	BIT(23)
#define A32_DIT		BIT(21)
#define A32_GE		(15UL << 16)

/* What the tests run the guest in, mostly: EL1, everything masked; and EL0 */
#define AT_EL1		GUEST(EL1h | PSTATE_DAIF, A32_SVC | 0x1c0)
#define AT_EL0		GUEST(EL0t, A32_USR)

/* Where it takes an abort of its own, and of EL0, and an SError of its own */
#define VEC32_DABT	0x10
#define VEC_DABT	GUEST(0x200, VEC32_DABT)
#define VEC_IABT	GUEST(0x200, 0x0c)
#define VEC_DABT_EL0	GUEST(0x400, 0x10)
#define VEC_SERROR	GUEST(0x380, 0x10)

#define SCTLR_M_C_I	0x1005UL
#define SCTLR_V		BIT(13)
#define SCTLR_DZE	BIT(14)
#define SCTLR_SPAN	BIT(23)
#define SCTLR_E0E	BIT(24)
#define SCTLR_EE	BIT(25)
#define SCTLR_TE	BIT(30)		/* AArch32 */
#define SCTLR_A32_DSSBS	BIT(31)
#define SCTLR_DSSBS	(1ULL << 44)

/* ESR_ELx */
#define ESR_EC_SHIFT	26
#define EC_MASK		(0x3fUL << ESR_EC_SHIFT)
#define EC_UNKNOWN	0x00UL
#define EC_IABT_CUR	0x21UL
#define EC_DABT_LOW	0x24UL
#define EC_DABT_CUR	0x25UL
#define ESR_IL		BIT(25)
#define ISS_CM		BIT(8)
#define ISS_WNR		BIT(6)
#define ISS_FSC		0x3fUL
#define FSC_TYPE	0x3cUL
#define FSC_LEVEL	0x03UL
#define FSC_TRANSLATION	0x04UL
#define FSC_PERMISSION	0x0cUL
#define FSC_EXTERNAL	0x10UL
#define FSC_EXTERNAL_WALK 0x14UL

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
#define PAIR_LOAD	GUEST(0xa9401143U, A32_PAIR_LOAD) /* ldp x3, x4, [x10]; ldm r10, {r3, r4} */
#define A32_PAIR_LOAD	0xe89a0018U		/* ldm r10, {r3, r4} */
#define PAIR_STORE	GUEST(0xa9001143U, 0xe88a0018U)	/* stp x3, x4, [x10]; stm r10, {r3, r4} */
/* and with one: */
#define LOAD		GUEST(0xb9400143U, 0xe59a3000U)	/* ldr w3, [x10]; ldr r3, [r10] */
#define LOAD_HALF	GUEST(0x79400143U, 0xe1da30b0U)	/* ldrh w3, [x10]; ldrh r3, [r10] */
#define STORE		GUEST(0xb9000143U, 0xe58a3000U)	/* str w3, [x10]; str r3, [r10] */
/* No accesses: */
#define BRANCH		GUEST(0xd61f0140U, 0xe12fff1aU)	/* br x10; bx r10 */
#define CLEAN_LINE	GUEST(0xd50b7e2aU, 0xee07af3eU)	/* dc civac, x10; DCCIMVAC r10 */
#define BRANCH_SELF	GUEST(A64_B_SELF, A32_B_SELF)
#define BRANCH_BACK	GUEST(0x17ffffffU, 0xeafffffdU)	/* b . - 4 */
#define COUNT		GUEST(0x91000400U, 0xe2800001U)	/* add x0, x0, #1; add r0, r0, #1 */
#define HVC		GUEST(0xd4000002U, 0xe1400070U)	/* hvc #0 */

struct vm {
	int fd;
	int vcpu;
	struct kvm_run *run;
	size_t run_size;
	uint8_t *ram, *ro, *hivecs;
	bool a32;		/* AArch32 at EL1, as always on a 32-bit host */
	bool sve, mte;		/* what its vCPUs have */
	struct kvm_reg_list *regs;	/* see state_save() */
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

/* For a register that there may not be, or a value that it may not take */
static inline int try_set_reg(struct vm *vm, uint64_t id, uint64_t val)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&val };

	return ioctl(vm->vcpu, KVM_SET_ONE_REG, &reg);
}

static inline void set_reg(struct vm *vm, uint64_t id, uint64_t val)
{
	must(try_set_reg(vm, id, val), "KVM_SET_ONE_REG");
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

static inline bool has_el1_32bit(void)
{
	return GUEST(ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_EL1_32BIT) > 0,
		     true);
}

/* What a vCPU of the VM is initialised with */
static inline struct kvm_vcpu_init vcpu_target(struct vm *vm)
{
	struct kvm_vcpu_init init;

	must(ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init),
	     "KVM_ARM_PREFERRED_TARGET");
	init.features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2;
#ifdef __aarch64__
	if (vm->a32)
		init.features[0] |= 1U << KVM_ARM_VCPU_EL1_32BIT;
	if (vm->sve)
		init.features[0] |= 1U << VCPU_SVE;
#endif
	return init;
}

/* With these features as well */
static inline void vcpu_init_with(struct vm *vm, uint32_t features)
{
	struct kvm_vcpu_init init = vcpu_target(vm);

	init.features[0] |= features;
	must(ioctl(vm->vcpu, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT");
#ifdef __aarch64__
	int sve = VCPU_SVE;

	if (vm->sve)
		must(ioctl(vm->vcpu, VCPU_FINALIZE, &sve), "KVM_ARM_VCPU_FINALIZE");
#endif
}

static inline void vcpu_init(struct vm *vm)
{
	vcpu_init_with(vm, 0);
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

/* Are vCPUs to have SVE, if they can? NISV_VCPU in the environment says so */
static bool sve_wanted;

/* The type of a protected VM, in kernels that have those */
#define VM_PROTECTED	BIT(31)

/* Why there are none, or NULL */
static inline const char *no_protected_vms(void)
{
	int fd = ioctl(kvm_fd, KVM_CREATE_VM, VM_PROTECTED);

	if (fd < 0)
		return "this kernel has no protected VMs, or is not in protected mode";
	close(fd);
	return NULL;
}

/*
 * A VM with its memory and vectors, and a vCPU that is not initialised. type is that
 * of KVM_CREATE_VM. A protected VM has no read-only memslot, and its memory is its own
 * as soon as it has used it.
 */
static inline void vm_create_type(struct vm *vm, bool a32, unsigned long type, bool mte)
{
	bool protected = type & VM_PROTECTED;

	a32 = GUEST(a32, true);
	*vm = (struct vm){ .a32 = a32, .sve = sve_wanted && !a32 && !protected, .mte = mte };

	vm->fd = must(ioctl(kvm_fd, KVM_CREATE_VM, type), "KVM_CREATE_VM");
	if (mte)
		must(enable_cap(vm->fd, CAP_ARM_MTE), "KVM_CAP_ARM_MTE");
	vm->ram = must_map(RAM_SIZE, -1);
	vm->ro = must_map(RO_SIZE, -1);
	vectors_init(vm, (uint32_t *)(vm->ram + VECTORS - RAM));
	add_slot(vm, 0, 0, RAM, RAM_SIZE, vm->ram);
	if (!protected)
		add_slot(vm, 1, KVM_MEM_READONLY, RO, RO_SIZE, vm->ro);
	if (a32) {
		vm->hivecs = must_map(RO_SIZE, -1);
		vectors_init(vm, (uint32_t *)vm->hivecs);
		add_slot(vm, 2, 0, HIVECS, RO_SIZE, vm->hivecs);
	}
	vcpu_create(vm);
}

static inline void vm_create(struct vm *vm, bool a32)
{
	vm_create_type(vm, a32, 0, false);
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

static inline void vm_start_type(struct vm *vm, bool a32, unsigned long type, bool mte,
				 uint32_t insn)
{
	vm_create_type(vm, a32, type, mte);
	vcpu_init(vm);
	regs_init(vm);
	code(vm, insn);
}

static inline void vm_start(struct vm *vm, bool a32, uint32_t insn)
{
	vm_start_type(vm, a32, 0, false, insn);
}

/* Another vCPU of the VM, which shares all but that: give it back first */
static inline struct vm vcpu_add(struct vm *vm, unsigned int id)
{
	struct vm other = *vm;

	other.regs = NULL;
	other.vcpu = must(ioctl(vm->fd, KVM_CREATE_VCPU, id), "KVM_CREATE_VCPU");
	other.run = must_map(vm->run_size, other.vcpu);
	return other;
}

static inline void vcpu_remove(struct vm *other)
{
	munmap(other->run, other->run_size);
	close(other->vcpu);
	free(other->regs);
}

static inline void vm_destroy(struct vm *vm)
{
	munmap(vm->run, vm->run_size);
	close(vm->vcpu);
	close(vm->fd);
	munmap(vm->ram, RAM_SIZE);
	munmap(vm->ro, RO_SIZE);
	free(vm->regs);
	if (vm->hivecs)
		munmap(vm->hivecs, RO_SIZE);
}

static inline int run(struct vm *vm)
{
	return ioctl(vm->vcpu, KVM_RUN, 0);
}

/* Signals of this kind interrupt KVM_RUN, and do no more */
static inline void nop_handler(int sig)
{
	(void)sig;
}

static inline void signal_interrupts(int sig)
{
	struct sigaction sa = { .sa_handler = nop_handler };

	must(sigaction(sig, &sa, NULL), "sigaction");
}

/* What threads share */
#define LOAD_SHARED(var)	__atomic_load_n(&(var), __ATOMIC_ACQUIRE)
#define STORE_SHARED(var, val)	__atomic_store_n(&(var), val, __ATOMIC_RELEASE)

/* A thread that calls step for a vCPU over and over, until it is stopped */
struct runner {
	struct vm *vm;
	enum verdict (*step)(struct vm *vm);
	pthread_t thread;
	bool stop;
	enum verdict verdict;
};

static inline void *runner_loop(void *arg)
{
	struct runner *r = arg;

	while (!LOAD_SHARED(r->stop) && r->verdict == PASSED)
		STORE_SHARED(r->verdict, r->step(r->vm));
	return NULL;
}

static inline void runner_start(struct runner *r)
{
	signal_interrupts(SIGUSR1);
	must(-pthread_create(&r->thread, NULL, runner_loop, r), "pthread_create");
}

/* Wait for a counter to come to n: false if the runner ends before, or in 20 s */
static inline bool runner_reaches(struct runner *r, unsigned long *counter, unsigned long n)
{
	time_t end = time(NULL) + 20;

	while (LOAD_SHARED(*counter) < n) {
		if (LOAD_SHARED(r->verdict) != PASSED || time(NULL) > end)
			return false;
		usleep(100);
	}
	return true;
}

static inline enum verdict runner_stop(struct runner *r)
{
	STORE_SHARED(r->stop, true);
	r->vm->run->immediate_exit = 1;
	pthread_kill(r->thread, SIGUSR1);
	pthread_join(r->thread, NULL);
	r->vm->run->immediate_exit = 0;
	return r->verdict;
}

/* Run; 0 or the errno of KVM_RUN */
static inline int run_errno(struct vm *vm)
{
	return run(vm) < 0 ? errno : 0;
}

/* Complete what the last exit has left to do, and run no instruction */
static inline enum verdict settle(struct vm *vm)
{
	int err;

	vm->run->immediate_exit = 1;
	err = run_errno(vm);
	vm->run->immediate_exit = 0;
	REQUIRE_EQ(err, EINTR);
	return PASSED;
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
 * A kernel that enters an exception only when the vCPU runs, and is still at pc,
 * breaks I3, which has tests of its own; have it do so, to see how it does in other
 * rows.
 */
static inline enum verdict entered(struct vm *vm, uint64_t pc)
{
	return get_reg(vm, PC) == pc ? settle(vm) : PASSED;
}

static inline int inject_and_enter(struct vm *vm)
{
	uint64_t pc = get_reg(vm, PC);
	int err = inject(vm);

	if (err)
		return err;
	return entered(vm, pc) == PASSED ? 0 : EIO;
}

/*
 * Stage 1: a flat table for the first 4 GiB. The lower half is at its place, RAM
 * as memory that may be executed and not written, all else as a device; the upper
 * half is the lower once more, all of it as memory that may be read and written.
 * EL0 may do what EL1 may. In AArch32 with long descriptors, the upper half is
 * TTBR1's.
 */
enum mmu { MMU_OFF, MMU_4K, MMU_16K, MMU_64K, MMU_SHORT, MMU_LONG };

#define VA_OFFSET	0x80000000UL
#define TTBR1_VA	GUEST(0xffffff8000000000UL, 0x80000000UL)
#define DESC_BLOCK	0x1ULL
#define DESC_AF		(1ULL << 10)
#define DESC_SH		(3ULL << 8)
#define DESC_NORMAL	(1ULL << 2)	/* AttrIndx 1 */
#define DESC_RW_ALL	(1ULL << 6)
#define DESC_RO_ALL	(3ULL << 6)
#define DESC_XN		(3ULL << 53)
#define SECTION		0x2U		/* the short descriptor of 1 MiB */
#define SECTION_XN	BIT(4)
#define SECTION_RW_ALL	(3U << 10)
#define SECTION_RO_ALL	(3U << 10 | 1U << 15)
#define SECTION_DEVICE	BIT(2)
#define SECTION_NORMAL	(BIT(2) | BIT(3) | BIT(12) | BIT(16))

struct mmu_regime {
	unsigned int shift;	/* of a block's or a section's size */
	uint64_t tcr;
};

static inline const struct mmu_regime *mmu_regime(enum mmu mmu)
{
	/* Walks are write-back and inner shareable, IPAs have 40 bits */
	static const struct mmu_regime regimes[] = {
		/* T0SZ = T1SZ = 25 */
		[MMU_4K] = { 30, 0x2b5193519ULL },
		/* one level, T0SZ = 28 and 25, EPD1 */
		[MMU_16K] = { 25, 0x20080b51cULL },
		[MMU_64K] = { 29, 0x200807519ULL },
		[MMU_SHORT] = { 20, 0 },
		/* T0SZ = 0, T1SZ = 1 */
		[MMU_LONG] = { 30, TTBCR_EAE | 0x35013500UL },
	};

	return &regimes[mmu];
}

/* Big-endian: data accesses at every exception level, and table walks */
static inline void mmu_start(struct vm *vm, enum mmu mmu, bool big)
{
	const struct mmu_regime *regime = mmu_regime(mmu);
	uint64_t sctlr = get_reg(vm, SCTLR_EL1) & ~(SCTLR_EE | SCTLR_E0E);
	void *table = vm->ram + TABLES - RAM;

	if (big)
		sctlr |= vm->a32 ? SCTLR_EE : SCTLR_EE | SCTLR_E0E;
	if (mmu == MMU_OFF) {
		set_reg(vm, SCTLR_EL1, sctlr);
		return;
	}

	for (uint64_t i = 0; i < 1ULL << (32 - regime->shift); i++) {
		uint64_t va = i << regime->shift;
		uint64_t pa = va & ~VA_OFFSET;
		bool exec = va >= RAM && va < VA_OFFSET;
		bool normal = exec || va >= VA_OFFSET;

		if (mmu == MMU_SHORT) {
			uint32_t d = SECTION | pa;

			d |= normal ? SECTION_NORMAL : SECTION_DEVICE;
			d |= exec ? SECTION_RO_ALL : SECTION_RW_ALL | SECTION_XN;
			((uint32_t *)table)[i] = big ? __builtin_bswap32(d) : d;
		} else {
			uint64_t d = DESC_BLOCK | DESC_AF | pa;

			d |= normal ? DESC_NORMAL | DESC_SH : 0;
			d |= exec ? DESC_RO_ALL : DESC_RW_ALL | DESC_XN;
			((uint64_t *)table)[i] = big ? __builtin_bswap64(d) : d;
		}
	}
	if (mmu == MMU_SHORT) {
		set_reg(vm, DACR, 1);
		/* the walk: write-back, shareable */
		set_reg(vm, TTBR0_EL1, TABLES | 0x4a);
	} else {
		set_reg(vm, MAIR_EL1, 0xff00);
		set_reg(vm, TTBR0_EL1, TABLES);
		set_reg(vm, TTBR1_EL1, mmu == MMU_LONG ? TABLES + 16 : TABLES);
	}
	set_reg(vm, TCR_EL1, regime->tcr);
	set_reg(vm, SCTLR_EL1, sctlr | SCTLR_M_C_I);
}

static inline void mmu_on(struct vm *vm)
{
	mmu_start(vm, vm->a32 ? MMU_LONG : MMU_4K, false);
}

/* Where the handler of the abort that the guest has taken would return to */
static inline uint64_t abort_pc(struct vm *vm)
{
	return GUEST(get_reg(vm, ELR_EL1), get_reg(vm, LR_ABT) - 8);
}

static inline bool has_reg(struct vm *vm, uint64_t id)
{
	uint8_t val[256];
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)val };

	return !ioctl(vm->vcpu, KVM_GET_ONE_REG, &reg);
}

/*
 * Until v5.2 a register is listed for each word of struct kvm_regs, as one of 64 bits.
 * Most do not exist, and those that have another size are not among them.
 */
static inline void reg_list_core(struct vm *vm, struct kvm_reg_list *list)
{
	const uint64_t words = list->n;

	list->n = 0;
	for (uint64_t i = 0; i < words; i++)
		if (has_reg(vm, list->reg[i]))
			list->reg[list->n++] = list->reg[i];
	if (list->n == words)
		return;
	for (int i = 0; i < NR_SIMD_REGS && list->n < words; i++)
		if (has_reg(vm, SIMD_REG(i)))
			list->reg[list->n++] = SIMD_REG(i);
}

/* The ids of all registers of the vCPU; to be freed */
static inline struct kvm_reg_list *reg_list(struct vm *vm)
{
	struct kvm_reg_list probe = {}, *list;

	ioctl(vm->vcpu, KVM_GET_REG_LIST, &probe);
	list = calloc(1, sizeof(*list) + probe.n * sizeof(list->reg[0]));
	must(list ? 0 : -1, "calloc");
	list->n = probe.n;
	must(ioctl(vm->vcpu, KVM_GET_REG_LIST, list), "KVM_GET_REG_LIST");
	reg_list_core(vm, list);
	return list;
}

/*
 * What the guest can see of itself that an exit must leave alone, and an abort
 * must change as the architecture says: all general-purpose registers, banked ones
 * and SIMD or SVE included, PC, PSTATE, and the registers of the last fault.
 */
#define STATE_REGS 112

struct state {
	uint64_t val[STATE_REGS][32];	/* the longest are 2048 bits, of SVE */
	uint64_t pstate_mask;
};

static inline bool is_state_reg(uint64_t id)
{
	uint64_t coproc = id & KVM_REG_ARM_COPROC_MASK;

#ifdef __aarch64__
	/* not the vector lengths that a vCPU may have */
	if (coproc == COPROC_SVE)
		return (id & KVM_REG_SIZE_MASK) != KVM_REG_SIZE_U512;
#endif
	return coproc == KVM_REG_ARM_CORE || id == ESR_EL1 || id == FAR_EL1;
}

static inline void state_regs(struct vm *vm)
{
	unsigned int n = 0;

	vm->regs = reg_list(vm);
	for (uint64_t i = 0; i < vm->regs->n; i++) {
		uint64_t id = vm->regs->reg[i];

		if (is_state_reg(id))
			vm->regs->reg[n++] = id;
	}
	vm->regs->n = n;
	must(n > STATE_REGS ? -1 : 0, "more registers than STATE_REGS");
}

static inline void state_save(struct vm *vm, struct state *s)
{
	if (!vm->regs)
		state_regs(vm);
	*s = (struct state){ .pstate_mask = ~0ULL };
	for (uint64_t i = 0; i < vm->regs->n; i++) {
		struct kvm_one_reg reg = {
			.id = vm->regs->reg[i],
			.addr = (uintptr_t)s->val[i],
		};

		must(ioctl(vm->vcpu, KVM_GET_ONE_REG, &reg), "KVM_GET_ONE_REG");
	}
}

/* From the state now to the state s: what differs is set */
static inline void state_load(struct vm *vm, const struct state *now, const struct state *s)
{
	for (uint64_t i = 0; i < vm->regs->n; i++) {
		struct kvm_one_reg reg = {
			.id = vm->regs->reg[i],
			.addr = (uintptr_t)s->val[i],
		};

		if (memcmp(now->val[i], s->val[i], sizeof(s->val[i])))
			must(ioctl(vm->vcpu, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG");
	}
}

static inline uint64_t *state_reg(struct vm *vm, struct state *s, uint64_t id)
{
	for (uint64_t i = 0; i < vm->regs->n; i++)
		if (vm->regs->reg[i] == id)
			return s->val[i];
	ksft_exit_fail_msg("no register 0x%llx\n", (unsigned long long)id);
	return NULL;
}

/*
 * Is the guest in the state s, but for what the instruction may have loaded? s is
 * then the state that it is in.
 */
static inline enum verdict state_is_but(struct vm *vm, struct state *s,
					bool (*loaded)(uint64_t id))
{
	struct state now;

	state_save(vm, &now);
	for (uint64_t i = 0; i < vm->regs->n; i++) {
		uint64_t id = vm->regs->reg[i];
		uint64_t mask = id == PSTATE ? s->pstate_mask : ~0ULL;

		if (loaded && loaded(id))
			continue;
		for (unsigned int j = 0; j < ARRAY_SIZE(now.val[i]); j++)
			REQUIRE(!((now.val[i][j] ^ s->val[i][j]) & mask),
				"register 0x%llx is 0x%016llx, not 0x%016llx, from bit %u",
				(unsigned long long)id,
				(unsigned long long)now.val[i][j],
				(unsigned long long)s->val[i][j], 64 * j);
	}
	*s = now;
	return PASSED;
}

static inline enum verdict state_is(struct vm *vm, struct state *s)
{
	return state_is_but(vm, s, NULL);
}

/*
 * PSTATE when an abort has been taken with the old one, in every bit (Arm ARM,
 * AArch64.TakeException() and AArch32.EnterMode()). None is one that the CPU does not
 * have, as long as neither old nor SCTLR has such.
 */
static inline uint64_t abort_pstate(struct vm *vm, uint64_t old)
{
	uint64_t sctlr = get_reg(vm, SCTLR_EL1), new;

	new = old & (PSTATE_NZCV | PSTATE_DIT | PSTATE_PAN);
	if (vm->a32) {
		new |= old & (A32_Q | A32_GE | PSTATE_F);
		new |= A32_ABT | PSTATE_A | PSTATE_I;
		new |= sctlr & SCTLR_EE ? PSTATE_E : 0;
		new |= sctlr & SCTLR_TE ? PSTATE_T : 0;
		new |= sctlr & SCTLR_A32_DSSBS ? A32_SSBS : 0;
	} else {
		new |= PSTATE_DAIF | EL1h;
		new |= vm->mte ? PSTATE_TCO : 0;
		new |= sctlr & SCTLR_DSSBS ? PSTATE_SSBS : 0;
	}
	/* In ARMv7, SPAN reads as 1 */
	return new | (sctlr & SCTLR_SPAN ? 0 : PSTATE_PAN);
}

/* What AArch32 sees of it in its SPSR */
static inline uint64_t a32_spsr(uint64_t pstate)
{
	return GUEST(pstate & PSTATE_DIT ? (pstate & ~PSTATE_DIT) | A32_DIT : pstate, pstate);
}

/* Take an external data abort at the virtual address far (Arm ARM, D1.3 and G1.12) */
static inline void state_abort(struct vm *vm, struct state *s, uint64_t far)
{
	uint64_t *pstate = state_reg(vm, s, PSTATE), old = *pstate;
	uint64_t *pc = state_reg(vm, s, PC);
	uint64_t *fault = state_reg(vm, s, FAR_EL1);

	*pstate = abort_pstate(vm, old);
	if (vm->a32) {
		*state_reg(vm, s, LR_ABT) = *pc + 8;
		*state_reg(vm, s, SPSR_ABT) = a32_spsr(old);
		*state_reg(vm, s, ESR_EL1) = get_reg(vm, TCR_EL1) & TTBCR_EAE ?
					     DFSR_EXT_LONG : DFSR_EXT_SHORT;
		/* Where the host is arm64, the upper half is IFAR */
		*fault = (*fault & ~0xffffffffULL) | far;
		*pc = (get_reg(vm, SCTLR_EL1) & SCTLR_V ? HIVECS : get_reg(vm, VBAR_EL1)) +
		      VEC32_DABT;
		return;
	}
#ifdef __aarch64__
	bool a32 = old & PSTATE_A32, el0 = a32 || !(old & EL1t);

	*state_reg(vm, s, ELR_EL1) = *pc;
	*state_reg(vm, s, SPSR_EL1) = old;
	*state_reg(vm, s, ESR_EL1) = (el0 ? EC_DABT_LOW : EC_DABT_CUR) << ESR_EC_SHIFT |
				     ESR_IL | FSC_EXTERNAL;
	*fault = far;
	*pc = get_reg(vm, VBAR_EL1) +
	      (a32 ? 0x600 : el0 ? 0x400 : (old & 0xf) == EL1h ? 0x200 : 0);
#endif
}

/*
 * In the state s, inject; all that the guest sees is an external data abort at far,
 * whose handler runs from its start (I1, I2, I5). s is then the state at the exit
 * that the handler makes. FAR_UNKNOWN: at the address of whatever abort KVM handled
 * last, which may have been for a fetch.
 */
#define FAR_UNKNOWN	0xbadbad5UL

static inline enum verdict takes_abort(struct vm *vm, struct state *s, uint64_t far)
{
	uint64_t pc;

	REQUIRE_EQ(inject_and_enter(vm), 0);
	if (far == FAR_UNKNOWN)
		far = get_reg(vm, FAR_EL1) & (vm->a32 ? 0xffffffffUL : ~0UL);
	state_abort(vm, s, far);
	pc = *state_reg(vm, s, PC);
	TRY(state_is(vm, s));
	TRY(expect_done(vm, pc));
	return state_is(vm, s);
}

/* An interrupt controller whose first frame is at GIC_DIST */
static inline bool create_vgic(struct vm *vm)
{
	static const struct {
		uint32_t type;
		struct { uint64_t attr, addr; } frame[2];
	} gics[] = {
		{ KVM_DEV_TYPE_ARM_VGIC_V3, {
			{ KVM_VGIC_V3_ADDR_TYPE_DIST, GIC_DIST },
			{ KVM_VGIC_V3_ADDR_TYPE_REDIST, GIC_DIST + 0x100000 } } },
		{ KVM_DEV_TYPE_ARM_VGIC_V2, {
			{ KVM_VGIC_V2_ADDR_TYPE_DIST, GIC_DIST },
			{ KVM_VGIC_V2_ADDR_TYPE_CPU, GIC_DIST + 0x100000 } } },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(gics); i++) {
		struct kvm_create_device dev = { .type = gics[i].type };
		struct kvm_device_attr init = {
			.group = KVM_DEV_ARM_VGIC_GRP_CTRL,
			.attr = KVM_DEV_ARM_VGIC_CTRL_INIT,
		};

		if (ioctl(vm->fd, KVM_CREATE_DEVICE, &dev))
			continue;
		for (unsigned int j = 0; j < 2; j++) {
			uint64_t addr = gics[i].frame[j].addr;
			struct kvm_device_attr set = {
				.group = KVM_DEV_ARM_VGIC_GRP_ADDR,
				.attr = gics[i].frame[j].attr,
				.addr = (uintptr_t)&addr,
			};

			must(ioctl(dev.fd, KVM_SET_DEVICE_ATTR, &set),
			     "vGIC address");
		}
		must(ioctl(dev.fd, KVM_SET_DEVICE_ATTR, &init), "vGIC init");
		close(dev.fd);
		return true;
	}
	return false;
}

/* The kernel's log from where the program has started, if it may be read */
static int klog_fd = -1;

/* TAINT_WARN, since the kernel has started */
static inline enum verdict not_tainted(void)
{
	FILE *f = fopen("/proc/sys/kernel/tainted", "r");
	unsigned long tainted = 0;

	if (!f || fscanf(f, "%lu", &tainted) != 1)
		SKIP("/proc/sys/kernel/tainted: %s", strerror(errno));
	fclose(f);
	REQUIRE(!(tainted & BIT(9)), "the kernel has warned, see its log");
	return PASSED;
}

/* Nor has it said, since the program has started, what sanitizers say of errors */
static inline enum verdict no_warning(void)
{
	static const char * const signs[] = {
		"WARNING: ", "BUG: ", "UBSAN: ", "INFO: task", "INFO: rcu", "rcu: INFO",
	};
	unsigned int found = 0;
	char line[2048];
	ssize_t n;

	TRY(not_tainted());
	if (klog_fd < 0)
		SKIP("/dev/kmsg cannot be read");
	while ((n = read(klog_fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		char *text;

		if (n <= 0)
			continue;
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		text = strchr(line, ';');
		for (unsigned int i = 0; text && i < ARRAY_SIZE(signs); i++) {
			if (!strstr(text, signs[i]))
				continue;
			ksft_print_msg("%s\n", text + 1);
			found++;
		}
	}
	REQUIRE_EQ(found, 0);
	return PASSED;
}

/* How many tests follow; do they exist at all here? */
static inline bool tests_start(unsigned int n)
{
	const char *vcpu = getenv("NISV_VCPU");

	setbuf(stdout, NULL);
	ksft_print_header();
	klog_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	lseek(klog_fd, 0, SEEK_END);
	kvm_fd = open("/dev/kvm", O_RDWR);
	if (kvm_fd < 0) {
		printf("1..0 # SKIP /dev/kvm: %s\n", strerror(errno));
		return false;
	}
	/*
	 * One VM is there all the time: the first that comes and the last that goes have
	 * the kernel patch its code (preempt notifiers), and QEMU's TCG, with more than
	 * one CPU, now and then goes on with the old.
	 */
	must(ioctl(kvm_fd, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	if (vcpu && strcmp(vcpu, "sve"))
		ksft_exit_fail_msg("NISV_VCPU=%s: it may be sve\n", vcpu);
	if (vcpu && !has_cap(kvm_fd, CAP_ARM_SVE)) {
		printf("1..0 # SKIP this CPU has no SVE, or KVM not for guests\n");
		return false;
	}
	sve_wanted = vcpu;
	printf("1..%u\n", n);
	return true;
}

static unsigned int tests_passed, tests_failed, tests_ended;

static inline void test_result(const char *name, enum verdict v)
{
	tests_ended++;
	switch (v) {
	case PASSED:
		ksft_test_result_pass("%s\n", name);
		tests_passed++;
		break;
	case SKIPPED_TEST:
		/* not every tree's ksft_test_result_skip() gives a reason */
		printf("ok %u %s # SKIP %s\n", tests_ended, name, skip_reason);
		ksft_inc_xskip_cnt();
		break;
	default:
		ksft_test_result_fail("%s\n", name);
		tests_failed++;
	}
}

/* The program's exit code, which is kselftest's */
static inline int tests_end(void)
{
	return tests_failed ? KSFT_FAIL : tests_passed ? KSFT_PASS : KSFT_SKIP;
}

/*
 * From then on KVM_RUN fails with EINTR each second: a guest that KVM does not let go, as
 * v7.3 does in a walk beyond the IPA space, fails one test and not all that follow. 0: never
 */
static inline void interrupt_after(unsigned int seconds)
{
	const struct itimerval timer = { .it_value.tv_sec = seconds, .it_interval.tv_sec = 1 };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* With an argument, only tests that have it in their name */
static inline int run_tests(const struct test *tests, unsigned int n, int argc, char **argv)
{
	const char *part = argc > 1 ? argv[1] : "";
	unsigned int chosen = 0;

	for (unsigned int i = 0; i < n; i++)
		chosen += !!strstr(tests[i].name, part);
	if (!tests_start(chosen))
		return KSFT_SKIP;
	signal_interrupts(SIGALRM);
	for (unsigned int i = 0; i < n; i++) {
		if (!strstr(tests[i].name, part))
			continue;
		interrupt_after(60);
		test_result(tests[i].name, tests[i].fn());
	}
	return tests_end();
}

#endif
