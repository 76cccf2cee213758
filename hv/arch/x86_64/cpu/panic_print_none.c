/* SPDX-License-Identifier: Apache-2.0 */
/* A build whose panics say why and where alone. */
#include "panic.h"

void panic_print_cpu(void) {
}
