/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * libnisv: carry out, in a VMM, an access that KVM on Arm cannot decode
 *
 * KVM_EXIT_ARM_NISV (Documentation/virt/kvm/api.rst, section 5) says
 * that a guest accessed an address outside all memslots, with an instruction that
 * ESR_EL2 does not describe (Arm ARM, DDI 0487, "ISS encoding for an exception from
 * a Data Abort", ISV). This library finds the instruction, decodes it and performs it
 * on the VMM's devices. If it refuses, it has not changed the vCPU.
 *
 *	nisv_kvm()	does all of it, for a VMM that uses KVM's ioctls
 *	nisv_access()	the same, for a VMM that keeps the registers elsewhere
 *	nisv_abort()	if it refuses: make the guest take an abort
 *	nisv_vgic_read(), nisv_vgic_write()	access the interrupt controller that KVM emulates
 *	nisv_decode()	one instruction word in, one description out
 *	nisv_text()	that description in assembler syntax
 *
 * No function allocates memory, keeps a pointer that it was given, or has state
 * outside its arguments, except for an index of instructions that is made when the library
 * is loaded. All may be called from any thread, but only one thread at a time may use a
 * struct nisv_cpu.
 *
 * This is version 1: a program built with this header works with every later
 * libnisv.so.1. Structures keep their sizes, and have reserved members that must be zero
 * for later additions. New values go to the end of enums, and new flags above the existing
 * ones. A program should treat values and flags that it does not know as unsupported.
 */
#ifndef NISV_H
#define NISV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NISV_API __attribute__((visibility("default")))

#define NISV_VERSION_MAJOR	1
#define NISV_VERSION_MINOR	1
#define NISV_VERSION_PATCH	0

/*
 * The result of a call. Negative: refused, and the vCPU is unchanged. nisv_strerror()
 * gives the reason in words. The VMM should then inject an external abort (struct
 * kvm_vcpu_events, ext_dabt_pending).
 */
enum nisv_result {
	NISV_DONE	= 0,
	/*
	 * Memory has changed since the exit: another vCPU has changed the code or the page
	 * tables, or there is now RAM where the access faulted. Nothing was done; run the
	 * vCPU again. (If that does not help, later calls do more, or return the reason.)
	 */
	NISV_AGAIN	= 1,

	/* The word */
	NISV_OTHER	= -1,	/* neither load nor store */
	NISV_UNALLOCATED = -2,	/* among the loads and stores, but unallocated */
	NISV_UNPREDICTABLE = -3,/* the architecture does not say what it does */
	NISV_NO_ACCESS	= -4,	/* a prefetch, or a non-fault load: it never faults */
	/* Recognised, but not carried out; also everything on a vCPU that has EL2 */
	NISV_UNSUPPORTED = -5,

	/* The vCPU */
	NISV_REGISTER	= -6,	/* a register could not be read or written */
	NISV_FETCH	= -7,	/* the instruction is not in the guest's RAM */
	NISV_WALK	= -8,	/* the guest's page tables do not map the data */
	NISV_ALIGNMENT	= -9,	/* a misaligned access that must be aligned */
	NISV_MISMATCH	= -10,	/* the instruction makes a different access */
	NISV_LIVELOCK	= -11,	/* exclusive loads without a store: nisv_access() */
	/* Unknown whether the other page may be accessed: it is clean, or PIE or POE decide */
	NISV_PERMISSIONS = -14,

	/* The VMM */
	NISV_NOTHING	= -12,	/* there is nothing at an accessed address */
	NISV_DEVICE	= -13,	/* the device refused */
	NISV_NOT_ATOMIC	= -15,	/* not a single access, as it must be: RAM, several devices */
};

/* Instruction sets */
enum nisv_isa {
	NISV_A64,
	NISV_A32,
	NISV_T32,
};

enum nisv_op {
	NISV_LOAD,
	NISV_STORE,
	/* Atomic: Rt gets the old value, memory a new one, computed from the old one and Rs */
	NISV_ADD,
	NISV_CLR,
	NISV_EOR,
	NISV_SET,
	NISV_SMAX,
	NISV_SMIN,
	NISV_UMAX,
	NISV_UMIN,
	NISV_SWP,
	NISV_CAS,	/* Rs is the expected value, then the old one; Rt is the new one */
	NISV_ZERO,	/* DC ZVA, DC GZVA: a block of zeros; STZG, STZ2G: 16 or 32 bytes */
	NISV_PREFETCH,	/* no access */
	NISV_MAINTAIN,	/* cache maintenance by address, in Rt: no access */
	/* Recognised, but not carried out; of the fields below only `family` is valid */
	NISV_NAMED,
	NISV_UNKNOWN,	/* accesses no memory, as far as the library knows */
	NISV_LOAD_TAG,	/* LDG: 0, as there are no tags */
	NISV_STORE_TAG,	/* STG, ST2G: dropped, as there are no tags; STZG is NISV_ZERO */
	NISV_COPY,	/* CPYP, CPYM, CPYE: Rn bytes at Rs to Rd, which is in rt */
	NISV_COPY_FORWARD, /* CPYFP, CPYFM, CPYFE */
	NISV_FILL,	/* SETP, SETM, SETE: Rn bytes at Rd become Rs */
	NISV_FILL_TAGGED, /* SETGP, SETGM, SETGE: tags are dropped, as there are none */
};

/*
 * The encodings, named after their tables in the Arm ARM, "Loads and Stores"
 * (A64: C4.1; A32: F4.1; T32: F3.1)
 */
enum nisv_family {
	NISV_NO_FAMILY,

	NISV_CASP,
	NISV_EXCLUSIVE_PAIR,
	NISV_EXCLUSIVE,
	NISV_ORDERED,
	NISV_COMPARE_SWAP,
	NISV_SIMD_MULTIPLE,
	NISV_SIMD_MULTIPLE_POST,
	NISV_SIMD_SINGLE,
	NISV_SIMD_SINGLE_POST,
	NISV_LITERAL,
	NISV_ORDERED_UNSCALED,
	NISV_TAGS,
	NISV_COPY_SET,
	NISV_PAIR_NO_ALLOCATE,
	NISV_PAIR_POST,
	NISV_PAIR_OFFSET,
	NISV_PAIR_PRE,
	NISV_UNSCALED,
	NISV_POST,
	NISV_UNPRIVILEGED,
	NISV_PRE,
	NISV_ATOMIC,
	NISV_64_BYTES,
	NISV_REGISTER_OFFSET,
	NISV_PAC,
	NISV_UNSIGNED,
	NISV_DC_ZVA,
	NISV_SVE,
	NISV_SME,

	/* A32 and T32 */
	NISV_A32_WORD_BYTE,	/* words and unsigned bytes */
	NISV_A32_EXTRA,		/* halfwords, signed bytes, LDRD and STRD */
	NISV_A32_SYNC,		/* exclusives, load-acquire and store-release */
	NISV_A32_MULTIPLE,	/* LDM, STM, PUSH, POP */
	NISV_A32_VFP,		/* VLDR, VSTR */
	NISV_A32_VFP_MULTIPLE,	/* VLDM, VSTM, VPUSH, VPOP */
	NISV_A32_SIMD,		/* VLD1 to VLD4, VST1 to VST4 */
	NISV_A32_PREFETCH,
	NISV_A32_TABLE_BRANCH,	/* TBB, TBH */
	NISV_A32_SYSTEM,	/* RFE, SRS, LDC, STC, and LDM that returns */
	NISV_T32_SINGLE,	/* what A32 has in two tables */

	/* All instruction sets */
	NISV_CACHE,		/* DC and IC by address */

	/* A64 */
	NISV_RCPC3,		/* LDIAPP, STILP, LDAP1, STL1, LDAPR and STLR with writeback */
	NISV_LSE128,		/* LDCLRP, LDSETP, SWPP */
	NISV_RCW,		/* FEAT_THE: RCWCAS, RCWCLR, RCWSWP, RCWSET and their pairs */
	NISV_LSUI,		/* unprivileged pairs, exclusives and atomics */
	NISV_LSFE,		/* floating-point atomics */
	NISV_GCS,		/* GCSSTR, GCSSTTR */

	NISV_FAMILIES		/* that this header has */
};

enum nisv_mode {
	NISV_OFFSET,	/* Rn plus an offset */
	NISV_PRE_INDEX,	/* the same, and Rn becomes that address */
	NISV_POST_INDEX,/* Rn, and then Rn plus an offset */
	NISV_PC_RELATIVE,
};

/* Of three instructions that copy or fill memory together */
enum nisv_stage {
	NISV_PROLOGUE,
	NISV_MAIN,
	NISV_EPILOGUE,
};

/* How Rm is extended or shifted before it is added to Rn */
enum nisv_extend {
	NISV_LSL,
	NISV_UXTW,
	NISV_SXTW,
	NISV_SXTX,
	NISV_LSR,	/* from here on A32 and T32 */
	NISV_ASR,
	NISV_ROR,
	NISV_RRX,
};

#define NISV_NONE	0xff	/* no such register, or no lane, in this instruction */

/* nisv_insn.flags */
#define NISV_WRITEBACK	(1u << 0)
#define NISV_SIMD	(1u << 1)	/* Rt is a SIMD&FP register */
#define NISV_SIGNED	(1u << 2)	/* loaded data is sign-extended */
#define NISV_EXCLUSIVE_ACCESS (1u << 3)
#define NISV_ACQUIRE	(1u << 4)
#define NISV_RELEASE	(1u << 5)
#define NISV_LIMITED	(1u << 6)	/* LDLAR, STLLR: in a limited ordering region */
#define NISV_RCPC	(1u << 7)	/* LDAPR: acquire, processor consistent */
#define NISV_UNPRIV	(1u << 8)	/* as if at EL0 */
#define NISV_NONTEMPORAL (1u << 9)
#define NISV_REPLICATE	(1u << 10)	/* one element to all lanes */
#define NISV_STRUCTURE	(1u << 11)	/* LD1 to LD4, ST1 to ST4 */
#define NISV_SUBTRACT	(1u << 12)	/* Rm is subtracted */
#define NISV_AUTH_A	(1u << 13)	/* LDRAA */
#define NISV_AUTH_B	(1u << 14)	/* LDRAB */
#define NISV_LIST	(1u << 15)	/* LDM, STM; and with NISV_SIMD, VLDM, VSTM */
#define NISV_USER_REGS	(1u << 16)	/* LDM, STM: the registers of User mode */
#define NISV_FLDMX	(1u << 17)	/* VLDM, VSTM that transfer one more word */
#define NISV_MUL_VL	(1u << 18)	/* SVE: imm counts vectors, as they are in memory */
#define NISV_PREDICATE	(1u << 19)	/* SVE: Rt is a predicate register */
#define NISV_VECTOR_BASE (1u << 20)	/* SVE: Rn is a Z register, an address in each element */
#define NISV_VECTOR_OFFSET (1u << 21)	/* SVE: Rm is a Z register, an offset in each element */
#define NISV_FIRST_FAULT (1u << 22)	/* LDFF1: see nisv_access() */
#define NISV_NON_FAULT	(1u << 23)	/* LDNF1, which never faults: NISV_NO_ACCESS */
/* CPY: of what it reads. What it writes has the flags without _READ */
#define NISV_UNPRIV_READ (1u << 24)
#define NISV_NONTEMPORAL_READ (1u << 25)
#define NISV_ACCDATA	(1u << 26)	/* ST64BV0: the stored data begins with ACCDATA_EL1 */

/*
 * One load or store. Register fields have their architectural names; 31 is SP for
 * Rn, and the zero register elsewhere.
 *
 * Memory is read or written as elements of 1 << size bytes. A structure access has
 * `nregs` registers from Rt on, modulo 32, as nregs / selem structures of `selem`
 * registers, of which each has `lanes` elements, or the one in `lane`. AArch32's are D
 * registers; from one member of a structure to the next there are `stride`. With
 * NISV_REPLICATE it has one structure, and all registers get its elements.
 *
 * LDM and STM have a bit for each general-purpose register in `list`. VLDM and VSTM have
 * `nregs` S (size 2) or D registers (size 3) from Rt on; Rt of VLDR and VSTR is numbered in
 * the same way. The lowest of their registers is at Rn plus `imm`; writeback adds `step`.
 *
 * SVE has `nregs` Z registers from Rt on, or a predicate register, with elements of `width`
 * bits, and in `rs` the predicate that says which elements are accessed; without one it is
 * all bytes of the register. With NISV_REPLICATE there are `lanes` elements in memory, and
 * the register has them again and again. Elements of Rn and Rm, where these are Z registers,
 * have `width` bits, of which `extend` may take 32. A prefetch has its operation in Rt.
 *
 * If an STM writes back its base and stores it, but not as the lowest register, the
 * architecture does not define the stored value; the library stores the old base.
 */
struct nisv_insn {
	uint32_t word;
	uint8_t isa;		/* enum nisv_isa */
	uint8_t length;		/* bytes of the instruction: 4, in T32 also 2 */
	uint8_t family;		/* enum nisv_family */
	uint8_t op;		/* enum nisv_op */
	uint8_t mode;		/* enum nisv_mode */
	uint8_t rt, rt2, rs, rn, rm;
	uint8_t size;		/* 0 to 4; 6 for LD64B and ST64B */
	uint8_t width;		/* bits of Rt that are written: 32, 64, or 128 */
	uint8_t nregs, selem, lanes, lane;
	uint8_t extend;		/* enum nisv_extend, of Rm */
	uint8_t shift;		/* 0 to 31, of Rm */
	uint8_t cond;		/* A32: bits 31 to 28; else 14, always */
	uint8_t stride;		/* 1 or 2 registers */
	uint16_t list;
	uint8_t align;		/* AArch32's structures: log2 of the bytes that divide the address */
	uint8_t stage;		/* enum nisv_stage, of NISV_COPY to NISV_FILL_TAGGED */
	uint32_t flags;
	int32_t imm;		/* offset in bytes, also of writeback */
	int32_t step;
	uint32_t reserved[8];	/* 0 */
};

/*
 * nisv_decode - what an instruction word does
 * @isa:  instruction set, from PSTATE (M[4] and T)
 * @word: the instruction. In T32 the first halfword is in the upper 16 bits; a 16-bit
 *        instruction is in the lower 16 bits, and the upper ones are zero
 * @insn: the description. All of it is valid if the result is NISV_DONE,
 *        NISV_UNPREDICTABLE or NISV_NO_ACCESS. Otherwise word, isa, length and op are
 *        valid: after NISV_UNSUPPORTED op is NISV_NAMED, and family is valid too; else op
 *        is NISV_UNKNOWN.
 *
 * The result depends on the word alone. An instruction is UNPREDICTABLE if a field that
 * should be one is not. Cache maintenance, like a prefetch, makes no access.
 *
 * Return: NISV_DONE, NISV_OTHER, NISV_UNALLOCATED, NISV_UNPREDICTABLE,
 * NISV_NO_ACCESS, NISV_UNSUPPORTED.
 */
NISV_API int nisv_decode(unsigned int isa, uint32_t word, struct nisv_insn *insn);

/*
 * The registers that nisv_cpu.get and .set access. In an AArch32 guest, X0 to X30 are the
 * general-purpose registers of all modes, as the Arm ARM maps them (D1.20.1), and the
 * system registers are the AArch64 registers that they are mapped to.
 *
 * Registers that a vCPU does not have read as 0.
 */
enum nisv_reg {
	NISV_X0		= 0,	/* to X30 */
	NISV_SP_EL0	= 31,
	NISV_SP_EL1	= 32,
	NISV_PC		= 33,
	NISV_PSTATE	= 34,	/* as in SPSR_EL2, of AArch64 or AArch32 */
	NISV_SCTLR_EL1	= 35,
	NISV_TCR_EL1	= 36,
	NISV_TTBR0_EL1	= 37,
	NISV_TTBR1_EL1	= 38,
	NISV_DCZID_EL0	= 39,	/* DC ZVA only */
	/* For an access in two pages only */
	NISV_TCR2_EL1	= 40,
	NISV_DACR32_EL2	= 41,
	NISV_ACCDATA_EL1 = 42,	/* ST64BV0 only */
	NISV_V0		= 64,	/* to V31, two words each */

	/*
	 * For SVE only. The vector length in bytes, 16 to 256, that the vCPU has at its EL;
	 * Z registers have as many bytes, predicates an eighth of that: in words, the lowest
	 * first, with zeros above. FFR is a predicate, of first-fault loads only.
	 */
	NISV_VL		= 96,
	NISV_FFR	= 97,
	NISV_P0		= 128,	/* to P15 */
	NISV_Z0		= 160,	/* to Z31 */
};

/* nisv_cpu.features: of struct kvm_vcpu_init, the first word */
#define NISV_FEATURE_EL1_32BIT	(1u << 1)
#define NISV_FEATURE_SVE	(1u << 4)
#define NISV_FEATURE_HAS_EL2	(1u << 7)

/*
 * One vCPU. The VMM keeps it as long as the vCPU exists, sets the first four members, and
 * clears the rest. It calls the library for it only while the vCPU is not running.
 */
struct nisv_cpu {
	void *opaque;		/* for the two callbacks */
	/*
	 * Read or write an enum nisv_reg: @words 64-bit words, the lowest first. A write to
	 * Vn clears the rest of Zn. Return 0, or nonzero to refuse the access, for example
	 * for a register that the VMM does not know. The library reads everything before it
	 * writes anything. Once a write has succeeded, the next ones must succeed too.
	 */
	int (*get)(void *opaque, unsigned int reg, uint64_t *value, unsigned int words);
	int (*set)(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words);
	/* Those that the vCPU was initialised with, NISV_FEATURE_*; others are ignored */
	uint32_t features;
	uint32_t reserved;	/* 0 */
	/* For the library: what it has seen of this vCPU. See nisv_reset() */
	uint64_t seen[16];
};

/*
 * The memory and the devices of a VM. IPAs are guest physical addresses, lengths are
 * in bytes. All vCPUs of a VM may share one.
 *
 * In a VM with several vCPUs, an access is only atomic if no other vCPU can access the
 * device between its read and its write. So the VMM must hold a lock of the device, or of
 * all devices, while it calls the library.
 */
struct nisv_bus {
	void *opaque;		/* for the callbacks */
	/*
	 * Return how many bytes from @ipa on, 1 to @len, belong together. If they are RAM,
	 * set *ram to where it is mapped; if they are one device, leave *ram NULL.
	 * Read-only memory is RAM for a read, and a device (or nothing) for a @write.
	 * Return 0 if nothing is there. The library also asks about page tables and
	 * instructions.
	 *
	 * The library asks about an address once for each direction (more often only for
	 * SVE elements that overlap), and uses the answer until it returns: *ram must stay
	 * mapped until then (hold what keeps it so, as RCU's read lock in QEMU, or a guard of
	 * guest memory in Rust). While memory is being rearranged, wait until that is
	 * finished: 0 makes the guest take an abort.
	 */
	uint64_t (*at)(void *opaque, uint64_t ipa, uint64_t len, bool write, void **ram);
	/*
	 * Access a device. @data is in memory order, like kvm_run's mmio.data. @len is 1,
	 * 2, 4 or 8, or 64 for LD64B and ST64B. @ipa is a multiple of @len unless the
	 * guest's address is misaligned. Return 0, or nonzero to refuse the access; earlier
	 * accesses of the same instruction are not undone. @data is zero before a read, and
	 * the guest gets zeros for the bytes that the read does not fill.
	 */
	int (*read)(void *opaque, uint64_t ipa, void *data, unsigned int len);
	int (*write)(void *opaque, uint64_t ipa, const void *data, unsigned int len);
	/*
	 * Called after a write to guest memory through a pointer from at(). KVM does not
	 * see such a write: log the dirty page, or drop translated code. May be NULL.
	 */
	void (*wrote)(void *opaque, uint64_t ipa, uint64_t len);
	/*
	 * The VM's global exclusive monitor: one word for all of its vCPUs, 0 at first. If
	 * it is NULL, exclusive accesses are refused.
	 */
	uint64_t *monitor;
	/*
	 * ST64BV and ST64BV0: like write() of 64 bytes. The guest gets *status in Xs; 0 means
	 * that the device has accepted the data. If it is NULL, these are refused.
	 */
	int (*write_status)(void *opaque, uint64_t ipa, const void *data, unsigned int len, uint64_t *status);
	void *reserved[3];	/* NULL */
};

/*
 * nisv_access - carry out the access that a vCPU exited with
 * @fault_ipa, @esr_iss: from struct kvm_run, arm_nisv
 * @insn: gets the instruction, for a log; may be NULL. insn->length is 0 if no
 *        instruction was found.
 *
 * Finds the instruction at the vCPU's PC by walking its stage 1 page tables, checks
 * that it can have caused this fault, and executes it: reads and writes in the order of
 * their addresses, then registers, writeback, PC and PSTATE. A misaligned access that is
 * not entirely on one device or in RAM is split into bytes. Cache maintenance does
 * nothing.
 *
 * AArch32 guests access D registers as words. LDRD and STRD access 8 bytes at once if they
 * are aligned, and words otherwise. A load of PC branches, and may change the instruction
 * set.
 *
 * RAM: if there is now RAM where the access faulted, a memslot has been replaced. The
 * result is NISV_AGAIN, as the CPU handles the access best. If the vCPU exits there 16
 * times in a row, that RAM is in no memslot, and the library carries the access out: each
 * element at once, and atomic accesses with the host's atomic instructions. It refuses
 * exclusive accesses, misaligned atomic ones, and atomic ones of 16 or 64 bytes:
 * NISV_NOT_ATOMIC. Only a device or a register can cause a refusal before 4096 times.
 *
 * Exclusives: an exclusive store succeeds, with status 0, if the vCPU's last exclusive
 * access in the library was a load of the same address and size, and no vCPU of the VM has
 * stored through the library since. (See nisv_bus.monitor. The library does not see stores
 * with a syndrome, after KVM_EXIT_MMIO, unless the VMM adds 1 to the monitor.) Otherwise it
 * stores nothing, with status 1. The library does not see the effect of a guest exception
 * on the monitor. But a CPU may fail a store without an access, because its own monitor is
 * clear, and then a loop of both would never end. So the library carries out at most 64
 * exclusive loads in a row without an exclusive store, and then returns NISV_LIVELOCK.
 *
 * SVE: the library does not access inactive elements, whatever is there. Gathers and
 * scatters access elements in the order of the vector, on any number of pages. A first-fault
 * load loads the first active element. It clears FFR for the others, because a device must
 * not see these accesses before the guest asks for them.
 *
 * CPY and SET: each call does a part, of at most one page, and leaves the registers as the
 * CPU does if it is interrupted there. PC stays, so the CPU executes the instruction again
 * and goes on with the rest, or finds nothing left to do. A device sees accesses of 8 bytes,
 * and smaller ones at the edges. If it refuses one, the accesses before it have been made,
 * and the next call, which begins there, is refused.
 *
 * Two pages, or more: the one that faulted has let the access pass; whether another one does is
 * decided as the CPU would, by AP, PAN, UAO, EPAN, E0PD and DACR. Permissions by
 * indirection or overlay (TCR2_EL1.PIE, POE), and a page that is writable once it is dirty
 * (TCR_EL1.HD), are refused: NISV_PERMISSIONS.
 *
 * Refuses a vCPU that has EL2 (KVM_ARM_VCPU_HAS_EL2), whose accesses may use other tables
 * than EL1's: NISV_UNSUPPORTED.
 *
 * Return: NISV_DONE; NISV_AGAIN; or a negative enum nisv_result, with the vCPU's
 * registers unchanged.
 */
NISV_API int nisv_access(struct nisv_cpu *cpu, const struct nisv_bus *bus, uint64_t fault_ipa,
			 uint64_t esr_iss, struct nisv_insn *insn);

/*
 * nisv_reset - forget what the library has seen of a vCPU
 *
 * Call it when the vCPU's registers have been replaced, by a reset or a snapshot.
 * KVM_ARM_VCPU_INIT with other features needs nisv_kvm_init().
 */
NISV_API void nisv_reset(struct nisv_cpu *cpu);

struct kvm_run;

/*
 * nisv_kvm_init - describe a vCPU of KVM
 * @vcpu_fd:  still belongs to the VMM, and must stay open
 * @features: of struct kvm_vcpu_init, features[0], as given to KVM_ARM_VCPU_INIT
 */
NISV_API void nisv_kvm_init(struct nisv_cpu *cpu, int vcpu_fd, uint32_t features);

/*
 * nisv_kvm - nisv_access() after KVM_RUN has returned with KVM_EXIT_ARM_NISV (28), or
 *            KVM_EXIT_ARM_LDST64B (42)
 * @cpu: from nisv_kvm_init()
 * @run: the vCPU's; it is only read
 *
 * Call it in the thread that runs the vCPU, or while the vCPU is not running. Costs one
 * KVM_GET_ONE_REG for each register that the access needs, and one KVM_SET_ONE_REG for
 * each that it changes: LDP of two registers takes seven in all, and two more the first
 * time and when the guest has changed how its page tables are walked. Of a vCPU with
 * SVE, KVM_REG_ARM64_SVE_ZREG stands for the SIMD&FP registers. An access of SVE takes as
 * many more as it has Z registers, one of its predicate, two of FFR, and three of the vector
 * length.
 *
 * Return: as nisv_access(); NISV_MISMATCH also for another exit.
 */
NISV_API int nisv_kvm(struct nisv_cpu *cpu, const struct kvm_run *run,
		      const struct nisv_bus *bus, struct nisv_insn *insn);

/*
 * nisv_abort - make the guest take an external data abort for the access that exited
 * @cpu: from nisv_kvm_init()
 * @run: the vCPU's, after KVM_EXIT_MMIO (6), KVM_EXIT_ARM_NISV or KVM_EXIT_ARM_LDST64B
 * @can_inject: whether KVM_CHECK_EXTENSION reports KVM_CAP_ARM_INJECT_EXT_DABT (178)
 *
 * The result is the same on every kernel. After a read that exited as KVM_EXIT_MMIO, no
 * register is loaded, and the instruction is not stepped over. KVM injects the abort if it
 * can; otherwise this function writes it into the vCPU's registers, with FAR unknown (FnV).
 * Either way the registers hold the abort when the call returns, so a migration keeps it.
 * (Exceptions: on 5.11 and 5.12 they hold it once the vCPU has run. On kernels before v5.3
 * KVM_EXIT_MMIO does not give the length of a T32 instruction, and 4 bytes are assumed.)
 *
 * Calls KVM_RUN with immediate_exit set, so @run holds KVM_EXIT_INTR afterwards. If others
 * write to immediate_exit in the meantime, their value stays. A pending SError stays
 * pending.
 *
 * Call it in the thread that runs the vCPU, or while the vCPU is not running.
 *
 * Return: NISV_DONE; NISV_MISMATCH: another exit, and nothing was done; NISV_UNSUPPORTED:
 * the vCPU has EL2 and KVM cannot inject, and nothing was done; NISV_REGISTER: an ioctl
 * failed, so this is not a VM of KVM on Arm, or it is protected or beyond repair.
 */
NISV_API int nisv_abort(struct nisv_cpu *cpu, struct kvm_run *run, bool can_inject);

/*
 * nisv_vgic_code - write the code that nisv_vgic_read() and nisv_vgic_write() run
 * @page: gets NISV_VGIC_CODE bytes
 *
 * Call it once for a VM. Put the page into a memslot at an address that the guest does not
 * use, before vCPUs run. A read-only memslot of its own (KVM_MEM_READONLY) is best. All
 * vCPUs share the page, and nothing changes it.
 */
#define NISV_VGIC_CODE	256
NISV_API void nisv_vgic_code(void *page);

/*
 * nisv_vgic_read, nisv_vgic_write - access a register of KVM's interrupt controller
 * @cpu:  of the vCPU that makes the access, from nisv_kvm_init()
 * @run:  the vCPU's, after KVM_EXIT_ARM_NISV or KVM_EXIT_ARM_LDST64B
 * @code: the guest physical address of what nisv_vgic_code() has written; 0: there is none
 * @ipa, @data, @len: as for nisv_bus.read and .write
 *
 * KVM also exits with KVM_EXIT_ARM_NISV on the frames of its vGIC: GICD, GICR and GITS, and
 * GICD of a GICv2 (its GICC is the CPU's own, and does not exit). To have such accesses
 * carried out, report the frames as devices in nisv_bus.at, and call these functions for
 * them in .read and .write. The bus must know the vCPU: give each vCPU a bus of its own, with
 * the same monitor, or keep the vCPU in a thread-local variable.
 *
 * They run the vCPU at @code for one load or store: at EL1, with the MMU off, and with
 * interrupts, SErrors and debug exceptions masked. Then they restore its registers and the
 * exit in @run. The guest takes an interrupt that has become pending when it goes on. A vCPU
 * that is AArch32 at EL1 accesses 8 bytes as two words. If others write to immediate_exit
 * meanwhile, that stays.
 *
 * Call them in the thread that runs the vCPU. Hold no lock that another vCPU's thread needs:
 * if that vCPU switches the VM off meanwhile, KVM_RUN sleeps here until a signal arrives.
 *
 * Return: NISV_DONE. In all other cases nothing was done: NISV_NOTHING: KVM has no device
 * there; NISV_ALIGNMENT: @ipa is not a multiple of @len; NISV_UNSUPPORTED: @len is not 1, 2,
 * 4 or 8, @code is 0, the vCPU has EL2, or it is AArch32 at EL1 and an address is above
 * 4 GiB; NISV_MISMATCH: another exit; NISV_REGISTER: an ioctl failed, so the VM is protected
 * or beyond help; NISV_AGAIN: KVM_RUN keeps returning before it has run the vCPU, because a
 * signal stays pending, the ring of dirty pages is full, or the VM has been switched off.
 * Deal with that and call again, or refuse.
 */
NISV_API int nisv_vgic_read(const struct nisv_cpu *cpu, struct kvm_run *run, uint64_t code,
			    uint64_t ipa, void *data, unsigned int len);
NISV_API int nisv_vgic_write(const struct nisv_cpu *cpu, struct kvm_run *run, uint64_t code,
			     uint64_t ipa, const void *data, unsigned int len);

/* The name of a family in the Arm ARM, or "?" */
NISV_API const char *nisv_family_name(unsigned int family);

/*
 * nisv_text - the instruction in assembly language, as GNU as accepts it
 * @insn: from nisv_decode() or nisv_access(), whatever they returned
 * @buf:  gets the text, with a final 0, cut off after @size - 1 bytes
 *
 * Return: the full length of the text, like snprintf().
 */
NISV_API int nisv_text(const struct nisv_insn *insn, char *buf, size_t size);

/* An enum nisv_result in words; never NULL */
NISV_API const char *nisv_strerror(int result);

#ifdef __cplusplus
}
#endif

#endif /* NISV_H */
