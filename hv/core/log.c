/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own log lines.
 */
#include <console.h>
#include <lib/lib.h>

void log_printf(const char *fmt, ...) {
  char text[256];
  va_list ap;
  va_start(ap, fmt);
  size_t n = (size_t)vsnprintf(text, sizeof(text), fmt, ap);
  va_end(ap);
  if (n >= sizeof(text)) {
    n = sizeof(text) - 1;
    text[n - 1] = '\n';
  }
  console_log(text, n);
}
