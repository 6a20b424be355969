/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * libnisv: carry out, in a VMM, an access of which KVM on Arm has no syndrome
 *
 * KVM_EXIT_ARM_NISV (Documentation/virt/kvm/api.rst, section 5) says
 * that a guest touched an address that is in no memslot, with an instruction that
 * ESR_EL2 does not describe (Arm ARM, DDI 0487, "ISS encoding for an exception from
 * a Data Abort", ISV). This library finds the instruction, decodes it and performs
 * it on the VMM's devices, or refuses, and then nothing of the vCPU has changed.
 *
 *	nisv_kvm()	does all of it, for a VMM that uses KVM's ioctls
 *	nisv_access()	the same on registers that are somewhere else
 *	nisv_decode()	one instruction word in, one description out
 *	nisv_text()	that description as the assembler would write it
 *
 * No function allocates memory, keeps a pointer that it was given, or has state
 * outside of its arguments; all may be called from any thread, for one struct
 * nisv_cpu from one at a time.
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

/*
 * What became of a call. Negative: refused, with nothing of the vCPU changed, and
 * nisv_strerror() has the reason in words. The VMM then injects an external abort
 * (struct kvm_vcpu_events, ext_dabt_pending).
 */
enum nisv_result {
	NISV_DONE	= 0,
	/*
	 * What is in memory at the vCPU's PC by now is not what exited: another vCPU
	 * has changed the code, its page tables, or the memslots. Nothing was done;
	 * run the vCPU again. (If that does not help, the next calls say why.)
	 */
	NISV_AGAIN	= 1,

	/* The word */
	NISV_OTHER	= -1,	/* neither load nor store */
	NISV_UNALLOCATED = -2,	/* in the space of loads and stores, but none */
	NISV_UNPREDICTABLE = -3,/* the architecture does not say what it does */
	NISV_NO_ACCESS	= -4,	/* a prefetch: it never faults */
	NISV_UNSUPPORTED = -5,	/* recognised, but not carried out here */

	/* The vCPU */
	NISV_REGISTER	= -6,	/* a register could not be read or written */
	NISV_FETCH	= -7,	/* the instruction is not in the guest's RAM */
	NISV_WALK	= -8,	/* the guest's page tables do not map the data */
	NISV_ALIGNMENT	= -9,	/* an access that has to be aligned, and is not */
	NISV_MISMATCH	= -10,	/* the instruction does not access what exited */
	NISV_LIVELOCK	= -11,	/* an exclusive load, again and again: see nisv_access() */

	/* The VMM */
	NISV_NOTHING	= -12,	/* nothing is at an address that is accessed */
	NISV_DEVICE	= -13,	/* the device refused */
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
	/* Atomic: the old value to Rt, a new one to memory, made of the old and Rs */
	NISV_ADD,
	NISV_CLR,
	NISV_EOR,
	NISV_SET,
	NISV_SMAX,
	NISV_SMIN,
	NISV_UMAX,
	NISV_UMIN,
	NISV_SWP,
	NISV_CAS,	/* Rs is what is expected, then the old value; Rt is new */
	NISV_ZERO,	/* DC ZVA: a block of zeros */
	NISV_PREFETCH,	/* no access */
	/* Recognised, and not carried out; no field below but `family` is valid */
	NISV_NAMED,
};

/*
 * The encodings, by the names of their tables in the Arm ARM, "Loads and Stores"
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

	NISV_FAMILIES
};

enum nisv_mode {
	NISV_OFFSET,	/* Rn plus an offset */
	NISV_PRE_INDEX,	/* the same, and Rn becomes that address */
	NISV_POST_INDEX,/* Rn, and then Rn plus an offset */
	NISV_PC_RELATIVE,
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
#define NISV_RCPC	(1u << 7)	/* LDAPR: acquire, but processor consistent */
#define NISV_UNPRIV	(1u << 8)	/* as if at EL0 */
#define NISV_NONTEMPORAL (1u << 9)
#define NISV_REPLICATE	(1u << 10)	/* one element to all lanes */
#define NISV_STRUCTURE	(1u << 11)	/* LD1 to LD4, ST1 to ST4 */
#define NISV_SUBTRACT	(1u << 12)	/* Rm is subtracted */
#define NISV_AUTH_A	(1u << 13)	/* LDRAA */
#define NISV_AUTH_B	(1u << 14)	/* LDRAB */
#define NISV_LIST	(1u << 15)	/* LDM, STM; and with NISV_SIMD, VLDM, VSTM */
#define NISV_USER_REGS	(1u << 16)	/* LDM, STM: the registers of User mode */
#define NISV_FLDMX	(1u << 17)	/* VLDM, VSTM that transfer one word more */

/*
 * One load or store. Register fields have their architectural names; 31 is SP for
 * Rn, and the zero register elsewhere.
 *
 * Memory is read or written as elements of 1 << size bytes. A structure access has
 * `nregs` registers from Rt on, modulo 32, as nregs / selem structures of `selem`
 * registers, of which each has `lanes` elements, or the one in `lane`.
 *
 * LDM and STM have a bit for each general-purpose register in `list`; VLDM and VSTM have
 * `nregs` S (size 2) or D registers (size 3) from Rt on. What VLDR and VSTR have in Rt
 * is numbered likewise. The lowest of their registers is at Rn plus `imm`; writeback
 * adds `step`.
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
	uint16_t list;
	uint32_t flags;
	int32_t imm;		/* offset in bytes, also of writeback */
	int32_t step;
};

/*
 * nisv_decode - what an instruction word does
 * @isa:  instruction set, from PSTATE (M[4] and T)
 * @word: the instruction; of T32 the first halfword in the upper 16 bits, or a
 *        16-bit instruction in the lower, with the upper zero
 * @insn: the description. Valid if the answer is NISV_DONE, NISV_UNPREDICTABLE or
 *        NISV_NO_ACCESS; after NISV_UNSUPPORTED only word, isa, length, family, op.
 *
 * Depends on the word alone. Fields that should be one and are not make an
 * instruction UNPREDICTABLE.
 *
 * Return: NISV_DONE, NISV_OTHER, NISV_UNALLOCATED, NISV_UNPREDICTABLE,
 * NISV_NO_ACCESS, NISV_UNSUPPORTED.
 */
NISV_API int nisv_decode(enum nisv_isa isa, uint32_t word, struct nisv_insn *insn);

/*
 * The registers that are asked for, by nisv_cpu.get and .set. Of an AArch32 guest, X0
 * to X30 are its general-purpose registers of all modes, as the Arm ARM maps them
 * (D1.20.1), and the system registers those of AArch64 that they are mapped to.
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
	NISV_V0		= 64,	/* to V31 */
};

/*
 * One vCPU. The VMM keeps it as long as the vCPU, all zero but for the first four
 * members, and calls the library for it only while the vCPU does not run.
 */
struct nisv_cpu {
	void *opaque;		/* for the two calls */
	/*
	 * Read or write a register: value[0], and of V0 to V31 bits 127:64 in value[1]. A
	 * write to Vn makes the rest of Zn zero. Return 0, or what is not 0, and
	 * the access is refused. Nothing is written before all is read. Once a write
	 * has succeeded, the next ones have to.
	 */
	int (*get)(void *opaque, unsigned int reg, uint64_t value[2]);
	int (*set)(void *opaque, unsigned int reg, const uint64_t value[2]);
	bool el1_32bit;		/* KVM_ARM_VCPU_EL1_32BIT */

	/* The library's: the last exclusive load, and how often in a row */
	uint64_t monitor_ipa, monitor_pc;
	uint8_t monitor_bytes;	/* 0: it is clear */
	uint8_t monitor_loads;
	/* and how often in a row the answer was NISV_AGAIN */
	uint8_t doubts;
	uint64_t doubt_pc, doubt_ipa;
	/* and how tables were walked: believed as long as that leads to the fault */
	uint64_t sctlr_el1, tcr_el1;
};

/*
 * What the vCPU's addresses lead to. IPAs are guest physical addresses, lengths are
 * in bytes. In a VM with several vCPUs, an atomic access is one only if no other vCPU
 * gets to the device between its read and its write: the VMM holds a lock of the
 * device, or of all, while it calls the library.
 */
struct nisv_bus {
	void *opaque;		/* for the three calls */
	/*
	 * How many bytes from @ipa on, up to @len, belong together: RAM that is mapped
	 * here, then *ram is set to it, or one device, then it is left NULL. Read-only
	 * memory is RAM to read, and a device (or nothing) to @write. 0: nothing is
	 * there. It is asked about page tables and instructions, too.
	 */
	uint64_t (*at)(void *opaque, uint64_t ipa, uint64_t len, bool write, void **ram);
	/*
	 * Access a device: @data is as it is in memory, like kvm_run's mmio.data.
	 * @len is 1, 2, 4 or 8, or 64 of LD64B and ST64B; @ipa a multiple of it unless
	 * the guest's is not. Return 0, or the access is refused: what a device has
	 * been told before that, of the same instruction, it has been told.
	 */
	int (*read)(void *opaque, uint64_t ipa, void *data, unsigned int len);
	int (*write)(void *opaque, uint64_t ipa, const void *data, unsigned int len);
};

/*
 * nisv_access - carry out the access that a vCPU exited with
 * @fault_ipa, @esr_iss: from struct kvm_run, arm_nisv
 * @insn: gets the instruction, for a log; may be NULL. insn->length is 0 if there was
 *        none.
 *
 * Finds the instruction at the vCPU's PC by walking its stage 1 page tables, checks
 * that it is one that can have faulted so, and does what it does: reads and writes in
 * the order of their addresses, then registers, writeback, PC and PSTATE. An access
 * that is not aligned, and is not of one device or of RAM as a whole, is made of
 * bytes.
 *
 * AArch32 guests access D registers as words; LDRD and STRD 8 bytes at once, if they are
 * aligned, or else words. A load of PC branches, and may change the instruction set.
 *
 * Exclusives: a store is made, with status 0, if the vCPU's last exclusive access that
 * came here was a load of the same address and size, and else is not made, with status
 * 1. (What a context switch in the guest does to the monitor is not seen.) But a store
 * need not come here: a CPU may fail it without an access, as its own monitor is
 * clear, and a loop of both would not end. So 64 exclusive loads in a row, from one
 * PC, without a store, are all that are carried out; then the answer is NISV_LIVELOCK.
 *
 * Return: NISV_DONE; NISV_AGAIN; or a negative enum nisv_result, with the vCPU's
 * registers as they were.
 */
NISV_API int nisv_access(struct nisv_cpu *cpu, const struct nisv_bus *bus, uint64_t fault_ipa,
			 uint64_t esr_iss, struct nisv_insn *insn);

struct kvm_run;

/*
 * nisv_kvm_init - describe a vCPU of KVM
 * @vcpu_fd:   stays the VMM's, and open
 * @el1_32bit: the vCPU was initialised with KVM_ARM_VCPU_EL1_32BIT
 */
NISV_API void nisv_kvm_init(struct nisv_cpu *cpu, int vcpu_fd, bool el1_32bit);

/*
 * nisv_kvm - nisv_access() after KVM_RUN has returned with KVM_EXIT_ARM_NISV
 * @cpu: from nisv_kvm_init()
 * @run: the vCPU's; it is only read
 *
 * To be called in the thread that runs the vCPU, or while that does not. Costs one
 * KVM_GET_ONE_REG for each register that the access needs, and one KVM_SET_ONE_REG for
 * each that it changes: LDP of two registers takes seven in all, and two more the first
 * time and when the guest has changed how its page tables are walked.
 *
 * Return: as nisv_access(); NISV_MISMATCH also for another exit.
 */
NISV_API int nisv_kvm(struct nisv_cpu *cpu, const struct kvm_run *run,
		      const struct nisv_bus *bus, struct nisv_insn *insn);

/* The name of a family, as the Arm ARM has it, or "?" */
NISV_API const char *nisv_family_name(unsigned int family);

/*
 * nisv_text - the instruction in assembly language, as GNU as takes it
 * @buf:  gets it, with a final 0, cut off after @size - 1 bytes
 *
 * Return: the length that it has or would have had, as snprintf().
 */
NISV_API int nisv_text(const struct nisv_insn *insn, char *buf, size_t size);

/* An enum nisv_result in words; never NULL */
NISV_API const char *nisv_strerror(int result);

#ifdef __cplusplus
}
#endif

#endif /* NISV_H */
