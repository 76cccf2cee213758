/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The twin of panic_test.c in a build without it.
 */
#include "boot.h"

__boot void (*panic_test_chosen(void))(void) {
  return NULL;
}
