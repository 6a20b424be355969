// SPDX-License-Identifier: GPL-2.0
/* Kernel, initrd and device tree: Documentation/arm64/booting.rst */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm.h"

#define ALIGN	0x200000ull		/* also what a device tree may at most be */

static uint64_t up(uint64_t at)
{
	return (at + ALIGN - 1) & ~(ALIGN - 1);
}

/* Return: the length of the file, which is now at that offset of RAM */
static uint64_t load_file(const struct vm *vm, const char *name, uint64_t at)
{
	struct stat st;
	uint64_t done = 0;
	ssize_t n;
	int fd = open(name, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", name, strerror(errno));
	if (at > vm->ram_size || (uint64_t)st.st_size > vm->ram_size - at)
		die("%s does not fit into guest memory: increase --memory", name);
	while ((n = read(fd, vm->ram + at + done, st.st_size - done)) > 0)
		done += n;
	if (n < 0 || done < (uint64_t)st.st_size)
		die("%s: cannot be read: %s", name, n < 0 ? strerror(errno) : "the file was truncated");
	close(fd);
	return done;
}

void load_guest(struct vm *vm)
{
	uint64_t text_offset, image_size, end, len;

	/* The header says where it wants to be; kernels before v3.17 say no size */
	len = load_file(vm, vm->kernel, 0);
	if (len < 64 || memcmp(vm->ram + 56, "ARM\x64", 4))
		die("%s is not an arm64 Image (unpack a vmlinuz first)", vm->kernel);
	memcpy(&text_offset, vm->ram + 8, 8);
	memcpy(&image_size, vm->ram + 16, 8);
	if (image_size < len)
		image_size = len;
	if (text_offset >= ALIGN || image_size > vm->ram_size - ALIGN)
		die("%s does not fit into guest memory: increase --memory", vm->kernel);
	memmove(vm->ram + text_offset, vm->ram, len);
	vm->entry = RAM_BASE + text_offset;

	vm->dtb = RAM_BASE + up(text_offset + image_size);
	end = vm->dtb - RAM_BASE + ALIGN;
	if (end > vm->ram_size)
		die("guest memory is too small: increase --memory");
	if (vm->initrd) {
		vm->initrd_start = RAM_BASE + end;
		vm->initrd_end = vm->initrd_start + load_file(vm, vm->initrd, end);
	}
	make_device_tree(vm, vm->ram + (vm->dtb - RAM_BASE), ALIGN);
}
