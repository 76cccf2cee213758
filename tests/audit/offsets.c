// SPDX-License-Identifier: Apache-2.0
// Where the hypervisor's own structures have the members that the auditor reads: compiled to
// assembly alone, from which build.mk takes lines `NAME NUMBER`. No part of any image.
#include <arch/arch.h>
#include <asm/layout.h>
#include <asm/private.h>
#include <domain.h>

#define SAY(name, value) asm volatile("#AUDIT " #name " %c0" ::"i"(value))

void audit_offsets(void);
void audit_offsets(void) {
  SAY(stub.size, sizeof(struct domain_stub));
  SAY(stub.domid, offsetof(struct domain_stub, domid));
  SAY(stub.p2m_root, offsetof(struct domain_stub, p2m_root));
  SAY(stub.grants, offsetof(struct domain_stub, grants));
  SAY(grants.life, offsetof(struct grant_table, life));
  SAY(grants.frames, offsetof(struct grant_table, frames));
  SAY(grants.frame, offsetof(struct grant_table, frame));
  SAY(grant_frame.size, sizeof(struct grant_frame));
  SAY(private.windows_open, offsetof(struct cpu_private, windows_open));
  SAY(frame.free, FRAME_FREE);
  SAY(frame.arena, FRAME_ARENA);
  SAY(frame.ram, FRAME_RAM);
  SAY(frame.shared, FRAME_SHARED);
  SAY(frame.payload, FRAME_PAYLOAD);
  SAY(owner.hv, OWNER_HV);
  SAY(slot.text, SLOT_TEXT);
  SAY(slot.shared, SLOT_SHARED);
  SAY(slot.private, SLOT_PRIVATE);
  SAY(slot.arena, SLOT_ARENA);
  SAY(slot.guest, SLOT_GUEST);
  SAY(slot.guests, GUEST_SLOTS);
  SAY(windows.count, ARCH_WINDOWS);
  SAY(windows.offset, PRIVATE_WINDOWS - PRIVATE_BASE);
  SAY(windows.big, PRIVATE_BIG_WINDOW - PRIVATE_BASE);
}
