/* SPDX-License-Identifier: Apache-2.0 */
/* The way to a new page of code; length.h says what for. */
#include "length.h"

bool svm_code_find(struct vcpu *v, const struct vmcb *b) {
  const struct x86_mode m = {.cr3 = b->cr3, .efer = b->efer, .cs_attributes = b->cs.attributes};
  uint64_t page = b->rip & PAGE_MASK, gpa;
  v->arch.code_cr3 = ~0ull;
  if (x86_code_bits(&m) != 64 || b->rip - page > CODE_LAST || !walk_code(&m, page, &gpa))
    return false;
  v->arch.code_page = page;
  v->arch.code_offset = gpa - page;
  v->arch.code_cr3 = b->cr3;
  return true;
}
