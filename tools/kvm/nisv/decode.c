// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* One front to the decoders of the instruction sets */
#include "internal.h"

int nisv_decode(unsigned int isa, uint32_t word, struct nisv_insn *insn)
{
	switch (isa) {
	case NISV_A64:
		return nisv_decode_a64(word, insn);
	case NISV_A32:
		return nisv_decode_a32(word, insn);
	case NISV_T32:
		return nisv_decode_t32(word, insn);
	default:
		*insn = (struct nisv_insn) { .word = word, .isa = isa, .length = 4 };
		return nisv_decoded(insn, NISV_OTHER);
	}
}
