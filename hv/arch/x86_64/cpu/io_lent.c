/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports that the domain has: the hypervisor does what the guest asked for, a
 * byte at a time, so that it can take them back at any moment.
 */
#include <asm/cpu_ops.h>
#include <asm/machine.h>
#include <asm/vendor.h>
#include <console_lent.h>

bool x86_io_lent(struct vcpu *v, const struct x86_io *io) {
  if (!console_lent_port(v->stub->domain, io->port, io->size))
    return false;
  if (io->in)
    x86_write_gpr(v, RAX, 1, inb(io->port));
  else
    outb(io->port, (uint8_t)v->arch.regs.gpr[RAX]);
  return true;
}
