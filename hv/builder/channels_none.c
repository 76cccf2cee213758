/* SPDX-License-Identifier: Apache-2.0 */
/* The twin of channels.c in a build whose domains do not talk. */
#include <builder/builder.h>

__boot enum status channels_check(void) {
  if (system_config->channels.count)
    REFUSE("reason=channels count=%u: this build has none\n", system_config->channels.count);
  return STATUS_OK;
}

__boot enum status channels_make(void) {
  return STATUS_OK;
}
