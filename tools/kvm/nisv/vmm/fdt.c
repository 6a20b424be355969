// SPDX-License-Identifier: GPL-2.0
/* The device tree of the guest: Documentation/devicetree/bindings of what it names */
#include <libfdt.h>
#include <string.h>

#include "vmm.h"

enum { GIC = 1, CLOCK = 2 };	/* phandles */

static void must(int ret)
{
	if (ret)
		die("device tree: %s", fdt_strerror(ret));
}

/* Cells, and strings with a 0 between */
#define cells(fdt, name, ...) do {						\
	const uint32_t host[] = { __VA_ARGS__ };				\
	fdt32_t be[sizeof(host) / 4];						\
										\
	for (unsigned int n = 0; n < sizeof(host) / 4; n++)			\
		be[n] = cpu_to_fdt32(host[n]);					\
	must(fdt_property(fdt, name, be, sizeof(be)));				\
} while (0)
#define strings(fdt, name, s)	must(fdt_property(fdt, name, s, sizeof(s)))
#define HI(v)	(uint32_t)((v) >> 32)
#define LO(v)	(uint32_t)(v)

static void gic_node(const struct vm *vm, void *fdt)
{
	must(fdt_begin_node(fdt, "intc@8000000"));
	cells(fdt, "phandle", GIC);
	cells(fdt, "#interrupt-cells", 3);
	must(fdt_property(fdt, "interrupt-controller", NULL, 0));
	if (vm->gic == 3) {
		strings(fdt, "compatible", "arm,gic-v3");
		cells(fdt, "reg", 0, GICD_BASE, 0, 0x10000, 0, GICR_BASE, 0, 0x20000 * vm->cpus);
	} else {
		strings(fdt, "compatible", "arm,cortex-a15-gic");
		cells(fdt, "reg", 0, GICD_BASE, 0, 0x1000, 0, GICC_BASE, 0, 0x2000);
	}
	must(fdt_end_node(fdt));
}

static void cpu_nodes(const struct vm *vm, void *fdt)
{
	must(fdt_begin_node(fdt, "cpus"));
	cells(fdt, "#address-cells", 1);
	cells(fdt, "#size-cells", 0);
	for (unsigned int n = 0; n < vm->cpus; n++) {
		char name[16];

		snprintf(name, sizeof(name), "cpu@%x", n);
		must(fdt_begin_node(fdt, name));
		strings(fdt, "device_type", "cpu");
		strings(fdt, "compatible", "arm,armv8");
		strings(fdt, "enable-method", "psci");
		cells(fdt, "reg", n);
		must(fdt_end_node(fdt));
	}
	must(fdt_end_node(fdt));
}

void make_device_tree(const struct vm *vm, void *fdt, size_t size)
{
	/* A PPI's flags: level, and in a GICv2 the CPUs */
	const uint32_t level = vm->gic == 3 ? 4 : ((1u << vm->cpus) - 1) << 8 | 4;

	must(fdt_create(fdt, size));
	must(fdt_finish_reservemap(fdt));
	must(fdt_begin_node(fdt, ""));
	strings(fdt, "compatible", "linux,dummy-virt");
	cells(fdt, "#address-cells", 2);
	cells(fdt, "#size-cells", 2);
	cells(fdt, "interrupt-parent", GIC);

	must(fdt_begin_node(fdt, "chosen"));
	must(fdt_property_string(fdt, "bootargs", vm->append));
	strings(fdt, "stdout-path", "/uart@9000000");
	if (vm->initrd) {
		cells(fdt, "linux,initrd-start", HI(vm->initrd_start), LO(vm->initrd_start));
		cells(fdt, "linux,initrd-end", HI(vm->initrd_end), LO(vm->initrd_end));
	}
	must(fdt_end_node(fdt));

	must(fdt_begin_node(fdt, "memory@40000000"));
	strings(fdt, "device_type", "memory");
	cells(fdt, "reg", HI(RAM_BASE), LO(RAM_BASE), HI(vm->ram_size), LO(vm->ram_size));
	must(fdt_end_node(fdt));

	cpu_nodes(vm, fdt);
	gic_node(vm, fdt);

	must(fdt_begin_node(fdt, "psci"));
	strings(fdt, "compatible", "arm,psci-0.2");
	strings(fdt, "method", "hvc");
	must(fdt_end_node(fdt));

	must(fdt_begin_node(fdt, "timer"));
	strings(fdt, "compatible", "arm,armv8-timer");
	cells(fdt, "interrupts", 1, 13, level, 1, 14, level, 1, 11, level, 1, 10, level);
	must(fdt_property(fdt, "always-on", NULL, 0));
	must(fdt_end_node(fdt));

	must(fdt_begin_node(fdt, "clock"));
	strings(fdt, "compatible", "fixed-clock");
	cells(fdt, "#clock-cells", 0);
	cells(fdt, "clock-frequency", 24000000);
	cells(fdt, "phandle", CLOCK);
	must(fdt_end_node(fdt));

	must(fdt_begin_node(fdt, "uart@9000000"));
	strings(fdt, "compatible", "arm,pl011\0arm,primecell");
	cells(fdt, "reg", 0, UART_BASE, 0, 0x1000);
	cells(fdt, "interrupts", 0, UART_SPI, 4);
	cells(fdt, "clocks", CLOCK, CLOCK);
	strings(fdt, "clock-names", "uartclk\0apb_pclk");
	must(fdt_end_node(fdt));

	must(fdt_end_node(fdt));
	must(fdt_finish(fdt));
}
