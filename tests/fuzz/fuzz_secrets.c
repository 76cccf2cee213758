/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypercalls of fuzz_hypercall.c under MemorySanitizer: whatever is copied to a guest has been
 * written by somebody, so that no byte of a stack or of a structure's padding goes with it. Its
 * corpus is that of `hypercall`.
 */
#include "fuzz_hypercall.c"
#include <sanitizer/msan_interface.h>

void fake_guest_given(const void *bytes, size_t n) {
  __msan_check_mem_is_initialized(bytes, n);
}
