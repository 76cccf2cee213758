/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this program was built from and with. tools/environment.py writes the
 * text into a header that the build includes in this file alone.
 */
#include "environment.h"

#ifndef SKERRY_ENVIRONMENT
#define SKERRY_ENVIRONMENT "not recorded\n"
#endif

const char *const environment_text = SKERRY_ENVIRONMENT;
