/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What the files of libnisv share */
#ifndef NISV_INTERNAL_H
#define NISV_INTERNAL_H

#include <string.h>

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
	/*
	 * What depends on bits 31 to 21 alone, also what is refused, if it is not all decode()'s:
	 * a64.c calls it in advance
	 */
	int (*form)(struct nisv_insn *i, uint32_t w);
	int (*decode)(struct nisv_insn *i, uint32_t w);
};

/* mask, value; what is not in the mask must be 0 in the value, else it does not build */
#define FORMED_ROW(m, v, f, form, fn) \
	{ (m) + 0 * sizeof(char [((v) & ~(m)) ? -1 : 1]), (v), NISV_ ## f, form, fn }
#define ROW(m, v, f, fn)	FORMED_ROW(m, v, f, NULL, fn)

struct rows {
	const struct row *row;
	unsigned int n;
};

#define ROWS(table)	{ table, ARRAY_SIZE(table) }

/* The first row that @w is of; NULL: none */
static inline const struct row *find_row(const struct rows *rows, uint32_t w)
{
	const struct row *row = rows->row;

	for (unsigned int n = rows->n; n; n--, row++)
		if ((w & row->mask) == row->value)
			return row;
	return NULL;
}

/* What is only recognised: a row's decode(), and for a family that the row does not say */
static inline int nisv_named(struct nisv_insn *i, uint32_t w)
{
	(void)i;
	(void)w;
	return NISV_UNSUPPORTED;
}

static inline int named(struct nisv_insn *i, enum nisv_family family)
{
	i->family = family;
	return NISV_UNSUPPORTED;
}

/* Of a struct nisv_insn, what an instruction has that has none of these */
#define NO_REGISTERS \
	.rt = NISV_NONE, .rt2 = NISV_NONE, .rs = NISV_NONE, .rn = NISV_NONE, .rm = NISV_NONE, \
	.lane = NISV_NONE

/* Of what is refused, whatever it was found by, little is left. Return: @ret */
int nisv_not_decoded(struct nisv_insn *i, int ret);

/* The end of decoding */
static inline int nisv_decoded(struct nisv_insn *i, int ret)
{
	return ret ? nisv_not_decoded(i, ret) : ret;
}

int nisv_decode_a64(struct nisv_insn *i, uint32_t w);
int nisv_decode_a32(struct nisv_insn *i, uint32_t w);
int nisv_decode_t32(struct nisv_insn *i, uint32_t w);
/* Of A64, what has bits 31 and 27 to 25 of SVE: sve.c */
extern const struct rows nisv_sve_rows;
/* A row's decode(), for CPY and SET: mops.c */
int nisv_decode_mops(struct nisv_insn *i, uint32_t w);

/* Bytes as they are in memory, and the number that they are. @len: 1, 2, 4, 8 */

/* Not by bytes: these are called for all that is accessed */
static inline uint64_t get_bytes(const uint8_t *p, unsigned int len, bool big)
{
	const bool swap = big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	uint16_t h;
	uint32_t w;
	uint64_t d;

	switch (len) {
	case 1:
		return *p;
	case 2:
		memcpy(&h, p, 2);
		return swap ? __builtin_bswap16(h) : h;
	case 4:
		memcpy(&w, p, 4);
		return swap ? __builtin_bswap32(w) : w;
	default:
		memcpy(&d, p, 8);
		return swap ? __builtin_bswap64(d) : d;
	}
}

static inline void put_bytes(uint8_t *p, unsigned int len, bool big, uint64_t value)
{
	const bool swap = big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	const uint16_t h = swap ? __builtin_bswap16(value) : value;
	const uint32_t w = swap ? __builtin_bswap32(value) : value;
	const uint64_t d = swap ? __builtin_bswap64(value) : value;

	switch (len) {
	case 1:
		*p = value;
		break;
	case 2:
		memcpy(p, &h, 2);
		break;
	case 4:
		memcpy(p, &w, 4);
		break;
	default:
		memcpy(p, &d, 8);
		break;
	}
}

/* Sign- or zero-extended as Rt, or an element of Zt, wants it */
static inline uint64_t extended(const struct nisv_insn *i, uint64_t value)
{
	const unsigned int n = 64 - (8 << i->size);

	if (i->flags & NISV_SIGNED)
		value = (uint64_t)((int64_t)(value << n) >> n);
	return i->width == 32 ? (uint32_t)value : value;
}

/* Elements of 1 << @size bytes of a vector register, whose lowest word is the first */
static inline uint64_t lane_of(const uint64_t *v, unsigned int lane, unsigned int size)
{
	const unsigned int at = lane << size, width = 8 << size;

	return bits64(v[at / 8], at % 8 * 8 + width - 1, at % 8 * 8);
}

static inline void set_lane(uint64_t *v, unsigned int lane, unsigned int size, uint64_t value)
{
	const unsigned int at = lane << size, width = 8 << size, low = at % 8 * 8;
	const uint64_t mask = bits64(~0ull, width - 1, 0) << low;

	v[at / 8] = (v[at / 8] & ~mask) | (value << low & mask);
}

/* What is in nisv_cpu.seen: numbers that mean nothing to anyone else, 0 at first */
enum seen {
	SEEN_SCTLR_EL1,		/* how tables were walked: see believe() */
	SEEN_TCR_EL1,
	SEEN_TIMES,		/* NISV_AGAIN in a row, and where: see settle() */
	SEEN_PC,
	SEEN_IPA,
	SEEN_LOADS,		/* exclusive loads without a store */
	SEEN_EXCLUSIVE_BYTES,	/* the local monitor; 0: it is clear */
	SEEN_EXCLUSIVE_IPA,
	SEEN_MONITOR,		/* the global one, when it was set */

	SEEN_END
};

_Static_assert(SEEN_END <= ARRAY_SIZE(((struct nisv_cpu *)0)->seen), "a program may have an old header");

/* Stage 1 tables in the format that AArch64 and the long descriptors of AArch32 share */
struct lpae {
	uint64_t base;		/* of the table that the walk starts with */
	unsigned int granule;	/* log2 of its bytes; 0: not known yet */
	unsigned int input;	/* bits of the input address */
	int level;		/* where it starts, -1 to 2 */
	bool wide;		/* addresses may have more than 48 bits: 64K, or TCR_EL1.DS */
	bool hpd;		/* no permissions in table descriptors */
	bool haf;		/* the CPU sets the access flag */
	bool hd;		/* and makes writable what may be */
};

/* The vCPU while an access is carried out: regs.c */
struct ctx {
	struct nisv_cpu *cpu;
	const struct nisv_bus *bus;
	enum nisv_isa isa;
	bool el1_32bit;			/* tables, too, are AArch32's */
	bool privileged;		/* not at EL0 */
	unsigned int mode;		/* AArch32: whose registers the instruction means */
	bool branched;			/* PC has been loaded */
	bool believed;			/* how tables are walked: see believe() */
	struct lpae half[2];		/* AArch64: of TTBR0_EL1, TTBR1_EL1 */
	uint64_t have, dirty;		/* bits are enum nisv_reg */
	uint64_t x[NISV_ACCDATA_EL1 + 1];
	uint32_t have_v, dirty_v;
	uint64_t v[32][2];
	/* Of SVE, what an instruction stores, or is to be written: so many registers of so many words */
	unsigned int nz;
	uint8_t z_reg[4], z_words[4];
	uint64_t z[4][32];
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
#define PSTATE_UAO	(1ull << 23)
#define PSTATE_SS	(1ull << 21)
#define PSTATE_PAN	(1ull << 22)
#define PSTATE_32	(1ull << 4)
#define PSTATE_T	(1ull << 5)
#define PSTATE_E	(1ull << 9)
#define PSTATE_C	(1ull << 29)
#define PSTATE_N	(1ull << 31)

/* M[4:0] of AArch32 */
#define MODE_USR	0x10
#define MODE_FIQ	0x11
#define MODE_IRQ	0x12
#define MODE_SVC	0x13
#define MODE_MON	0x16
#define MODE_ABT	0x17
#define MODE_HYP	0x1a
#define MODE_UND	0x1b
#define MODE_SYS	0x1f

#define SCTLR_M		(1ull << 0)
#define SCTLR_E0E	(1ull << 24)
#define SCTLR_EE	(1ull << 25)
#define SCTLR_EPAN	(1ull << 57)

/* Not an answer: to be done again, with the registers as they are now. See believe() */
#define NOT_BELIEVED	2

/* Where a virtual address leads, and what the tables say of the page: walk.c */
struct leaf {
	uint64_t ipa;
	bool mapped;		/* by a table: without one all may be accessed */
	bool user, read_only, uxn;
	bool user_read_only;	/* to EL0 only: AArch32's short descriptors */
	bool none;		/* to nobody: the same */
	bool becomes_writable;	/* the CPU would let a write pass, and note it */
	bool upper;		/* AArch64: by TTBR1_EL1 */
	uint8_t domain;		/* AArch32's short descriptors */
};

/* Return: NISV_DONE, NISV_REGISTER, NISV_WALK */
int nisv_walk(struct ctx *c, uint64_t va, bool fetch, struct leaf *leaf);
/*
 * Would the CPU let data of that page be accessed? @user: as if at EL0. Return: NISV_DONE,
 * NISV_WALK: no, NISV_PERMISSIONS: not known, NISV_REGISTER
 */
int nisv_permits(struct ctx *c, const struct leaf *leaf, bool write, bool user);
/* The address that a pointer with an authentication code leads to */
int nisv_strip(struct ctx *c, uint64_t *va);

/*
 * Guest memory that an instruction accesses, as the bus has answered: memory.c. It is
 * asked once, and then bytes go where it has said. @at: a byte of the access, from 0 on.
 */
#define SPANS		128		/* an access is of so many devices, or parts of one, at most */

struct span {
	uint64_t ipa;
	uint8_t *ram;			/* NULL: a device */
	unsigned int at, len;
};

struct memory {
	const struct nisv_bus *bus;
	unsigned int spans[2];		/* to read, to write */
	struct span span[2][SPANS];
};

/*
 * Ask about @len bytes, which are those from @at on of the access. In the order of @at.
 * Return: NISV_DONE, NISV_NOTHING, NISV_UNSUPPORTED: too many devices
 */
int nisv_look(struct memory *m, bool write, unsigned int at, uint64_t ipa, unsigned int len);
/*
 * The first @len bytes of the access, in elements of @size: each at once, up to 8 bytes
 * (or 64), or as bytes if it is not of one device. Return: NISV_DONE, NISV_DEVICE
 */
int nisv_transfer(const struct memory *m, bool write, uint8_t *data, unsigned int len, unsigned int size);
/* The same for @len bytes from @at on, of which all were asked about */
int nisv_transfer_at(const struct memory *m, bool write, unsigned int at, uint8_t *data, unsigned int len,
		     unsigned int size);
/* Is it in one device, or in RAM as a whole, in each direction that was asked about? */
bool nisv_in_one(const struct memory *m);
/* If it is: is it RAM? */
bool nisv_reads_ram(const struct memory *m);
bool nisv_writes_ram(const struct memory *m);
/* And can nisv_exchange() do @len bytes there? */
bool nisv_exchangeable(const struct memory *m, unsigned int len);
/* In RAM: @new to where @old is, in one, or else @old gets what is there. Return: it is done */
bool nisv_exchange(const struct memory *m, unsigned int len, uint8_t *old, const uint8_t *new);

#define MAX_BYTES	128		/* VLDM of 16 double words */
#define MAX_EACH	64		/* elements that a vector register has addresses for */

/* One instruction, found and looked at: from access.c to perform.c */
struct access {
	struct ctx *c;
	struct nisv_insn *i;
	uint64_t fault_ipa;
	/* Of the byte that faulted: it is RAM by now, it is not, or nobody has looked yet */
	enum { NOT_LOOKED, IS_RAM, NO_RAM } found;
	bool wnr;			/* what faulted is a write, as far as the syndrome says */
	bool certain;			/* a refusal does not contradict what exited */
	bool big;
	bool reads, writes;		/* memory */
	uint64_t base, va;		/* Rn, and where it accesses */
	unsigned int elements, len;
	/* One per page; the second begins at byte `split` */
	uint64_t ipa[2];
	unsigned int split;
	uint64_t stores;		/* the global monitor, before an exclusive load */
	struct memory m;
	/*
	 * SVE: the vector length in bytes, Pg, from which element to which it accesses those that
	 * are active, and from which on FFR gets zeros: `elements`, if it does not
	 */
	unsigned int vl, first, end, ffr_from;
	uint64_t pg[4], ffr[4];
	/* Where each element is, of nisv_is_scattered(): virtual, then of its one or two pages */
	uint64_t each[MAX_EACH][2];
	/* CPY, SET: so many bytes are left, from these addresses on, or backward below them */
	uint64_t left, edge[2];		/* of the source, of the destination */
	bool backward;
	uint8_t data[MAX_BYTES];
};

/* Does it access elements that have each an address of their own? */
static inline bool nisv_is_scattered(const struct nisv_insn *i)
{
	return i->flags & (NISV_VECTOR_BASE | NISV_VECTOR_OFFSET) && !(i->flags & NISV_FIRST_FAULT);
}

/*
 * Access memory, and registers in a->c, which are not written yet. Return: NISV_DONE,
 * NISV_DEVICE, NISV_REGISTER, NISV_LIVELOCK
 */
int nisv_perform(struct access *a);
/* What a store that is not exclusive does to the global monitor */
void nisv_notice_store(const struct access *a);
/* Ask about @len bytes from @at on, whichever of the two pages they are on. Return: as nisv_look() */
int nisv_look_at(struct access *a, bool write, unsigned int at, unsigned int len);
/*
 * SVE: the three steps as access.c and perform.c have them for all else. a->base is there.
 * Return: of the first, NISV_DONE, NISV_REGISTER, NISV_MISMATCH, NISV_UNSUPPORTED
 */
int nisv_sve_address(struct access *a);
bool nisv_sve_active(const struct access *a, unsigned int element);
int nisv_sve_look(struct access *a);
int nisv_sve_perform(struct access *a);
/* The same of CPY and SET: mops.c. After it the registers are to be written, but not PC */
int nisv_mops_place(struct access *a);
int nisv_mops_look(struct access *a);
int nisv_mops_perform(struct access *a);
/* Is a load or store that is unprivileged, if @unpriv is so, done as if at EL0? */
bool nisv_as_el0(const struct access *a, bool unpriv);
/* It has been performed, and the registers are written */
void nisv_performed(const struct access *a);

#endif /* NISV_INTERNAL_H */
