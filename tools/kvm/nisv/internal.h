/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What the files of libnisv share */
#ifndef NISV_INTERNAL_H
#define NISV_INTERNAL_H

#include "nisv.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Bits hi to lo of w */
static inline uint32_t bits(uint32_t w, unsigned int hi, unsigned int lo)
{
	return w >> lo & (uint32_t)((2ull << (hi - lo)) - 1);
}

static inline uint32_t bit(uint32_t w, unsigned int n)
{
	return w >> n & 1;
}

/* The same, as a signed number */
static inline int32_t sbits(uint32_t w, unsigned int hi, unsigned int lo)
{
	return (int32_t)(w << (31 - hi)) >> (31 - hi + lo);
}

static inline uint64_t bits64(uint64_t w, unsigned int hi, unsigned int lo)
{
	return w >> lo & ((2ull << (hi - lo)) - 1);
}

/* A row of a decoder's table */
struct row {
	uint32_t mask, value;
	enum nisv_family family;
	int (*decode)(struct nisv_insn *i, uint32_t w);
};

/* mask, value; what is not in the mask must be 0 in the value, else it does not build */
#define ROW(m, v, f, fn) \
	{ (m) + 0 * sizeof(char [((v) & ~(m)) ? -1 : 1]), (v), NISV_ ## f, fn }

/* The first of @n rows that @w is of; NULL: none */
static inline const struct row *find_row(const struct row *row, unsigned int n, uint32_t w)
{
	for (; n; n--, row++)
		if ((w & row->mask) == row->value)
			return row;
	return NULL;
}

/* A row's decode() for what is only recognised */
int nisv_named(struct nisv_insn *i, uint32_t w);

int nisv_decode_a64(uint32_t word, struct nisv_insn *insn);
int nisv_decode_a32(uint32_t word, struct nisv_insn *insn);
int nisv_decode_t32(uint32_t word, struct nisv_insn *insn);

/* What nisv_text() makes */
struct text {
	char *buf;
	size_t size, len;
};

void __attribute__((format(printf, 2, 3))) nisv_add_text(struct text *t, const char *fmt, ...);
void nisv_text_aarch32(struct text *t, const struct nisv_insn *insn);

/* Stage 1 tables in the format that AArch64 and the long descriptors of AArch32 share */
struct lpae {
	uint64_t base;		/* of the table that the walk starts with */
	unsigned int granule;	/* log2 of its bytes; 0: not known yet */
	unsigned int input;	/* bits of the input address */
	int level;		/* where it starts, -1 to 2 */
	bool wide;		/* addresses may have more than 48 bits: 64K, or TCR_EL1.DS */
	bool hpd;		/* no permissions in table descriptors */
	bool haf;		/* the CPU sets the access flag */
};

/* The vCPU while an access is carried out: regs.c */
struct ctx {
	struct nisv_cpu *cpu;
	const struct nisv_bus *bus;
	enum nisv_isa isa;
	bool el1_32bit;			/* tables, too, are AArch32's */
	unsigned int mode;		/* AArch32: whose registers the instruction means */
	bool branched;			/* PC has been loaded */
	bool assumed;			/* how tables are walked: see assume() */
	struct lpae half[2];		/* AArch64: of TTBR0_EL1, TTBR1_EL1 */
	uint64_t have, dirty;		/* bits are enum nisv_reg */
	uint64_t x[NISV_DCZID_EL0 + 1];
	uint32_t have_v, dirty_v;
	uint64_t v[32][2];
};

/* Read a register into c->x, c->v. Return: NISV_DONE or NISV_REGISTER */
int nisv_read(struct ctx *c, unsigned int reg);
int nisv_need_v(struct ctx *c, unsigned int reg);

/* The same, unless it has been read */
static inline int nisv_need(struct ctx *c, unsigned int reg)
{
	return c->have >> reg & 1 ? NISV_DONE : nisv_read(c, reg);
}

/* What it is to be in the end. What is the same already need not be written */
static inline void nisv_set(struct ctx *c, unsigned int reg, uint64_t value)
{
	if (c->have >> reg & 1 && c->x[reg] == value)
		return;
	c->x[reg] = value;
	c->have |= 1ull << reg;
	c->dirty |= 1ull << reg;
}

void nisv_set_v(struct ctx *c, unsigned int reg, uint64_t low, uint64_t high);
/* Write all that have changed. Return: as nisv_need() */
int nisv_commit(struct ctx *c);

/*
 * By the number that an instruction has: A64's 31 is the zero register; AArch32's are
 * those of c->mode, 15 is read as PC and branches when it is set. Return: as nisv_need()
 */
int nisv_get_r(struct ctx *c, unsigned int reg, uint64_t *value);
void nisv_set_r(struct ctx *c, unsigned int reg, uint64_t value);
/* Which enum nisv_reg is the base register @rn; not AArch32's PC */
unsigned int nisv_base(const struct ctx *c, unsigned int rn);

/* PSTATE, as in SPSR_EL2: of AArch64, of both, of AArch32 */
#define PSTATE_BTYPE	(3ull << 10)
#define PSTATE_SS	(1ull << 21)
#define PSTATE_32	(1ull << 4)
#define PSTATE_T	(1ull << 5)
#define PSTATE_E	(1ull << 9)
#define PSTATE_C	(1ull << 29)

/* M[4:0] of AArch32 */
#define MODE_USR	0x10
#define MODE_FIQ	0x11
#define MODE_IRQ	0x12
#define MODE_SVC	0x13
#define MODE_ABT	0x17
#define MODE_UND	0x1b
#define MODE_SYS	0x1f

#define SCTLR_M		(1ull << 0)
#define SCTLR_E0E	(1ull << 24)
#define SCTLR_EE	(1ull << 25)

enum purpose { FETCH, READ, WRITE };

/*
 * Stage 1: the IPA of @va, and whether the permissions let it pass. @privileged: as at
 * EL1. Return: NISV_DONE, NISV_REGISTER, NISV_WALK
 */
int nisv_walk(struct ctx *c, uint64_t va, enum purpose purpose, bool privileged,
	      uint64_t *ipa, bool *allowed);

/* The address that a pointer with an authentication code leads to */
int nisv_strip(struct ctx *c, uint64_t *va);

#endif /* NISV_INTERNAL_H */
