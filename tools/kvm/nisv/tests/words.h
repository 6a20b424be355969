/* SPDX-License-Identifier: GPL-2.0 */
/* What is left after a refusal */
{ NISV_A64, 0xd503201f, NISV_OTHER, NISV_NO_FAMILY, ".inst 0xd503201f" },	/* nop */
{ NISV_A64, 0xf8bfd000, NISV_UNALLOCATED, NISV_NO_FAMILY, ".inst 0xf8bfd000" },
{ NISV_A32, 0xf8bd0a00, NISV_UNSUPPORTED, NISV_A32_SYSTEM, ".inst 0xf8bd0a00 @ AArch32 system load/store" },
{ NISV_A32, 0xe1800d90, NISV_UNALLOCATED, NISV_NO_FAMILY, ".inst 0xe1800d90" },
{ NISV_T32, 0xbf00, NISV_OTHER, NISV_NO_FAMILY, ".inst 0xbf00" },		/* nop */
{ NISV_T32, 0xf3af8000, NISV_OTHER, NISV_NO_FAMILY, ".inst 0xf3af8000" },	/* nop.w */
{ 3, 0xbf00, NISV_OTHER, NISV_NO_FAMILY, ".inst 0x0000bf00" },
