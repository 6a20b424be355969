// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The registers of the vCPU while an access is carried out: each is read at most once,
 * and written at the very end; and which of them an instruction means by a number
 */
#include "internal.h"

int nisv_read(struct ctx *c, unsigned int reg)
{
	c->x[reg] = 0;
	if (c->cpu->get(c->cpu->opaque, reg, &c->x[reg], 1))
		return NISV_REGISTER;
	c->have |= 1ull << reg;
	return NISV_DONE;
}

int nisv_need_v(struct ctx *c, unsigned int reg)
{
	if (c->have_v >> reg & 1)
		return NISV_DONE;
	c->v[reg][0] = 0;
	c->v[reg][1] = 0;
	if (c->cpu->get(c->cpu->opaque, NISV_V0 + reg, c->v[reg], 2))
		return NISV_REGISTER;
	c->have_v |= 1u << reg;
	return NISV_DONE;
}

void nisv_set_v(struct ctx *c, unsigned int reg, uint64_t low, uint64_t high)
{
	c->v[reg][0] = low;
	c->v[reg][1] = high;
	c->have_v |= 1u << reg;
	c->dirty_v |= 1u << reg;
}

/*
 * R0 to R14 in a mode of AArch32: Arm ARM, D1.20.1. FIQ has its own from R8 on, the
 * others their own SP and LR.
 */
static unsigned int banked(unsigned int mode, unsigned int reg)
{
	unsigned int lr = 14;

	if (mode == MODE_FIQ && reg >= 8)
		return reg + 16;
	if (reg < 13)
		return reg;
	switch (mode) {
	case MODE_IRQ:	lr = 16; break;
	case MODE_SVC:	lr = 18; break;
	case MODE_ABT:	lr = 20; break;
	case MODE_UND:	lr = 22; break;
	default:	return reg;
	}
	return reg == 14 ? lr : lr + 1;
}

static bool aarch32(const struct ctx *c)
{
	return c->isa != NISV_A64;
}

unsigned int nisv_base(const struct ctx *c, unsigned int rn)
{
	if (aarch32(c))
		return banked(c->mode, rn);
	if (rn == 31)
		return c->x[NISV_PSTATE] & 1 ? NISV_SP_EL1 : NISV_SP_EL0;
	return NISV_X0 + rn;
}

int nisv_get_r(struct ctx *c, unsigned int reg, uint64_t *value)
{
	int ret;

	*value = 0;
	if (aarch32(c)) {
		if (reg == 15) {	/* two instructions ahead */
			*value = (uint32_t)(c->x[NISV_PC] + (c->isa == NISV_T32 ? 4 : 8));
			return NISV_DONE;
		}
		reg = banked(c->mode, reg);
	} else if (reg == 31) {
		return NISV_DONE;
	}
	ret = nisv_need(c, reg);
	*value = aarch32(c) ? (uint32_t)c->x[reg] : c->x[reg];
	return ret;
}

/* LoadWritePC(): bit 0 chooses the instruction set, and is not part of the address */
static void branch(struct ctx *c, uint32_t to)
{
	const uint64_t t = to & 1 ? PSTATE_T : 0;

	nisv_set(c, NISV_PC, to & (to & 1 ? ~1u : ~3u));
	nisv_set(c, NISV_PSTATE, (c->x[NISV_PSTATE] & ~PSTATE_T) | t);
	c->branched = true;
}

void nisv_set_r(struct ctx *c, unsigned int reg, uint64_t value)
{
	if (!aarch32(c) && reg != 31)
		nisv_set(c, reg, value);
	else if (aarch32(c) && reg == 15)
		branch(c, value);
	else if (aarch32(c))
		nisv_set(c, banked(c->mode, reg), (uint32_t)value);
}

int nisv_commit(struct ctx *c)
{
	const struct nisv_cpu *cpu = c->cpu;
	unsigned int reg;

	/* SIMD&FP first: a VMM may be wrong about whether it has these */
	for (uint32_t dirty = c->dirty_v; dirty; dirty &= dirty - 1) {
		reg = __builtin_ctz(dirty);
		if (cpu->set(cpu->opaque, NISV_V0 + reg, c->v[reg], 2))
			return NISV_REGISTER;
	}
	for (unsigned int n = 0; n < c->nz; n++)
		if (cpu->set(cpu->opaque, c->z_reg[n], c->z[n], c->z_words[n]))
			return NISV_REGISTER;
	for (uint64_t dirty = c->dirty; dirty; dirty &= dirty - 1) {
		reg = __builtin_ctzll(dirty);
		if (cpu->set(cpu->opaque, reg, &c->x[reg], 1))
			return NISV_REGISTER;
	}
	return NISV_DONE;
}
