/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of functions of ops.h by libos. The only part of the back ends, beside their main.c,
 * that is not tested on the host.
 */
#ifndef SERVICES_BACKEND_GLUE_H
#define SERVICES_BACKEND_GLUE_H

#include "ops.h"

/* `event` takes each watch of the store that fires. */
const struct backend_ops *glue_ops(void (*event)(const char *path, const char *token));

#endif
