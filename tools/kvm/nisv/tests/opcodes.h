/* SPDX-License-Identifier: GPL-2.0 */
/* binutils' libopcodes, as the tests use it: one little-endian instruction at a time */
#ifndef OPCODES_H
#define OPCODES_H

#include <stdbool.h>

#define PACKAGE "libnisv"	/* bfd.h insists */
#define PACKAGE_VERSION "0"
#include <dis-asm.h>

/* Return: what disassembles; the instruction is at dis->buffer. NULL: not this architecture */
static inline disassembler_ftype opcodes_start(struct disassemble_info *dis, enum bfd_architecture arch,
					       unsigned int length, const char *options,
					       fprintf_ftype print, fprintf_styled_ftype print_styled)
{
	init_disassemble_info(dis, NULL, print, print_styled);
	dis->flavour = bfd_target_elf_flavour;
	dis->arch = arch;
	dis->endian = BFD_ENDIAN_LITTLE;
	dis->endian_code = BFD_ENDIAN_LITTLE;
	dis->buffer_length = length;
	dis->disassembler_options = options;
	disassemble_init_for_target(dis);
	return disassembler(arch, false, 0, NULL);
}

#endif /* OPCODES_H */
