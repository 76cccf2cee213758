/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment that the host tool was built in, which it records in images.
 */
#ifndef SKERRY_ENVIRONMENT_H
#define SKERRY_ENVIRONMENT_H

/* Lines of printable ASCII, each with its line break: the source's revision, then the packages. */
extern const char *const environment_text;

#endif
