// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * CPY and SET: Arm ARM (DDI 0487), C4.1 "Memory Copy and Memory Set", C6.2 and D1.3,
 * "Memory Copy and Memory Set exceptions"
 *
 * Three instructions, prologue, main and epilogue, do it together, each a part that the
 * CPU chooses. All can be interrupted: what is left is in their registers. There are two
 * ways to have it there, options A and B. A CPU has one of them, its prologue says so in
 * PSTATE.C, and main and epilogue with the other one's are an exception.
 *
 * Here a part is done of what is left, up to the end of a page, and the registers are left
 * as the CPU's own instruction leaves them if it is interrupted there. PC stays. The CPU
 * executes the instruction again, and goes on with the rest, which may be RAM. So none is
 * ever completed here, and that is what makes it right on every CPU:
 *
 *   - main and epilogue are in the option that PSTATE.C says. That is the CPU's, or they
 *     would have been another exception than this one.
 *   - an interrupted prologue has its registers as at its beginning, for fewer bytes, and
 *     PSTATE as it was, in both options. Only a complete one shows which option it is. So
 *     the prologue of what is left, which may be 0 bytes, is the CPU's, too.
 */
#include "internal.h"

#define PAGE		4096u		/* the smallest that there is */

static bool is_copy(const struct nisv_insn *i)
{
	return i->op == NISV_COPY || i->op == NISV_COPY_FORWARD;
}

/* 00 011 o0 01 op1 0 Rs op2 01 Rn Rd. SET has op1 3, and the stage in op2 */
int nisv_decode_mops(struct nisv_insn *i, uint32_t w)
{
	const unsigned int o0 = bit(w, 26), op1 = bits(w, 23, 22), op2 = bits(w, 15, 12);
	const bool fill = op1 == 3;
	const enum nisv_stage stage = fill ? op2 >> 2 : op1;

	i->op = fill ? (o0 ? NISV_FILL_TAGGED : NISV_FILL) : o0 ? NISV_COPY : NISV_COPY_FORWARD;
	i->stage = stage;
	i->rt = bits(w, 4, 0);
	i->rs = bits(w, 20, 16);
	i->width = 64;
	if (op2 & 1)
		i->flags |= NISV_UNPRIV;
	if (op2 & 2)
		i->flags |= fill ? NISV_NONTEMPORAL : NISV_UNPRIV_READ;
	if (op2 & 4 && !fill)
		i->flags |= NISV_NONTEMPORAL;
	if (op2 & 8 && !fill)
		i->flags |= NISV_NONTEMPORAL_READ;
	if (stage > NISV_EPILOGUE)
		return NISV_UNALLOCATED;
	if (i->rt == i->rs || i->rt == i->rn || i->rs == i->rn)
		return NISV_UNPREDICTABLE;
	return i->rt == 31 || i->rn == 31 || (i->rs == 31 && !fill) ? NISV_UNPREDICTABLE : NISV_DONE;
}

/* The most that a prologue takes on */
static uint64_t most(const struct nisv_insn *i)
{
	switch (i->op) {
	case NISV_COPY:
		return 0x007fffffffffffff;
	case NISV_FILL_TAGGED:
		return 0x7ffffffffffffff0;
	default:
		return 0x7fffffffffffffff;
	}
}

/* Would a copy at @from by @bytes reach @to? Only bits 55 to 0 of addresses count */
static bool reaches(uint64_t from, uint64_t to, uint64_t bytes)
{
	from = bits64(from, 55, 0);
	to = bits64(to, 55, 0);
	return from < to && bits64(from + bytes, 55, 0) > to;
}

static void turn(struct access *a)
{
	const uint64_t by = a->backward ? -a->left : a->left;

	a->backward = !a->backward;
	a->edge[0] += by;
	a->edge[1] += by;
}

/* What is left, from the registers. @either: the CPU may go in both directions */
static int find_rest(struct access *a, bool *either)
{
	const struct nisv_insn *i = a->i;
	struct ctx *c = a->c;
	uint64_t size;
	int ret;

	ret = nisv_need(c, i->rt);
	if (!ret)
		ret = nisv_need(c, i->rn);
	if (!ret && is_copy(i))
		ret = nisv_need(c, i->rs);
	if (ret)
		return ret;
	size = c->x[i->rn];
	a->edge[1] = c->x[i->rt];
	a->edge[0] = is_copy(i) ? c->x[i->rs] : 0;
	a->left = size;
	a->backward = false;
	*either = false;
	if (i->stage == NISV_PROLOGUE) {
		if (size > most(i))
			a->left = most(i);
		if (i->op == NISV_COPY && reaches(a->edge[0], a->edge[1], a->left))
			turn(a);
		else if (i->op == NISV_COPY)
			*either = !reaches(a->edge[1], a->edge[0], a->left);
	} else if (c->x[NISV_PSTATE] & PSTATE_C) {	/* B */
		a->backward = i->op == NISV_COPY && c->x[NISV_PSTATE] & PSTATE_N;
	} else {					/* A: negative if it is forward */
		a->backward = i->op == NISV_COPY && (int64_t)size > 0;
		a->left = a->backward ? size : -size;
		a->edge[0] += size;
		a->edge[1] += size;
	}
	if ((int64_t)a->left <= 0)	/* nothing, which does not fault, or in no option's way */
		return NISV_MISMATCH;
	return i->op == NISV_FILL_TAGGED && (a->left | a->edge[1]) & 15 ? NISV_ALIGNMENT : NISV_DONE;
}

/*
 * As much as is on one page, of the source and of the destination. What is backward is
 * looked at from its far end on, so that is no more than can be of a device each.
 */
static unsigned int part(const struct access *a)
{
	uint64_t n = a->left;

	for (unsigned int write = !is_copy(a->i); write < 2; write++) {
		const uint64_t here = a->backward ? (a->edge[write] - 1) % PAGE + 1 : PAGE - a->edge[write] % PAGE;

		n = here < n ? here : n;
	}
	return a->backward && n > SPANS ? SPANS : n;
}

static bool in_page(const struct access *a, uint64_t ipa)
{
	return !((ipa ^ a->fault_ipa) & ~(uint64_t)(PAGE - 1));
}

/*
 * Where the next part is, and whether it is what exited. @ahead: or else what comes after it
 * is, as the CPU has got on with a block of bytes of which only the end faulted.
 */
static int reach(struct access *a, bool ahead)
{
	const struct nisv_insn *i = a->i;
	const bool write = a->wnr;
	struct leaf leaf[2], next;
	struct ctx *c = a->c;
	int ret;

	a->len = part(a);
	for (unsigned int w = !is_copy(i); w < 2; w++) {
		ret = nisv_walk(c, a->edge[w] - (a->backward ? a->len : 0), false, &leaf[w]);
		if (ret)
			return ret;
		a->ipa[w] = leaf[w].ipa;
	}
	if (ahead) {
		if (a->left == a->len)
			return NISV_MISMATCH;
		ret = nisv_walk(c, a->backward ? a->edge[write] - a->len - 1 : a->edge[write] + a->len, false, &next);
		if (ret)
			return ret;
	}
	if (!in_page(a, ahead ? next.ipa : leaf[write].ipa))
		return NISV_MISMATCH;
	/* What has not faulted may not be permitted either */
	for (unsigned int w = !is_copy(i); w < 2; w++) {
		if (w == write && !ahead)
			continue;
		if (c->believed)	/* no walk shows permissions */
			return NOT_BELIEVED;
		ret = nisv_permits(c, &leaf[w], w, nisv_as_el0(a, i->flags & (w ? NISV_UNPRIV : NISV_UNPRIV_READ)));
		a->certain = ret;
		if (ret)
			return ret;
	}
	c->believed = false;		/* known, by now */
	return NISV_DONE;
}

int nisv_mops_place(struct access *a)
{
	bool either;
	int ret;

	ret = find_rest(a, &either);
	if (ret)
		return ret;
	ret = reach(a, false);
	if (either && (ret == NISV_MISMATCH || ret == NISV_WALK) && !a->certain) {
		turn(a);
		ret = reach(a, false);
		if (ret == NISV_MISMATCH)
			turn(a);
	}
	return ret == NISV_MISMATCH ? reach(a, true) : ret;
}

static const struct span *span_at(const struct memory *m, bool write, unsigned int at)
{
	const struct span *s = m->span[write];

	while (at - s->at >= s->len)
		s++;
	return s;
}

/* What is there from the beginning on is enough, if that is where it begins */
int nisv_mops_look(struct access *a)
{
	const bool tagged = a->i->op == NISV_FILL_TAGGED;
	int ret;

	for (unsigned int w = !is_copy(a->i); w < 2; w++) {
		const struct span *last;

		ret = nisv_look(&a->m, w, 0, a->ipa[w], a->len);
		if (ret && (a->backward || !a->m.spans[w]))
			return ret;
		last = &a->m.span[w][a->m.spans[w] - 1];
		a->len = last->at + last->len;
		if (tagged)
			a->len &= ~15u;
		if (!a->len)
			return ret;
	}
	for (unsigned int n = 0; tagged && n < a->m.spans[1]; n++)
		if (a->m.span[1][n].ram)	/* which may have tags */
			return NISV_UNSUPPORTED;
	return NISV_DONE;
}

/* So many bytes at once, after @done of them: a device gets what is aligned, of 8 at most */
static unsigned int unit_of(const struct access *a, unsigned int done)
{
	const unsigned int rest = a->len - done, edge = a->backward ? rest : done;
	uint64_t aligned = 8;
	unsigned int unit;

	for (unsigned int w = !is_copy(a->i); w < 2; w++)
		if (!span_at(&a->m, w, edge - a->backward)->ram)
			aligned |= a->ipa[w] + edge;
	for (unit = aligned & -aligned; unit > rest; unit /= 2)
		;
	return unit;
}

/* The registers as an interrupted instruction leaves them, after @done bytes of what was left */
static void leave(struct access *a, unsigned int done)
{
	const uint64_t on = a->backward ? -(uint64_t)done : done;
	const struct nisv_insn *i = a->i;
	struct ctx *c = a->c;

	if (i->stage != NISV_PROLOGUE && !(c->x[NISV_PSTATE] & PSTATE_C)) {	/* A */
		nisv_set(c, i->rn, c->x[i->rn] + on);
		return;
	}
	nisv_set(c, i->rn, a->left - done);
	/* A prologue has the lowest addresses, in both directions */
	if (i->stage == NISV_PROLOGUE && a->backward)
		return;
	nisv_set(c, i->rt, a->edge[1] + on);
	if (is_copy(i))
		nisv_set(c, i->rs, a->edge[0] + on);
}

int nisv_mops_perform(struct access *a)
{
	const struct nisv_insn *i = a->i;
	unsigned int done, unit;
	uint8_t data[8];
	uint64_t rs;
	int ret = NISV_DONE;

	if (!is_copy(i)) {
		ret = nisv_get_r(a->c, i->rs, &rs);
		if (ret)
			return ret;
		memset(data, rs, sizeof(data));
	}
	nisv_notice_store(a);
	for (done = 0; done < a->len; done += unit) {
		unsigned int at;

		unit = unit_of(a, done);
		at = a->backward ? a->len - done - unit : done;
		if (is_copy(i))
			ret = nisv_transfer_at(&a->m, false, at, data, unit, unit);
		if (!ret)
			ret = nisv_transfer_at(&a->m, true, at, data, unit, unit);
		if (ret)
			break;
	}
	if (i->op == NISV_FILL_TAGGED)
		done &= ~15u;
	if (!done)
		return ret;
	leave(a, done);
	return NISV_DONE;
}
