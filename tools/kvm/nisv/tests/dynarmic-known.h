/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What dynarmic 6.4 does not do, or does otherwise: "SET TEXT|WHAT", as dynarmic.cc has it, and
 * why
 */
{ "A64 cas*|not implemented", "it has no FEAT_LSE" },
{ "A64 swp*|not implemented", "it has no FEAT_LSE" },
{ "A64 [ls][dt]add*|not implemented", "it has no FEAT_LSE" },
{ "A64 [ls][dt]clr*|not implemented", "it has no FEAT_LSE" },
{ "A64 [ls][dt]eor*|not implemented", "it has no FEAT_LSE" },
{ "A64 [ls][dt]set*|not implemented", "it has no FEAT_LSE" },
{ "A64 [ls][dt][su]m[ai][xn]*|not implemented", "it has no FEAT_LSE" },
{ "A64 ldapr*|not implemented", "it has no FEAT_LRCPC" },
{ "A64 ldapu*|not implemented", "it has no FEAT_LRCPC2" },
{ "A64 ldiapp *|not implemented", "it has no FEAT_LRCPC3" },
{ "A64 stilp *|not implemented", "it has no FEAT_LRCPC3" },
{ "A64 stlr *|not implemented", "it has no FEAT_LRCPC3" },
{ "A64 ldap1 *|not implemented", "it has no FEAT_LRCPC3" },
{ "A64 stl1 *|not implemented", "it has no FEAT_LRCPC3" },
{ "A64 [ls][dt]t[acsx]*|not implemented", "it has no FEAT_LSUI" },
{ "A64 ldatxr *|not implemented", "it has no FEAT_LSUI" },
{ "A64 stltxr *|not implemented", "it has no FEAT_LSUI" },
{ "A64 [ls][dt]t*p *|undefined", "it has no FEAT_LSUI" },
{ "A64 stlur*|not implemented", "it has no FEAT_LRCPC2" },
{ "A64 ldra[ab] *|not implemented", "it has no FEAT_PAuth" },
{ "A64 st*g *|not implemented", "it has no FEAT_MTE" },
{ "A64 stgp *|undefined", "it has no FEAT_MTE" },
{ "A64 ldg *|not implemented", "it has no FEAT_MTE" },
{ "A64 dc g*|not implemented", "it has no FEAT_MTE" },
{ "A64 [ls][dt]64b *|not implemented", "it has no FEAT_LS64" },

{ "A32 v[ls][dt]r.16 *|not implemented", "it has no FEAT_FP16" },
{ "A32 [ls][dt]m*^|not implemented", "it has only User mode, where this is UNPREDICTABLE" },
{ "A32 [ls][dt]r*t *|undefined", "it leaves out what is as if unprivileged" },

{ "T32 v[ls][dt]r.16 *|not implemented", "it has no FEAT_FP16" },
{ "T32 lda*|undefined", "its T32 is Armv7's" },
{ "T32 stl*|undefined", "its T32 is Armv7's" },
