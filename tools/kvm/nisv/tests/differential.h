/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the differential test share: differential.c has all but AArch32's */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include "nisv.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Guest physical memory */
#define RAM		0x40000000ull
#define RAM_SIZE	0x600000ull
#define CODE		(RAM + 0x000000)	/* a page each, of up to 64K */
#define CONTEXT		(RAM + 0x010000)
#define WINDOW		(RAM + 0x020000)	/* WINDOW_PAGES of what is accessed in RAM */
#define INSIDE		(RAM + 0x070000)	/* the page of the hole's window that is RAM */
#define TABLES		(RAM + 0x100000)	/* two sets */
#define TABLES_SIZE	0x100000ull
#define CODE32		(RAM + 0x400000)	/* a block of 2M; AArch32's is at an end of it */
#define HOLE		0x10000000ull
#define DONE		0x20000000ull
#define Z_WORDS		32			/* the longest Z register */
#define NEAR		256			/* bytes; no access is longer */

#define WINDOW_PAGES	4
#define RAM_PAGE	2			/* of the window, when it is in the hole */

/* In the code of AArch32. An exception of such a guest ends at one of the first eight BKPTs */
#define PAD_A32		0x20			/* where a load of PC leads */
#define PAD_T32		0x24
#define DATA_ABORT	0x10			/* which of these eight */
#define A64_VECTORS	0x800			/* for exceptions from AArch32 to AArch64 */

/* Registers of KVM */
#define CORE(word)	(0x6030000000100000ull | (word))
#define PC		CORE(0x40)
#define PSTATE		CORE(0x42)
#define VREG(n)		(0x6040000000100054ull + 4 * (n))
#define ZREG(n)		(0x6080000000150000ull | (n) << 5)
#define PREG(n)		(0x6050000000150400ull | (n) << 5)
#define SVE_LENGTHS	0x606000000015ffffull
#define SYS(op1, crn, crm, op2) (0x6030000000130000ull | 3 << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* What random instances are made of */
struct world {
	enum nisv_isa isa;
	unsigned int granule;		/* log2 of the page size */
	unsigned int input;		/* bits of what the tables translate */
	bool upper, el0, big, big_tables;
	bool long_format;		/* of AArch32's tables */
	bool window_first;		/* and then the code */
	unsigned int mode;		/* of AArch32 */
	uint64_t code, context, done, window;	/* virtual addresses */
	uint64_t code_pa;
	bool strict;			/* see new_permissions() */
	uint8_t ap[WINDOW_PAGES];	/* of the window: AP[2:0], and as bit 3 UXN */
	unsigned int domain;		/* of AArch32's short descriptors */
	uint32_t dacr;
	uint64_t pstate, sctlr, tcr;	/* bits in these that count then */
};

struct machine {
	int vcpu;
	struct kvm_run *run;
	struct nisv_cpu cpu;
	int (*set)(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words);
};

struct form {
	char name[128];
	uint64_t key;
	uint8_t isa, family;
	uint32_t word, free;	/* one of them, and bits that make others of it */
	unsigned int passed, faulted, refused, undefined;
};

/* REFUSED is by libnisv, as the page tables do not let the access pass */
enum end { COMPLETED, EXCEPTION, SOFT, REFUSED, WRONG };

extern struct machine *m;	/* the one that runs */
extern struct world world;
extern uint64_t roots[2];	/* of the tables: window in RAM, in the hole */
extern bool bad_callback;	/* a device was accessed where it is not */
extern char wrong[200];		/* why it is WRONG, or REFUSED */
extern uint64_t soft[NISV_Z0][Z_WORDS]; /* registers, for accesses that KVM completes */
extern struct nisv_cpu soft_cpu;
extern const struct nisv_bus bus;

static inline bool el1_is_32bit(void)
{
	return m->cpu.features & NISV_FEATURE_EL1_32BIT;
}

uint64_t rnd(void);
void die(const char *what) __attribute__((noreturn));
void *at_pa(uint64_t pa);
bool try_reg(uint64_t id, uint64_t value);
void set_reg(uint64_t id, uint64_t value);	/* or die */
uint64_t get_reg(uint64_t id);
/* @words of V, or of Z if the vCPU has that, and then the rest becomes 0 */
void one_vreg(unsigned long request, unsigned int n, uint64_t *v, unsigned int words);

/* Tables. @last: the level at which a page, or a block, is mapped */
uint64_t pages(unsigned int n);
uint32_t guest32(uint32_t v);		/* as the tables have it, and back */
void clear_table(uint64_t table, uint64_t size);
uint64_t new_table(uint64_t size);
void map(uint64_t root, uint64_t va, uint64_t pa, unsigned int last, uint64_t attributes);
uint64_t window_page(unsigned int n, bool in_hole);
void new_granule(void);
void new_permissions(void);		/* for the rest of the world, which there is */
uint64_t window_attributes(unsigned int n);	/* in a descriptor of 64 bits */
/* What an exception to an EL1 that is AArch64 runs, at @at; and all else of it */
void put_a64_vectors(void *at);
void aarch64_el1(uint64_t vectors);

void enter(bool in_hole, uint64_t pc, uint64_t pstate);
/* That an instruction accesses, but for LDM and such */
unsigned int bytes_of(const struct nisv_insn *i);
/* Run until the guest says that it is through */
enum end go(struct nisv_insn *last);

/* ESR_EL1, or DFSR, of the guest's exception */
uint64_t syndrome(void);
/* Was it one because the access is not permitted? */
bool not_permitted(void);
/*
 * If it is in two pages, see that it is not done in the hole either. The vCPU and the soft
 * registers are in front of the instruction.
 */
bool in_two_pages(uint64_t target, unsigned int len);
bool check_refusal(struct form *f, uint32_t word, const struct nisv_insn *i, uint64_t target);

/* The registers that are not general-purpose or SIMD&FP */
void soft_init(void);
/* An exclusive load and its store, on the soft registers */
enum end soft_exclusive(uint64_t target, struct nisv_insn *last);

/* Where @len bytes are accessed; @always, or sometimes, at a multiple of @unit */
uint64_t somewhere(unsigned int len, unsigned int unit, bool always);
/* Memory around @target, in RAM and in the hole: the same, at random */
void fill(uint64_t target);
/* Make `len` bytes there something else */
void put_memory(uint64_t target, const void *data, unsigned int len);
/* How it differs by now, in @what; or "" */
void compare_memory(uint64_t target, char *what, size_t size);
void explain(const struct form *f, uint32_t word, const struct nisv_insn *i, const char *what);

/* AArch32 */
/* Return: whether there is anything of it */
bool aarch32_start(bool el1, bool el0);
/* The registers of User mode are for others, of which EL0 has none */
bool aarch32_possible(const struct nisv_insn *i);
uint64_t aarch32_key(const struct nisv_insn *i);
void aarch32_name(const struct nisv_insn *i, char *name, size_t size);
void aarch32_find_forms(void (*add)(enum nisv_isa isa, uint32_t word));
void aarch32_new_world(const struct form *f, struct machine *machines);
bool aarch32_instance(struct form *f, uint32_t word, const struct nisv_insn *i);

#endif /* DIFFERENTIAL_H */
