# SPDX-License-Identifier: GPL-2.0
#
# The front door. `make` explains.

# The kernel that the series is put on: one of Debian's, or a tree of yours; and
# where everything is built
KERNEL		?=
ifneq ($(KERNEL),)
override BASE	:= $(shell patches/series.sh base '$(KERNEL)' 2>/dev/null)
endif
BASE		?= 6.1
BUILD		?= $(CURDIR)/build
# What that tree needs besides, or you want: a fragment of a kernel configuration
CONFIG		?=

# The machine that QEMU emulates. CPU: empty for those below. KVM ran on 32-bit
# hosts until v5.6
ARCH		?= arm64
CPU		?=
CPUS		?= 2
TIMEOUT		?= 120
ifeq ($(ARCH),arm)
GIC		?= 2
QEMU		?= qemu-system-arm
CROSS_COMPILE	?= arm-linux-gnueabi-
CONFIGS		:= arch/arm64/configs/nisv_host.config arch/arm/configs/nisv_host.config
RUN_CPU		:= $(or $(CPU),cortex-a15)
CHECK_CPUS	:= $(RUN_CPU)
else
GIC		?= 3
QEMU		?= qemu-system-aarch64
CROSS_COMPILE	?= aarch64-linux-gnu-
CONFIGS		:= arch/arm64/configs/nisv_host.config
RUN_CPU		:= $(or $(CPU),cortex-a57)
CHECK_CPUS	:= $(or $(CPU),cortex-a57 max $(if $(filter 6.12,$(BASE)),max+protected))
endif
CONFIGS		+= $(CONFIG)

JOBS		?= $(shell nproc)
CCACHE_DIR	?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ccache

BASES		:= $(sort $(patsubst patches/%/series,%,$(wildcard patches/*/series)))

export ARCH BASE QEMU GIC CPUS TIMEOUT CROSS_COMPILE JOBS CCACHE_DIR

N	:= tools/testing/nested
T	:= tools/testing/selftests/kvm/arm64
B	:= $(abspath $(BUILD))/$(BASE)$(if $(KERNEL),-$(notdir $(realpath $(KERNEL))))$(if $(filter arm,$(ARCH)),-arm)
NAME	:= $(or $(KERNEL),linux-source-$(BASE))
ROOTFS	:= $(abspath $(BUILD))/rootfs-$(ARCH).squashfs
RESULTS	:= $(B)/results
TESTS	:= $(patsubst $T/%.c,%,$(wildcard $T/*.c))
STAGE	:= $N/stage.sh

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run check apply series clean distclean ready packages base tree images rootfs

help:
	@echo 'KVM on Arm: MMIO without a valid syndrome goes to userspace, which may inject an abort'
	@echo
	@echo '  make run                boot a guest with QEMU on a nested KVM host, without and with'
	@echo '                          the series, and show what becomes of it side by side'
	@echo '  make check              prove the series: the kselftests on nested KVM hosts, and checks'
	@echo '                          of the patches; sets itself up like run'
	@echo '  make apply KERNEL=dir   put the series on your kernel tree, whole or not at all'
	@echo '  make series             write the series as mails to $$(BUILD)/$$(BASE)/mails'
	@echo '  make clean              remove what was built, keep what was fetched'
	@echo '  make distclean          remove $$(BUILD)'
	@echo
	@echo 'Variables, with their values:'
	@printf '  %-14s %-26s %s\n' \
		BASE '$(BASE)' 'the kernel: $(BASES)' \
		KERNEL '$(KERNEL)' 'or a kernel tree of yours, of which a copy is used' \
		CONFIG '$(CONFIG)' 'a fragment of a kernel configuration, if it needs more' \
		ARCH '$(ARCH)' 'of the nested host: arm64, or arm with 5.4 and 4.19' \
		CPU '$(CPU)' 'the emulated CPU, as max or max+nvhe; empty: $(RUN_CPU) to run, $(CHECK_CPUS) to check' \
		GIC '$(GIC)' 'its interrupt controller: 2 or 3' \
		CPUS '$(CPUS)' 'how many of them' \
		QEMU '$(QEMU)' 'the emulator' \
		TIMEOUT '$(TIMEOUT)' 'seconds until a boot counts as hung' \
		CROSS_COMPILE '$(CROSS_COMPILE)' 'prefix of the compiler' \
		JOBS '$(JOBS)' 'of the kernel build' \
		CCACHE_DIR '$(CCACHE_DIR)' 'compiler cache' \
		BUILD '$(BUILD)' 'all that is fetched and built'

# What run and check need, in the order that they need it

base:
	@[ -z '$(KERNEL)' ] || patches/series.sh base '$(KERNEL)' >/dev/null
	@[ -n '$(filter $(BASE),$(BASES))' ] || { echo "make: no BASE=$(BASE); there is: $(BASES)" >&2; exit 1; }
	@[ -z '$(CONFIG)' ] || [ -r '$(CONFIG)' ] || { echo 'make: CONFIG=$(CONFIG): no such file' >&2; exit 1; }
	@[ '$(ARCH)' = arm64 ] || [ -d '$(KERNEL)/arch/arm/kvm' ] || \
		{ echo "make: ARCH=$(ARCH) needs a KERNEL=dir that has arch/arm/kvm (5.4 or 4.19)" >&2; exit 1; }

packages: base
ifndef PACKAGES_ARE_THERE
	@$(STAGE) 'packages' $(B)/log/packages $N/packages.sh $N/packages $(if $(KERNEL),$N/packages-native) || exit 2
endif

tree: packages
	@$(STAGE) 'kernel tree' $(B)/log/tree $N/tree.sh $(BASE) $B $(realpath $(KERNEL))
	@patches/series.sh commit $B/linux base $(BASE) >$B/commits.new && mv $B/commits.new $B/commits
	@git -C $B/linux tag -f kernel $$(sed -n 's/ 0.*//p' $B/commits | tail -n 1) >/dev/null
	@git -C $B/linux tag -f series $$(sed -n '$$s/ .*//p' $B/commits) >/dev/null

images: tree
	@set -e; image() { \
		$(STAGE) "kernel $$1" $(B)/log/kernel-$$1 \
			$N/image.sh $B $$2 $$1 $(abspath $(CONFIGS)); \
	}; image base base; image series kernel

$(ROOTFS): $N/rootfs.sh | packages
	@$(STAGE) 'root file system' $(B)/log/rootfs $N/rootfs.sh $@

rootfs: $(ROOTFS)
	@:

# The kernel keeps the CPUs busy while the root file system waits for the network
ready: packages
	@$(MAKE) --no-print-directory -j2 images rootfs PACKAGES_ARE_THERE=1
	@$(STAGE) 'tests and guest' $(B)/log/payload $N/payload.sh $B $(TESTS:%=$T/%.c)

run: ready
	@[ '$(ARCH)' = arm64 ] || { echo 'make run: no QEMU of today runs a guest on a 32-bit host; make check does all else' >&2; exit 1; }
	@CPU=$(RUN_CPU) $N/guest.sh $(RESULTS)/guest $B/image/base/Image $B/image/series/Image $(ROOTFS) $B/payload.squashfs
	@echo "$(NAME) $$(cat $B/version) on $(RUN_CPU), GICv$(GIC), $(CPUS) CPUs; all of it: $(RESULTS)/guest"

check: ready
	@rm -rf $(RESULTS)/host $(RESULTS)/*.cell; mkdir -p $(RESULTS)/host
	@set -e; cell() { \
		CPU=$$2 $(STAGE) "kselftests on $$1" $(B)/log/check-$$1 \
			$N/check.sh $(RESULTS) $$1 $$3 $(ROOTFS) $B/payload.squashfs; \
		[ ! -e $(RESULTS)/$$1.boot/failed ] || sed 's/^/    /' $(B)/log/check-$$1; \
	}; \
	for cpu in $(CHECK_CPUS); do cell $$cpu $$cpu $B/image/series/Image; done; \
	cell base $(firstword $(CHECK_CPUS)) $B/image/base/Image
	@CPU=$(RUN_CPU) $N/host-checks.sh $(BASE) $B $(RESULTS) $(ROOTFS)
	@$N/report.pl "$(NAME) $$(cat $B/version) with the series, GICv$(GIC), $(CPUS) CPUs, $$($(QEMU) --version | head -n 1)" \
		$(RESULTS) $(CHECK_CPUS) host
	@echo "(table: $(RESULTS)/summary, TAP: $(RESULTS)/check.tap)"

apply:
	@[ -n '$(KERNEL)' ] || { echo 'make apply: which tree? Say KERNEL=dir' >&2; exit 1; }
	@patches/series.sh apply '$(KERNEL)'

series: tree
	@patches/series.sh emit $B/linux base $(BASE) $B/mails

clean:
	rm -rf $(foreach b,$(wildcard $(BUILD)/*/),$(addprefix $b,image results log mails kselftest payload payload.squashfs series-check linux/obj linux/check*))

distclean:
	rm -rf $(BUILD)
