// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * SVE: Arm ARM (DDI 0487), C4.1 "SVE encodings", "SVE Memory", and C8.2. An access of a
 * vector is one of each active element, in the order of their addresses; what is not
 * active is not touched, on whatever page it is.
 */
#include "internal.h"

#define MAX_VL	256		/* bytes */

/* Decoding. A row that does not know the word leaves it to be only recognised */

static inline unsigned int zt(uint32_t w) { return bits(w, 4, 0); }
static inline unsigned int rm(uint32_t w) { return bits(w, 20, 16); }

/* What most have: Pg, a vector or some, elements of memory and of the vector */
static int vector(struct nisv_insn *i, uint32_t w, unsigned int msz, unsigned int esz)
{
	i->op = bit(w, 30) ? NISV_STORE : NISV_LOAD;
	i->flags |= NISV_SIMD;
	i->rt = zt(w);
	i->rs = bits(w, 12, 10);
	i->size = msz;
	i->width = 8 << esz;
	return esz < msz ? NISV_UNSUPPORTED : NISV_DONE;
}

/* Rn plus imm4, in vectors */
static void by_imm(struct nisv_insn *i, uint32_t w)
{
	i->imm = sbits(w, 19, 16) * i->nregs;
	i->flags |= NISV_MUL_VL;
}

/* Rn plus Rm, in elements; 31 is for other encodings */
static int by_rm(struct nisv_insn *i, uint32_t w)
{
	i->rm = rm(w);
	i->shift = i->size;
	return i->rm == 31 ? NISV_UNSUPPORTED : NISV_DONE;
}

/* dtype: elements of memory, and of the vector; or else 3 minus that, sign-extended */
static int load_dtype(struct nisv_insn *i, uint32_t w, unsigned int high, unsigned int low)
{
	i->nregs = 1;
	if (low >= high)
		return vector(i, w, high, low);
	i->flags |= NISV_SIGNED;
	return vector(i, w, 3 - high, 3 - low);
}

/* 1010010 dtype 0 imm4 101 Pg Rn Zt */
static int load_imm(struct nisv_insn *i, uint32_t w)
{
	const int ret = load_dtype(i, w, bits(w, 24, 23), bits(w, 22, 21));

	by_imm(i, w);
	return ret;
}

/* 1010010 dtype Rm 010 Pg Rn Zt */
static int load_rm(struct nisv_insn *i, uint32_t w)
{
	const int ret = load_dtype(i, w, bits(w, 24, 23), bits(w, 22, 21));

	return ret ? ret : by_rm(i, w);
}

/* LD1 to LD4, ST1 to ST4 by num, which is 0 for what is not temporal */
static int structure(struct nisv_insn *i, uint32_t w)
{
	const unsigned int msz = bits(w, 24, 23), num = bits(w, 22, 21);

	i->nregs = num + 1;
	if (!num)
		i->flags |= NISV_NONTEMPORAL;
	return vector(i, w, msz, msz);
}

/* 1010010 msz num 0 imm4 111 Pg Rn Zt; 1110010 msz num 1 imm4 111 Pg Rn Zt */
static int structure_imm(struct nisv_insn *i, uint32_t w)
{
	const int ret = structure(i, w);

	by_imm(i, w);
	return ret;
}

/* 1010010 msz num Rm 110 Pg Rn Zt; 1110010 msz num Rm 011 Pg Rn Zt */
static int structure_rm(struct nisv_insn *i, uint32_t w)
{
	structure(i, w);
	return by_rm(i, w);
}

/* 1110010 msz size 0 imm4 111 Pg Rn Zt */
static int store_imm(struct nisv_insn *i, uint32_t w)
{
	i->nregs = 1;
	by_imm(i, w);
	return vector(i, w, bits(w, 24, 23), bits(w, 22, 21));
}

/* 1110010 msz size Rm 010 Pg Rn Zt */
static int store_rm(struct nisv_insn *i, uint32_t w)
{
	int ret;

	i->nregs = 1;
	ret = vector(i, w, bits(w, 24, 23), bits(w, 22, 21));

	return ret ? ret : by_rm(i, w);
}

/* 1000010 dtypeh 1 imm6 1 dtypel Pg Rn Zt: one element to all that are active */
static int load_replicate(struct nisv_insn *i, uint32_t w)
{
	const int ret = load_dtype(i, w, bits(w, 24, 23), bits(w, 14, 13));

	i->flags |= NISV_REPLICATE;
	i->imm = bits(w, 21, 16) << i->size;
	return ret;
}

/* 1000010110 imm9h 010 imm9l Rn Zt, or 000 and 0 Pt; 1110010110 the same: all of a register */
static int whole(struct nisv_insn *i, uint32_t w)
{
	i->op = bit(w, 30) ? NISV_STORE : NISV_LOAD;
	i->flags = NISV_SIMD | NISV_MUL_VL;
	if (!bit(w, 14))
		i->flags |= NISV_PREDICATE;
	i->rt = zt(w);
	i->width = 8;
	i->nregs = 1;
	i->imm = sbits(w, 21, 16) * 8 + (int32_t)bits(w, 12, 10);
	return NISV_DONE;
}

static const struct row rows[] = {
	ROW(0xffc0e010, 0x85800000, SVE, whole),
	ROW(0xffc0e000, 0x85804000, SVE, whole),
	ROW(0xffc0e010, 0xe5800000, SVE, whole),
	ROW(0xffc0e000, 0xe5804000, SVE, whole),
	ROW(0xfe408000, 0x84408000, SVE, load_replicate),
	ROW(0xfe10e000, 0xa400a000, SVE, load_imm),
	ROW(0xfe00e000, 0xa4004000, SVE, load_rm),
	ROW(0xfe10e000, 0xa400e000, SVE, structure_imm),
	ROW(0xfe00e000, 0xa400c000, SVE, structure_rm),
	ROW(0xfe10e000, 0xe400e000, SVE, store_imm),
	ROW(0xfe10e000, 0xe410e000, SVE, structure_imm),
	ROW(0xfe00e000, 0xe4004000, SVE, store_rm),
	ROW(0xfe00e000, 0xe4006000, SVE, structure_rm),
};

int nisv_decode_sve(struct nisv_insn *i, uint32_t w)
{
	static const struct rows all = ROWS(rows);
	const struct row *row = find_row(&all, w);

	return row ? row->decode(i, w) : NISV_UNSUPPORTED;
}

/* Carrying out */

static bool active(const struct access *a, unsigned int element)
{
	const unsigned int at = element * a->i->width / 8;

	return a->i->rs == NISV_NONE || a->pg[at / 64] >> at % 64 & 1;
}

static bool replicates(const struct access *a)
{
	return a->i->flags & NISV_REPLICATE;
}

/* From one element of a vector to the next, in memory: those of a structure together */
static unsigned int stride(const struct access *a)
{
	return replicates(a) ? 0 : a->i->nregs << a->i->size;
}

static int need(struct access *a, unsigned int reg, uint64_t *value, unsigned int bytes)
{
	const struct nisv_cpu *cpu = a->c->cpu;

	memset(value, 0, MAX_VL / 8);
	return cpu->get(cpu->opaque, reg, value, (bytes + 7) / 8) ? NISV_REGISTER : NISV_DONE;
}

/*
 * From the first active element to the last: a->va and a->len. All between is on the same
 * two pages.
 */
int nisv_sve_address(struct access *a)
{
	const struct nisv_insn *i = a->i;
	unsigned int first, last, block;
	struct ctx *c = a->c;
	uint64_t vl = 0, rm;
	int ret;

	/* A VMM need not have these registers */
	if (c->cpu->get(c->cpu->opaque, NISV_VL, &vl, 1) || vl < 16 || vl > MAX_VL || vl % 16)
		return NISV_UNSUPPORTED;
	a->vl = i->flags & NISV_PREDICATE ? vl / 8 : vl;
	a->elements = a->vl * 8 / i->width;
	block = a->elements << i->size;
	ret = i->rs == NISV_NONE ? NISV_DONE : need(a, NISV_P0 + i->rs, a->pg, vl / 8);
	if (ret)
		return ret;
	a->va = a->base + (uint64_t)((int64_t)i->imm * (i->flags & NISV_MUL_VL ? (int)block : 1));
	if (i->rm != NISV_NONE) {
		ret = nisv_get_r(c, i->rm, &rm);
		if (ret)
			return ret;
		a->va += rm << i->shift;
	}
	for (first = 0; first < a->elements && !active(a, first); first++)
		;
	if (first == a->elements)	/* nothing is accessed */
		return NISV_MISMATCH;
	for (last = a->elements - 1; !active(a, last); last--)
		;
	a->va += (uint64_t)first * stride(a);
	a->len = (last - first) * stride(a) + (i->nregs << i->size);
	a->first = first;
	return NISV_DONE;
}

/* Runs of active elements; the one that faulted has to be among them */
int nisv_sve_look(struct access *a)
{
	const struct span *s = a->m.span[a->writes];
	unsigned int n = a->first, run;
	bool faulted = false;
	int ret = NISV_DONE;

	if (replicates(a))
		ret = nisv_look_at(a, false, 0, a->len);
	for (; n < a->elements && !replicates(a) && !ret; n += run + 1) {
		for (run = 0; n + run < a->elements && active(a, n + run); run++)
			;
		if (run)
			ret = nisv_look_at(a, a->writes, (n - a->first) * stride(a), run * stride(a));
	}
	for (unsigned int k = 0; k < a->m.spans[a->writes]; k++)
		faulted |= a->fault_ipa - s[k].ipa < s[k].len;
	return ret ? ret : faulted ? NISV_DONE : NISV_MISMATCH;
}

static int element(struct access *a, unsigned int at, uint64_t *value)
{
	const unsigned int len = 1 << a->i->size;
	uint8_t data[8];
	int ret;

	if (a->writes)
		put_bytes(data, len, a->big, *value);
	ret = nisv_transfer_at(&a->m, a->writes, at, data, len, len);
	if (!ret && !a->writes)
		*value = get_bytes(data, len, a->big);
	return ret;
}

/* LDR, STR: in the largest parts that all of it is made of */
static int whole_register(struct access *a)
{
	const unsigned int unit = a->len & -a->len, size = unit > 8 ? 8 : unit;
	uint8_t data[MAX_VL];
	int ret;

	for (unsigned int n = 0; a->writes && n < a->len; n++)
		data[n] = lane_of(a->c->z[0], n, 0);
	ret = nisv_transfer_at(&a->m, a->writes, 0, data, a->len, size);
	for (unsigned int n = 0; !ret && !a->writes && n < a->len; n++)
		set_lane(a->c->z[0], n, 0, data[n]);
	return ret;
}

static int vectors(struct access *a)
{
	const struct nisv_insn *i = a->i;
	const unsigned int esz = __builtin_ctz(i->width / 8);
	uint64_t value = 0;
	int ret = NISV_DONE;

	if (replicates(a))
		ret = element(a, 0, &value);
	for (unsigned int n = a->first; n < a->elements; n++) {
		if (!active(a, n))
			continue;
		for (unsigned int r = 0; r < i->nregs && !ret; r++) {
			if (a->writes)
				value = lane_of(a->c->z[r], n, esz);
			if (!replicates(a))
				ret = element(a, (n - a->first) * stride(a) + (r << i->size), &value);
			if (!a->writes)
				set_lane(a->c->z[r], n, esz, extended(i, value));
		}
	}
	return ret;
}

int nisv_sve_perform(struct access *a)
{
	const struct nisv_insn *i = a->i;
	const unsigned int from = i->flags & NISV_PREDICATE ? NISV_P0 : NISV_Z0;
	struct ctx *c = a->c;
	int ret = NISV_DONE;

	for (unsigned int r = 0; r < i->nregs; r++) {
		memset(c->z[r], 0, sizeof(c->z[r]));
		if (a->writes)
			ret = c->cpu->get(c->cpu->opaque, from + (i->rt + r) % 32, c->z[r], (a->vl + 7) / 8);
		if (ret)
			return NISV_REGISTER;
	}
	if (a->writes)
		nisv_notice_store(a);
	ret = i->rs == NISV_NONE ? whole_register(a) : vectors(a);
	if (ret || a->writes)
		return ret;
	c->nz = i->nregs;
	c->z_words = (a->vl + 7) / 8;
	for (unsigned int r = 0; r < i->nregs; r++)
		c->z_reg[r] = from + (i->rt + r) % 32;
	return NISV_DONE;
}
