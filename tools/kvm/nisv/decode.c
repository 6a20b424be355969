// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* One front to the decoders of the instruction sets */
#include "internal.h"

int nisv_not_decoded(struct nisv_insn *i, int ret)
{
	const bool known = ret == NISV_UNSUPPORTED;

	if (ret == NISV_UNPREDICTABLE || ret == NISV_NO_ACCESS)
		return ret;
	*i = (struct nisv_insn) {
		.word = i->word, .isa = i->isa, .length = i->length,
		.family = known ? i->family : NISV_NO_FAMILY, .op = known ? NISV_NAMED : NISV_UNKNOWN,
		NO_REGISTERS,
	};
	return ret;
}

int nisv_decode(unsigned int isa, uint32_t word, struct nisv_insn *insn)
{
	/* Most are of this one */
	if (__builtin_expect(isa == NISV_A64, 1))
		return nisv_decode_a64(insn, word);
	switch (isa) {
	case NISV_A32:
		return nisv_decode_a32(insn, word);
	case NISV_T32:
		return nisv_decode_t32(insn, word);
	default:
		*insn = (struct nisv_insn) { .word = word, .isa = isa, .length = 4 };
		return nisv_decoded(insn, NISV_OTHER);
	}
}
