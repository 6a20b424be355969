/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Words that the disassemblers of Debian 12 do not know, or whose answer they do not
 * show: instruction set, word, nisv_decode()'s answer, family, and nisv_text(), if it is
 * not ".inst". The comments have what newer assemblers make of them.
 */
{ NISV_A64, 0x99c00840, NISV_DONE, NISV_RCPC3, "ldapr w0, [x2], #4" },
{ NISV_A64, 0x998009e3, NISV_DONE, NISV_RCPC3, "stlr w3, [x15, #-4]!" },
{ NISV_A64, 0x99440a9c, NISV_DONE, NISV_RCPC3, "ldiapp w28, w4, [x20], #8" },
{ NISV_A64, 0xd9010a39, NISV_DONE, NISV_RCPC3, "stilp x25, x1, [x17, #-16]!" },
{ NISV_A64, 0x1dc0abe3, NISV_DONE, NISV_RCPC3, "ldapur q3, [sp, #10]" },
{ NISV_A64, 0x1d1ff9e3, NISV_DONE, NISV_RCPC3, "stlur b3, [x15, #-1]" },
{ NISV_A64, 0x0d4187e3, NISV_DONE, NISV_RCPC3, "ldap1 {v3.d}[0], [sp]" },
{ NISV_A64, 0x0d0185e3, NISV_DONE, NISV_RCPC3, "stl1 {v3.d}[0], [x15]" },
{ NISV_A64, 0x59c00840, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* no halfwords */
{ NISV_A64, 0x19440a9c, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* no bytes */
{ NISV_A64, 0x9dc0abe3, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* Q registers have size 0 */
{ NISV_A64, 0x0d4183e3, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* doublewords only */
{ NISV_A64, 0x19221161, NISV_DONE, NISV_LSE128, "ldclrp x1, x2, [x11]" },
{ NISV_A64, 0x19e23161, NISV_DONE, NISV_LSE128, "ldsetpal x1, x2, [x11]" },
{ NISV_A64, 0x19218040, NISV_DONE, NISV_LSE128, "swpp x0, x1, [x2]" },
{ NISV_A64, 0x1921805f, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* not with xzr */
{ NISV_A64, 0x59218040, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* size 1 is FEAT_THE's */
{ NISV_A64, 0x19212040, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* no exclusive or */
{ NISV_A64, 0x19200881, NISV_UNSUPPORTED, NISV_RCW },		/* rcwcas x0, x1, [x4] */
{ NISV_A64, 0x59e00c86, NISV_UNSUPPORTED, NISV_RCW },		/* rcwscaspal x0, x1, x6, x7, [x4] */
{ NISV_A64, 0x38209081, NISV_UNSUPPORTED, NISV_RCW },		/* rcwclr x0, x1, [x4] */
{ NISV_A64, 0x78e0b081, NISV_UNSUPPORTED, NISV_RCW },		/* rcwssetal x0, x1, [x4] */
{ NISV_A64, 0x5920b081, NISV_UNSUPPORTED, NISV_RCW },		/* rcwssetp x1, x0, [x4] */
{ NISV_A64, 0x1920a081, NISV_UNSUPPORTED, NISV_RCW },		/* rcwswpp x1, x0, [x4] */
{ NISV_A64, 0x59e10c86, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* pairs are even */
{ NISV_A64, 0xb8209081, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* size is 0 or 1 */
{ NISV_A64, 0x895f7d6a, NISV_DONE, NISV_LSUI, "ldtxr w10, [x11]" },
{ NISV_A64, 0xc900fd6a, NISV_DONE, NISV_LSUI, "stltxr w0, x10, [x11]" },
{ NISV_A64, 0xc9c17c62, NISV_DONE, NISV_LSUI, "casat x1, x2, [x3]" },
{ NISV_A64, 0x49807c62, NISV_DONE, NISV_LSUI, "caspt x0, x1, x2, x3, [x3]" },
{ NISV_A64, 0x19210462, NISV_DONE, NISV_LSUI, "ldtadd w1, w2, [x3]" },
{ NISV_A64, 0x5961147f, NISV_DONE, NISV_LSUI, "sttclrl x1, [x3]" },
{ NISV_A64, 0x19213462, NISV_DONE, NISV_LSUI, "ldtset w1, w2, [x3]" },
{ NISV_A64, 0x19218462, NISV_DONE, NISV_LSUI, "swpt w1, w2, [x3]" },
{ NISV_A64, 0xe9400441, NISV_UNPREDICTABLE, NISV_LSUI, "ldtp x1, x1, [x2]" },
{ NISV_A64, 0xe8810440, NISV_DONE, NISV_LSUI, "sttp x0, x1, [x2], #16" },
{ NISV_A64, 0xe8400440, NISV_DONE, NISV_LSUI, "ldtnp x0, x1, [x2]" },
{ NISV_A64, 0xed000440, NISV_DONE, NISV_LSUI, "sttp q0, q1, [x2]" },
{ NISV_A64, 0xec000440, NISV_DONE, NISV_LSUI, "sttnp q0, q1, [x2]" },
{ NISV_A64, 0x095f7d6a, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* words and doublewords only */
{ NISV_A64, 0x89c17c62, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* doublewords only */
{ NISV_A64, 0x19212462, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* no exclusive or */
{ NISV_A64, 0x7c610062, NISV_UNSUPPORTED, NISV_LSFE },		/* ldfaddl h1, h2, [x3] */
{ NISV_A64, 0x3ce17062, NISV_UNSUPPORTED, NISV_LSFE },		/* ldbfminnmal h1, h2, [x3] */
{ NISV_A64, 0xfc21c07f, NISV_UNSUPPORTED, NISV_LSFE },		/* stfmax d1, [x3] */
{ NISV_A64, 0xfca1c07f, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* no acquire */
{ NISV_A64, 0xfc21c062, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* no result */
{ NISV_A64, 0x7c611062, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* no such operation */
{ NISV_A64, 0xd91f0f7a, NISV_UNSUPPORTED, NISV_GCS },		/* gcsstr x26, x27 */
{ NISV_A64, 0xd91f1f7a, NISV_UNSUPPORTED, NISV_GCS },		/* gcssttr x26, x27 */
{ NISV_A64, 0xd91f2f7a, NISV_UNALLOCATED, NISV_NO_FAMILY },
{ NISV_A64, 0xd50b74e3, NISV_UNSUPPORTED, NISV_TAGS },		/* dc gbva, x3 */
{ NISV_A64, 0xa0402020, NISV_UNSUPPORTED, NISV_SVE },		/* ld1h { z0.h, z1.h }, pn8/z, [x1] */
{ NISV_A64, 0xa020e000, NISV_UNSUPPORTED, NISV_SVE },		/* st1d { z0.d - z3.d }, pn8, [x0, x0, lsl #3] */
{ NISV_A64, 0xa065b554, NISV_UNSUPPORTED, NISV_SVE },		/* st1h { z20.h - z23.h }, pn13, [x10, #20, mul vl] */
{ NISV_A64, 0xa490e000, NISV_DONE, NISV_SVE, "ld2q {z0.q, z1.q}, p0/z, [x0]" },
{ NISV_A64, 0xa5a08000, NISV_DONE, NISV_SVE, "ld4q {z0.q-z3.q}, p0/z, [x0, x0, lsl #4]" },
{ NISV_A64, 0xe4a00000, NISV_DONE, NISV_SVE, "st3q {z0.q-z2.q}, p0, [x0, x0, lsl #4]" },
{ NISV_A64, 0xe4400000, NISV_DONE, NISV_SVE, "st2q {z0.q, z1.q}, p0, [x0]" },
{ NISV_A64, 0xa5008000, NISV_DONE, NISV_SVE, "ld1w {z0.q}, p0/z, [x0, x0, lsl #2]" },
{ NISV_A64, 0xa5902000, NISV_DONE, NISV_SVE, "ld1d {z0.q}, p0/z, [x0]" },
{ NISV_A64, 0xe5c04000, NISV_DONE, NISV_SVE, "st1d {z0.q}, p0, [x0, x0, lsl #3]" },
{ NISV_A64, 0xe500e000, NISV_DONE, NISV_SVE, "st1w {z0.q}, p0, [x0]" },
{ NISV_A64, 0xc400a000, NISV_DONE, NISV_SVE, "ld1q {z0.q}, p0/z, [z0.d, x0]" },
{ NISV_A64, 0xe4202000, NISV_DONE, NISV_SVE, "st1q {z0.q}, p0, [z0.d, x0]" },
{ NISV_A64, 0xe5104000, NISV_DONE, NISV_SVE, "st1w {z0.q}, p0, [x0, x16, lsl #2]" },
{ NISV_A64, 0xa490a000, NISV_NO_ACCESS, NISV_SVE, "ldnf1sw {z0.d}, p0/z, [x0]" },
{ NISV_A64, 0xa5c02000, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* as LD1RO would be of 64 bytes */
{ NISV_A64, 0x85c00010, NISV_UNALLOCATED, NISV_NO_FAMILY },	/* prfop has four bits */
{ NISV_A64, 0x85804010, NISV_DONE, NISV_SVE, "ldr z16, [x0]" },
{ NISV_A64, 0xa1004008, NISV_UNSUPPORTED, NISV_SME },		/* ldnt1w { z0.s, z8.s }, pn8/z, [x0, x0, lsl #2] */
{ NISV_A64, 0xa14f9ffb, NISV_UNSUPPORTED, NISV_SME },		/* ldnt1b { z19.b, z23.b, z27.b, z31.b }, pn15/z, ... */
{ NISV_A64, 0xe11f8000, NISV_UNSUPPORTED, NISV_SME },		/* ldr zt0, [x0] */
{ NISV_A64, 0xa0502020, NISV_OTHER, NISV_NO_FAMILY },
{ NISV_A64, 0xa020e002, NISV_OTHER, NISV_NO_FAMILY },
{ NISV_A64, 0xa0900e29, NISV_OTHER, NISV_NO_FAMILY },		/* smopa za1.s, p3/m, p0/m, z17.h, z16.h */
{ NISV_A64, 0xd50b7b05, NISV_NO_ACCESS, NISV_CACHE, "dc cvaoc, x5" },
{ NISV_A64, 0xd50b7be5, NISV_NO_ACCESS, NISV_CACHE, "dc cgdvaoc, x5" },
{ NISV_A64, 0xd50b7f05, NISV_NO_ACCESS, NISV_CACHE, "dc civaoc, x5" },
{ NISV_A64, 0xd5087f3f, NISV_NO_ACCESS, NISV_CACHE, "dc civaps, xzr" },
{ NISV_A64, 0xd50b7e20, NISV_NO_ACCESS, NISV_CACHE, "dc civac, x0" },
{ NISV_A64, 0xd50b7520, NISV_NO_ACCESS, NISV_CACHE, "ic ivau, x0" },
{ NISV_A64, 0xd5087e40, NISV_OTHER, NISV_NO_FAMILY },		/* dc cisw, x0 */
{ NISV_A32, 0xee070f3e, NISV_NO_ACCESS, NISV_CACHE, "mcr p15, #0, r0, c7, c14, #1" },
{ NISV_A32, 0x1e073f35, NISV_NO_ACCESS, NISV_CACHE, "mcrne p15, #0, r3, c7, c5, #1" },
{ NISV_A32, 0xee07ff36, NISV_UNPREDICTABLE, NISV_CACHE, "mcr p15, #0, r15, c7, c6, #1" },
{ NISV_T32, 0xee070f3b, NISV_NO_ACCESS, NISV_CACHE, "mcr p15, #0, r0, c7, c11, #1" },
{ NISV_A32, 0xee070f15, NISV_OTHER, NISV_NO_FAMILY },		/* ICIALLU */

/* A base that is stored, and written back, and one that is loaded */
{ NISV_A32, 0xe8a20006, NISV_DONE, NISV_A32_MULTIPLE, "stm r2!, {r1, r2}" },
{ NISV_T32, 0xc206, NISV_DONE, NISV_A32_MULTIPLE, "stm r2!, {r1, r2}" },
{ NISV_T32, 0xe8a20006, NISV_UNPREDICTABLE, NISV_A32_MULTIPLE, "stm r2!, {r1, r2}" },
{ NISV_A32, 0xe8b20006, NISV_UNPREDICTABLE, NISV_A32_MULTIPLE, "ldm r2!, {r1, r2}" },

/* What is left after a refusal */
{ NISV_A64, 0xd503201f, NISV_OTHER, NISV_NO_FAMILY, ".inst 0xd503201f" },	/* nop */
{ NISV_A64, 0xf8bfd000, NISV_UNALLOCATED, NISV_NO_FAMILY, ".inst 0xf8bfd000" },
{ NISV_A64, 0x38209081, NISV_UNSUPPORTED, NISV_RCW, ".inst 0x38209081 // read-check-write atomic memory operations" },
{ NISV_A32, 0xf8bd0a00, NISV_UNSUPPORTED, NISV_A32_SYSTEM, ".inst 0xf8bd0a00 @ AArch32 system load/store" },
{ NISV_A32, 0xe1800d90, NISV_UNALLOCATED, NISV_NO_FAMILY, ".inst 0xe1800d90" },
{ NISV_T32, 0xbf00, NISV_OTHER, NISV_NO_FAMILY, ".inst 0xbf00" },		/* nop */
{ NISV_T32, 0xf3af8000, NISV_OTHER, NISV_NO_FAMILY, ".inst 0xf3af8000" },	/* nop.w */
{ 3, 0xbf00, NISV_OTHER, NISV_NO_FAMILY, ".inst 0x0000bf00" },
