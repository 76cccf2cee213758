/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The twin of multiboot2.c in a build without Multiboot 2.
 */
#include "boot.h"

__boot const char *multiboot2_parse(uint32_t info __unused_param) {
  return "no-multiboot: this build has no Multiboot 2";
}
