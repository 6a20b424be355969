# SPDX-License-Identifier: GPL-2.0
#
# The front door. `make` explains.

# The kernel that the series is put on: one of Debian's, or a tree of yours; and
# where everything is built
KERNEL		?=
# Not the series: "none" for that kernel as it is; or another, see tools/testing/nested/build/foreign.sh
SERIES		?=
IMAGE		?=
ifneq ($(KERNEL),)
override BASE	:= $(if $(SERIES),any,$(shell DOCS='$(DOCS)' patches/series.sh base '$(KERNEL)' 2>/dev/null))
endif
BASE		?= 6.1-rewound
# Which of the folders in patches/ that takes
LINE		:= $(BASE:-rewound=)
# Of your tree: leave documentation out ("no"). And who puts the series on it, or sends it
DOCS		?=
SIGNOFF		?=
BUILD		?= $(CURDIR)/build
# What export writes: patches/export.sh knows which there are
FORMAT		?=
# What that tree needs besides, or you want: a fragment of a kernel configuration
CONFIG		?=

# The machines that QEMU emulates: cells, whose names tools/testing/nested/boot/host.sh
# knows. KVM ran on 32-bit hosts until v5.6.
ARCH		?= arm64
CPU		?=
CPUS		?= 2
TIMEOUT		?= 480
ifeq ($(ARCH),arm)
GIC		?= 2
QEMU		?= qemu-system-arm
CROSS_COMPILE	?= arm-linux-gnueabi-
CONFIGS		:= arch/arm64/configs/nisv_host.config arch/arm/configs/nisv_host.config
RUN_CPU		:= $(or $(CPU),cortex-a15)
ALL_CELLS	:= cortex-a15+full cortex-a15+1cpu cortex-a15+4cpu cortex-a15+gicv3 cortex-a15+novirtio
SOAK_CELL	:= cortex-a15
CELLS		?= $(RUN_CPU)
else
GIC		?= 3
QEMU		?= qemu-system-aarch64
CROSS_COMPILE	?= aarch64-linux-gnu-
CONFIGS		:= arch/arm64/configs/nisv_host.config
RUN_CPU		:= $(or $(CPU),cortex-a57)
PKVM		:= $(filter 6.12 7.3,$(LINE))
# The slowest first, as they run side by side
ALL_CELLS	:= \
	max+debug+mte+sve max+nvhe+debug+mte cortex-a57+debug max+full cortex-a57+full \
	cortex-a57+gicv2 cortex-a57+1cpu cortex-a57+4cpu cortex-a57+64k cortex-a57+novirtio \
	neoverse-n1 neoverse-n1+gicv2 neoverse-n1+1cpu neoverse-n1+nvhe neoverse-n1+16k neoverse-n1+64k \
	max+mte max+sve max+gicv2 max+1cpu+mte max+4cpu+mte+sve max+16k+sve max+64k+mte \
	max+nvhe+mte max+nvhe+sve max+nvhe+gicv2 max+nvhe+1cpu max+nvhe+16k+mte max+nvhe+64k+sve \
	$(if $(PKVM),max+protected+mte max+protected+sve max+protected+1cpu max+protected+64k)
SOAK_CELL	:= max+debug+mte+sve
CELLS		?= $(or $(CPU),$(if $(IMAGE),max,max+debug+mte+sve cortex-a57 max max+nvhe+mte $(if $(PKVM),max+protected+mte)))
endif
CONFIGS		+= $(CONFIG)

# The VMMs that people run, with libnisv: of QEMU a version that patches/qemu has; and
# kvmtool, which you bring
VMM_QEMU	?= 7.2
KVMTOOL		?=

# What run boots in place of the small guest: Debian's UEFI (aavmf) or U-Boot (u-boot)
# with FIRMWARE=, its installer (installer) with GUEST=
FIRMWARE	?=
GUEST		?=
SYSTEM		:= $(strip $(FIRMWARE) $(GUEST))

# What nisv_stress does, in check and in soak, and again with the same seed
OPS		?= $(if $(IMAGE),2000,5000)
SOAK_OPS	?= 500000
SEED		?= 1
# How often libnisv does each form, with other registers and data, held against the CPU
INSTANCES	?= 1000
SOAK_INSTANCES	?= 100000

# Compilers and hosts at a time: a host keeps about one CPU busy
JOBS		?= $(shell nproc)
CCACHE_DIR	?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ccache

# For a farm that LAVA runs: where it finds what jobs/ needs (empty: here), which one job is
# run here; or a board, by its device type, how that boots, and where its device tree is
LAVA_URL	?=
CELL		?= $(or $(CPU),max)
BOARD		?=
BOARD_BOOT	?= u-boot
BOARD_DTB	?=
# Jobs that have run there, by number
LAVA_JOBS	?=

# The trees that there are: see tools/testing/nested/build/tree.sh
BASES		:= $(shell tools/testing/nested/build/tree.sh bases)

FORMATS		:= $(shell patches/export.sh formats)

# That of backports, for hosts whose name has the word newer
NEWER	:= $(abspath $(BUILD))/newer/root/usr/bin/qemu-system-aarch64

export NEWER VMM DOCS SIGNOFF ARCH BASE QEMU GIC CPUS TIMEOUT CROSS_COMPILE JOBS CCACHE_DIR
# To git they say which repository, whatever folder it is called in; hooks have them
unexport GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

N	:= tools/testing/nested
T	:= tools/testing/selftests/kvm/arm64
# What `make vmms` has built
VMMS	:= $(abspath $(BUILD))/vmms
VMM	:= $(wildcard $(addprefix $(VMMS)/bin/,qemu-system-aarch64 lkvm))
# For the nested host
DEBS	:= busybox-static $(if $(IMAGE),,$(if $(filter arm64,$(ARCH)),qemu-system-arm))
PACKAGE-aavmf := qemu-efi-aarch64
PACKAGE-u-boot := u-boot-qemu
PACKAGE-installer := debian-installer-12-netboot-arm64
DEBS	+= $(PACKAGE-$(SYSTEM))
ROOTFS	:= $(abspath $(BUILD))/$(ARCH)-$(lastword $(DEBS)).squashfs
TESTS	:= $(patsubst $T/%.c,%,$(wildcard $T/*.c)) $(if $(filter arm64,$(ARCH)),libnisv libnisv_abort libnisv_vgic)
STAGE	:= $N/stage.sh
space	:= $() $()
comma	:= ,

# The kernels that the words in the cells' names stand for, and a cell without them;
# and all else by kernel
KERNELS	:= $(shell $N/boot/host.sh kernels 2>/dev/null)
variant	= $(addprefix -,$(filter $(KERNELS),$(subst +, ,$1)))
plain	= $(subst $(space),+,$(filter-out $(KERNELS) novirtio,$(subst +, ,$1)))
ifneq ($(IMAGE),)
NAME	:= $(notdir $(IMAGE:%/=%))
B	:= $(abspath $(BUILD))/image-$(subst :,-,$(firstword $(NAME)))
# It has the pages that it has
ALL_CELLS := $(filter-out %16k %64k %debug,$(ALL_CELLS))
SUBJECT	:= foreign
WITH	:= as it is
else
NAME	:= $(or $(KERNEL),linux-source-$(LINE))
B	:= $(abspath $(BUILD))/$(BASE)$(if $(KERNEL),-$(notdir $(realpath $(KERNEL))))$(if $(filter arm,$(ARCH)),-arm)
SUBJECT	:= $(if $(SERIES),asis,series)
REV	:= $(if $(SERIES),base,kernel)
WITH	:= $(if $(filter %-rewound,$(BASE)),rewound$(comma) )$(if $(SERIES),as it is,with the series)
endif
RESULTS	:= $(B)/results$(if $(SERIES),-asis)
# What is built of them: check also boots the base, and a guest with the series
CELL_IMAGES := $(sort $(foreach c,$(CELLS),$(SUBJECT)$(call variant,$c)))
IMAGES	:= $(sort $(CELL_IMAGES) $(if $(filter series,$(SUBJECT)),base series))
# Here stage.sh adds the seconds that each stage took
export STAGES := $(B)/log/stages

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help hosts run check check-all cells soak mutants prefixes bench judge report vmms apply series export clean distclean
.PHONY: lava lava-run lava-report bundle bundle-run
.PHONY: arm64 ours ready packages newer base tree images rootfs foreign checks FORCE

# Targets and variables by who wants them, a variable with its value
target = @printf '  %-31s %s\n'
variable = @printf '    %-14s %-20s %s\n'
help:
	@echo 'MMIO without a valid syndrome, for KVM on Arm: a kernel series, and libnisv for VMMs'
	@echo
	@echo 'See it'
	$(target) 'make run' 'boot a guest without and with the series, and with libnisv' \
		'make check' 'prove the series and libnisv on emulated KVM hosts'
	$(variable) BASE '$(BASE)' 'the kernel, Debian'\''s: $(BASES)' \
		KERNEL '$(KERNEL)' 'or a tree of yours; a copy is used' \
		CPU '$(CPU)' 'the emulated CPU; empty: $(RUN_CPU) to run, CELLS to check' \
		CELLS '$(firstword $(CELLS))$(if $(word 2,$(CELLS)), ...)' 'the hosts to check on; make hosts explains their names' \
		FIRMWARE '$(FIRMWARE)' 'boot aavmf (UEFI) or u-boot in place of the guest' \
		GUEST '$(GUEST)' 'boot installer (Debian'\''s) in its place'
	@echo
	@echo 'I carry a kernel'
	$(target) 'make apply KERNEL=dir' 'put the series on your tree, whole or not at all' \
		'make series' 'write it as mails to $$(BUILD)/$$(BASE)/mails' \
		'make export FORMAT=' 'write it for another tool to $$(BUILD)/$$(BASE)/export'
	$(variable) FORMAT '$(FORMAT)' '$(FORMATS)' \
		DOCS '$(DOCS)' 'no: leave Documentation of that tree as it is' \
		SIGNOFF "$$SIGNOFF" 'your "Name <mail>", for From and Signed-off-by' \
		CONFIG '$(CONFIG)' 'a file with options that your tree needs to build' \
		ARCH '$(ARCH)' 'of the host: arm64, or arm with 5.4 and 4.19' \
		CROSS_COMPILE '$(CROSS_COMPILE)' 'prefix of the compiler'
	@echo
	@echo 'I write a VMM'
	$(target) 'make -C tools/kvm/nisv install' 'libnisv: library, header, nisv(3); DESTDIR=, PREFIX=' \
		'make -C tools/kvm/nisv rust' 'test the Rust crate' \
		'make vmms' 'build QEMU and kvmtool with libnisv; make run then has them'
	$(variable) VMM_QEMU '$(VMM_QEMU)' 'which QEMU of Debian'\''s' \
		KVMTOOL '$(KVMTOOL)' 'a kvmtool tree; a copy is used'
	@echo
	@echo 'I want to judge a kernel'
	$(target) 'make check IMAGE=' 'run the tests on a kernel as it is' \
		'make check KERNEL= SERIES=none' 'the same, built from a tree' \
		'make judge' 'which of Debian'\''s kernels does what: a page' \
		'make bundle' 'a tar of the tests for a machine with /dev/kvm' \
		'make bundle-run' 'try it on the emulated host CELL'
	$(variable) IMAGE '$(IMAGE)' 'an Image, Debian packages, or debian, debian:6.12, debian:trixie'
	@echo
	@echo 'I maintain this'
	$(target) 'make cells' 'only the programs, on the hosts CELLS' \
		'make check-all' 'make check on $(words $(ALL_CELLS)) hosts: some hours' \
		'make soak' 'SOAK_OPS random operations on a kernel that finds errors' \
		'make mutants' 'break the series line by line; a test must notice' \
		'make prefixes' 'boot each patch: it must lose no test' \
		'make bench' 'what it costs, in instructions' \
		'make report' 'all results as a page: $$(BUILD)/$$(BASE)/report/index.html' \
		'make lava' 'the hosts CELLS, or a BOARD, as jobs for a LAVA farm' \
		'make lava-run' 'run the job of CELL here' \
		'make lava-report' 'the results of LAVA_JOBS as a table' \
		'make clean, make distclean' 'remove what was built; all of $$(BUILD)'
	$(variable) GIC '$(GIC)' 'interrupt controller of the hosts: 2 or 3' \
		CPUS '$(CPUS)' 'how many CPUs they have; make run: one' \
		QEMU '$(QEMU)' 'the emulator' \
		TIMEOUT '$(TIMEOUT)' 'seconds without a result until a host counts as hung' \
		OPS '$(OPS)' 'operations of nisv_stress; SOAK_OPS=$(SOAK_OPS) in a soak' \
		INSTANCES '$(INSTANCES)' 'of each form that libnisv does; SOAK_INSTANCES=$(SOAK_INSTANCES)' \
		SEED '$(SEED)' 'which ones, of both' \
		CELL '$(CELL)' 'the host of lava-run and bundle-run' \
		LAVA_URL '$(LAVA_URL)' 'where the farm finds kernels and tests; empty: here' \
		LAVA_JOBS '$(LAVA_JOBS)' 'numbers of jobs that lavacli fetches' \
		BOARD '$(BOARD)' 'device type of a board' \
		BOARD_BOOT '$(BOARD_BOOT)' 'how it boots: u-boot, grub' \
		BOARD_DTB '$(BOARD_DTB)' 'URL of its device tree' \
		JOBS '$(JOBS)' 'compilers, or hosts, side by side' \
		CCACHE_DIR '$(CCACHE_DIR)' 'compiler cache' \
		BUILD '$(BUILD)' 'all that is fetched and built'

hosts:
	@echo 'A host is the name of a CPU, and any of these words, each after a +, as max+nvhe+1cpu:'
	@$N/boot/host.sh help

# What run and check need, in the order that they need it

NUMBERS := CPUS TIMEOUT JOBS OPS SOAK_OPS INSTANCES SOAK_INSTANCES SEED
quote = $(foreach c,$1,'$c')

# Refuse what makes no sense before anything is fetched or built. HOSTS are those that
# boot a kernel which is not of their choice.
HOSTS = $(if $(IMAGE),$(CELLS),$(call plain,$(RUN_CPU)))
base:
	@patches/series.sh check
	@$N/boot/host.sh check $(call quote,$(CELLS)) && $N/boot/host.sh check $(call quote,$(HOSTS))
	@[ -z '$(strip $(foreach c,$(HOSTS),$(call variant,$c)))' ] || \
		{ echo 'make: $(strip $(HOSTS)): leave out $(KERNELS): this command chooses the kernel' >&2; exit 2; }
	@for n in $(foreach n,$(NUMBERS),'$n=$($n)'); do case $${n#*=} in ''|0*|*[!0-9]*|??????????*) \
		echo "make: $$n: must be a number from 1 to 999999999" >&2; exit 2 ;; esac; done
	@[ -z '$(filter-out none,$(SERIES))' ] || { echo 'make: SERIES=$(SERIES): must be "none" or empty' >&2; exit 2; }
	@[ '$(notdir $(realpath $(KERNEL)))' != rewound ] || \
		{ echo 'make: KERNEL=$(KERNEL): that name stands for a tree in $$(BUILD); rename the folder' >&2; exit 2; }
	@[ -z '$(KERNEL)' ] || [ -n '$(SERIES)' ] || patches/series.sh base '$(KERNEL)' >/dev/null
	@[ -n '$(KERNEL)' ] || [ -n '$(filter $(BASE),$(BASES))' ] || \
		{ echo "make: no BASE=$(BASE); there is: $(BASES); for another kernel, give KERNEL=dir" >&2; exit 2; }
	@[ -z '$(IMAGE)' ] || [ -z '$(filter run mutants bench bundle series export,$(MAKECMDGOALS))' ] || \
		{ echo "make $(MAKECMDGOALS): does not work with IMAGE= (only check, cells, soak, bundle-run and lava do): give BASE= or KERNEL=" >&2; exit 2; }
	@[ -z '$(filter export,$(MAKECMDGOALS))' ] || patches/export.sh check '$(FORMAT)'
	@[ -z '$(CONFIG)' ] || [ -r '$(CONFIG)' ] || { echo 'make: CONFIG=$(CONFIG): no such file' >&2; exit 2; }
	@[ -z '$(SYSTEM)' ] || [ -z '$(filter check check-all cells soak mutants prefixes bench,$(MAKECMDGOALS))' ] || \
		{ echo 'make: FIRMWARE= and GUEST= are for make run, not for make $(MAKECMDGOALS)' >&2; exit 2; }
	@case '$(FIRMWARE)' in ''|aavmf|u-boot) ;; *) echo 'make: FIRMWARE=$(FIRMWARE): must be aavmf or u-boot' >&2; exit 2 ;; esac
	@case '$(GUEST)' in ''|installer) ;; *) echo 'make: GUEST=$(GUEST): must be installer' >&2; exit 2 ;; esac
	@[ -z '$(FIRMWARE)' ] || [ -z '$(GUEST)' ] || { echo 'make: FIRMWARE= and GUEST=: choose one' >&2; exit 2; }
	@case '$(BOARD_BOOT)' in u-boot|grub) ;; *) echo 'make: BOARD_BOOT=$(BOARD_BOOT): must be u-boot or grub' >&2; exit 2 ;; esac
	@[ -z '$(filter vmms,$(MAKECMDGOALS))' ] || $N/build/vmms.sh check '$(VMM_QEMU)' '$(KVMTOOL)'
	@[ '$(ARCH)' = arm64 ] || [ -d '$(KERNEL)/arch/arm/kvm' ] || \
		{ echo "make: ARCH=$(ARCH) needs a KERNEL=dir that has arch/arm/kvm (5.4 or 4.19)" >&2; exit 2; }

packages: base
ifndef PACKAGES_ARE_THERE
# First, as it may be refused
	@$(if $(IMAGE),$N/build/foreign.sh kernel $B $(IMAGE))
	@$(STAGE) 'packages' $(B)/log/packages $N/build/packages.sh all $(if $(KERNEL),native) $(MORE_PACKAGES) || exit 2
	@for p in '$(QEMU)' '$(CROSS_COMPILE)gcc'; do command -v "$$p" >/dev/null || \
		{ echo "make: no program $$p: check QEMU= and CROSS_COMPILE=" >&2; exit 2; }; done
endif

tree: packages
	@$(STAGE) 'kernel tree' $(B)/log/tree $N/build/tree.sh $(BASE) $B $(realpath $(KERNEL))
ifeq ($(SUBJECT),series)
	@patches/series.sh commit $B/linux base $(LINE) >$B/commits.new && mv $B/commits.new $B/commits
	@git -C $B/linux tag -f kernel $$(sed -n 's,\( [^ ]*/\| \)\(0\|fix-\).*,,p' $B/commits | tail -n 1) >/dev/null
	@git -C $B/linux tag -f series $$(sed -n '$$s/ .*//p' $B/commits) >/dev/null
endif

# image NAME
config = $(foreach k,$(filter $(KERNELS),$(subst -, ,$1)),arch/arm64/configs/nisv_$k.config)
image = $(STAGE) 'kernel $1' $(B)/log/kernel-$1 \
	$N/build/image.sh $B $(or $(filter base debian,$1),$(REV)) $1 $(abspath $(CONFIGS) $(call config,$1))

images: tree
	@set -e; $(foreach i,$(IMAGES),$(call image,$i);)

$(ROOTFS): $N/build/rootfs.sh | packages
	@$(STAGE) 'root file system' $(B)/log/rootfs $N/build/rootfs.sh $@ $(DEBS)

rootfs: $(ROOTFS)
	@:

foreign: packages
	@$(STAGE) 'modules of that kernel' $(B)/log/kernel $N/build/foreign.sh modules $B

bench: MORE_PACKAGES := bench
vmms: MORE_PACKAGES := vmms

cells: IMAGES := $(CELL_IMAGES)
lava: IMAGES := $(if $(BOARD),$(SUBJECT),$(CELL_IMAGES))
lava-run bundle-run: CELLS := $(CELL)
lava-run bundle-run: IMAGES := $(SUBJECT)$(call variant,$(CELL))
run: IMAGES := base series
mutants: IMAGES :=
prefixes: IMAGES := base
bench: IMAGES = $(BENCH_KERNELS)
run mutants prefixes: HOSTS = $(RUN_CPU)
bench: HOSTS = $(addsuffix +icount,$(BENCH_CPUS))

newer: packages
	@$(if $(findstring +newer,$(CELLS)$(CPU)),$(STAGE) 'newer QEMU' $(B)/log/newer $N/build/qemu.sh $(BUILD)/newer)

# The kernel keeps the CPUs busy while the root file system waits for the network
ready: packages newer
	@$(MAKE) --no-print-directory -j2 $(if $(IMAGE),foreign,images) rootfs PACKAGES_ARE_THERE=1 IMAGES='$(IMAGES)'
	@$(STAGE) 'tests and guest' $(B)/log/payload $N/build/payload.sh $B $(ROOTFS) $(TESTS)

# What boots a guest
arm64:
	@[ '$(ARCH)' = arm64 ] || { echo 'make: no current QEMU runs guests on a 32-bit host; make check does everything else' >&2; exit 2; }

# What takes the series apart
ours:
	@[ '$(SUBJECT)' = series ] || { echo 'make: that kernel is tested without patches, so there is nothing to do: leave out SERIES= and IMAGE=' >&2; exit 2; }

run: RUN := $(if $(SYSTEM),system,guest)
run: arm64 ready
	@$N/boot/$(RUN).sh $(RESULTS)/$(RUN) $(RUN_CPU) $B/image/base/Image $B/image/series/Image \
		$B/payload/guest.cpio $(ROOTFS) $(SYSTEM)
	@[ -n '$(VMM)' ] || echo 'make vmms builds a QEMU and a kvmtool that also carry them out'
	@echo "$(NAME) $$(cat $B/version) on $(RUN_CPU), GICv$(GIC); full results: $(RESULTS)/$(RUN)"

# What init is told. Of a kernel that is not ours a warning is one more result.
nested = nested_ops=$(OPS) nested_instances=$(INSTANCES) nested_seed=$(SEED)$(if $(filter series,$(SUBJECT)),, panic_on_warn=0)
# cell NAME CELL IMAGE [WHAT]: the kselftests
cell = NESTED='$(nested)' \
	$(STAGE) '$(or $4,kselftests) on $1' $(B)/log/check-$1 $N/boot/tests.sh $(RESULTS) $1 $2 $3 $B/payload

# These run side by side. The report says what has failed.
host-%: FORCE
	@$(call cell,$*,$*,$B/image/$(SUBJECT)$(call variant,$*)/Image) || true

# The base kernel, with the console for results
host-base: FORCE
	@$(call cell,base,$(call plain,$(RUN_CPU))+novirtio,$B/image/base/Image) || true

checks: host-base
	@$N/checks/all.sh $(LINE) $B $(RESULTS) $(call plain,$(RUN_CPU)) $(ROOTFS)

# What is tested, in words
KERNEL_IS = $(NAME) $$(cat $B/version) $(WITH)
MACHINE_IS = GICv$(GIC), $(CPUS) CPUs
QEMU_IS	= $$(for c in $(CELLS); do $N/boot/host.sh emulator $$c; done | sort -u | \
	while read -r q; do "$$q" --version | head -n 1; done | paste -sd ,)
# A folder for the results of these cells, which says what they are of
folder	= rm -rf $(RESULTS); mkdir -p $(RESULTS); printf '%s\t%s\n' kernel "$(KERNEL_IS)" machine "$(MACHINE_IS)" \
	emulator "$(QEMU_IS)" cells '$(strip $1)' revision "$$(git describe --always --dirty 2>/dev/null)" >$(RESULTS)/about

REPORT = $N/report.pl "$(KERNEL_IS), $(MACHINE_IS), $(QEMU_IS)" \
	$(RESULTS) $(CELLS) host && echo "(table: $(RESULTS)/summary, TAP: $(RESULTS)/check.tap)"

check: CHECKS := $(if $(filter series,$(SUBJECT)),checks)
check cells: ready
	@$(call folder,$(CELLS))
	@$(MAKE) --no-print-directory -j$(JOBS) $(CHECKS) $(addprefix host-,$(CELLS))
	@$(REPORT)

check-all:
	@$(MAKE) --no-print-directory check CELLS='$(strip $(ALL_CELLS))'

soak: base
	@$(MAKE) --no-print-directory cells CELLS=$(SOAK_CELL) \
		TESTS=nisv_stress OPS=$(SOAK_OPS)
	@$(MAKE) --no-print-directory cells CELLS=max TESTS=libnisv INSTANCES=$(SOAK_INSTANCES) RESULTS='$(RESULTS)-libnisv'

mutants: TESTS := $(filter-out nisv_stress libnisv%,$(TESTS))
mutants: ready
	@rm -rf $(B)/mutants; mkdir -p $(B)/mutants/host
	@TIMEOUT=120 $(STAGE) 'mutants on $(or $(CPU),max)' $(B)/mutants/host/mutants.tap \
		$N/checks/mutants.sh $B $(B)/mutants $B/payload $(or $(CPU),max) $(abspath $(CONFIGS))
	@sed -n 's/^\(not \)*ok [0-9]* /\1caught: /p' $(B)/mutants/host/mutants.tap
	@$N/report.pl "mutants of $(NAME) $$(cat $B/version) $(WITH)" $(B)/mutants host

# Each patch alone: what held before it does so after it
PREFIX_CPUS	:= $(or $(CPU),$(if $(filter arm,$(ARCH)),$(RUN_CPU),max))
prefixes: TESTS := $(filter-out nisv_stress libnisv%,$(TESTS))
prefixes: ours ready
	@rm -rf $(B)/prefixes; mkdir -p $(B)/prefixes/host
	@NESTED='nested_forms=4K panic_on_warn=0' $(STAGE) 'patches on $(PREFIX_CPUS)' $(B)/prefixes/host/prefixes.tap \
		$N/checks/prefixes.sh $B $(B)/prefixes $B/payload '$(PREFIX_CPUS)' $(abspath $(CONFIGS))
	@$N/report.pl "each patch on $(NAME) $$(cat $B/version), on $(PREFIX_CPUS)" $(B)/prefixes host

# The hosts as jobs for LAVA
LAVA	:= $(B)/lava
# lava_jobs URL CELL...
lava_jobs = NESTED='$(nested)' $(STAGE) 'jobs for LAVA' $(B)/log/lava $N/farm/lava.sh jobs $(LAVA) '$1' "$(KERNEL_IS)" \
	$B/payload $(foreach c,$2,$c=$B/image/$(SUBJECT)$(call variant,$c)/Image)
lava: arm64 ready
	@$(if $(BOARD),NESTED='$(nested)' $(STAGE) 'job for LAVA' $(B)/log/lava $N/farm/lava.sh board $(LAVA) '$(LAVA_URL)' \
		"$(KERNEL_IS)" $B/payload $(BOARD)=$B/image/$(SUBJECT)/Image $(BOARD_BOOT) $(BOARD_DTB),$(call lava_jobs,$(LAVA_URL),$(CELLS)))
	@echo 'for lavacli jobs submit: $(LAVA)/jobs/*.yaml; what they need is in $(LAVA)/files$(LAVA_URL:%=, and has to be at %)'

lava_report = $N/farm/lava.sh report $(LAVA) "$(KERNEL_IS), by LAVA"
lava-run: arm64 ready
	@rm -rf $(LAVA)/log
	@$(call lava_jobs,,$(CELL))
	@$(STAGE) 'lava-run on $(CELL)' $(B)/log/lava-run \
		$N/farm/lava.sh run $(abspath $(BUILD))/lava '$(LAVA)/jobs/$(CELL).yaml' '$(LAVA)/log/$(CELL)' || true
	@$(lava_report)

lava-report: arm64
	@$(if $(LAVA_JOBS),$N/farm/lava.sh fetch $(LAVA) $(LAVA_JOBS))
	@$(lava_report)

# For machines that are no hosts of ours
BUNDLE	:= $(abspath $(BUILD))/nisv-arm64.tar.gz
bundle: arm64 tree
	@$(STAGE) 'bundle' $(B)/log/bundle $N/bundle/bundle.sh $B $(BUNDLE) $(TESTS)
	@echo 'unpack $(BUNDLE) on a machine with /dev/kvm, and run nisv-arm64/run.sh there'

# A nested host stands for one: it has no tests of its own
bundle-run: TESTS :=
bundle-run: arm64 ready
	@$(MAKE) --no-print-directory bundle IMAGE=
	@NESTED='$(nested)' $(STAGE) 'bundle on $(CELL)' $(B)/log/bundle-run $N/bundle/nested.sh $(RESULTS)/bundle $(CELL) \
		$B/image/$(SUBJECT)$(call variant,$(CELL))/Image $B/payload/check.cpio $(BUNDLE)
	@cat $(RESULTS)/bundle/tables
	@grep -q '^bundle 0$$' $(RESULTS)/bundle/results

# What it costs: before the series, with it, and with mainline's implementation
BENCH_CPUS	:= $(or $(CPU),cortex-a57 max)
BENCH_KERNELS	:= base series $(if $(filter %-rewound,$(BASE)),debian)
bench: RESULTS := $(B)/bench
bench: TESTS := bench
bench: MACHINE_IS = GICv$(GIC), one CPU
bench: arm64 ready
	@$(call folder,$(HOSTS))
	@set -e; $(foreach c,$(BENCH_CPUS),$(foreach k,$(BENCH_KERNELS),$(call cell,$c-$k,$c+icount,$B/image/$k/Image,instructions);))
	@set -e; $(foreach c,$(BENCH_CPUS),$(STAGE) 'guest on $c' $(B)/log/bench-$c-guest \
		$N/boot/boot.sh $(RESULTS)/$c-guest $c+icount $B/image/series/Image $B/payload/guest.cpio clock $(ROOTFS);)
	@$(STAGE) 'decoding' $(B)/log/bench-decode $N/bench/decode.sh $B/libnisv $(ROOTFS) $(RESULTS)/decode
	@$N/bench/bench.pl "$(NAME) $$(cat $B/version), GICv$(GIC), $(QEMU_IS)" $B $(BENCH_CPUS)

# Which kernel keeps which row: a version in this list is a column
JUDGED		?= 5.10 6.1 6.12 6.16 6.17 6.18 6.19 7.0 7.1 7.2 7.3
JUDGED_CELLS	?= max
JUDGMENT	:= Documentation/virt/kvm/arm/nisv-kernels.rst
judge:
	@set --; for v in $(JUDGED); do \
		echo "Debian's $$v"; dir=$(abspath $(BUILD))/image-debian-$$v; rm -rf $$dir/results; \
		$(MAKE) --no-print-directory cells IMAGE=debian:$$v CELLS='$(JUDGED_CELLS)' \
			TESTS='nisv_caps nisv_exit nisv_forms nisv_inject'; \
		if ls $$dir/results/*/nisv_inject.tap >/dev/null 2>&1; then set -- "$$@" $$dir; else \
			echo "judge: no results for $$v, so it is left out; see above" >&2; fi; \
	done; $N/judge.pl $N/rows "$$@" >$(JUDGMENT).new && mv $(JUDGMENT).new $(JUDGMENT)
	@echo 'written: $(JUDGMENT)'

# All that is there, as a page; and pictures of it, for who changes the page
PAGE	:= $(B)/report$(if $(SERIES),-asis)/index.html
SCREENSHOT ?=
report: base
	@case '$(SCREENSHOT)' in ''|*.png) ;; *) echo 'make: SCREENSHOT=$(SCREENSHOT): call it FILE.png' >&2; exit 2 ;; esac
	@$N/page.pl $(PAGE) $B $(RESULTS) $(JUDGMENT)
	@echo 'written: $(PAGE)'
	@$(if $(SCREENSHOT),$N/screenshot.sh $(PAGE) '$(SCREENSHOT)')

# VMMs for the nested host, and any other
vmms: arm64 packages
	@$(STAGE) 'VMMs with libnisv' $(VMMS)/log $N/build/vmms.sh $(VMMS) $(VMM_QEMU) $(KVMTOOL:%='%')
	@echo "in $(VMMS)/bin: $$(cd $(VMMS)/bin && ls -d qemu-system-aarch64 lkvm 2>/dev/null | xargs)"

apply:
	@[ -n '$(KERNEL)' ] || { echo 'make apply: no tree given: say KERNEL=dir' >&2; exit 2; }
	@patches/series.sh apply '$(KERNEL)'

series: tree
	@patches/series.sh emit $B/linux base $(LINE) $B/mails

# Your tree is only read, so there is no copy of it
export: ours $(if $(KERNEL),base,series)
	@$(if $(KERNEL),patches/series.sh mails '$(KERNEL)' $B/mails)
	@patches/export.sh '$(FORMAT)' $B/mails $B/export/$(FORMAT) $(KERNEL:%='%')

clean:
	rm -rf $(foreach b,$(wildcard $(BUILD)/*/),$(addprefix $b,image modules mutants prefixes bench lava programs results* report* log mails export kselftest payload series-check linux/obj* linux/check*)) $(BUILD)/checks $(BUNDLE)

distclean:
	rm -rf $(BUILD)
