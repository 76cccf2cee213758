/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a system that the rules accept to an image.
 */
#ifndef SKERRY_COMPILE_H
#define SKERRY_COMPILE_H

#include "layout.h"
#include "system.h"

/* Where a domain's parts go; the files must have been loaded without error. */
enum layout_status compile_layout(const struct system *s, const struct domain *d, struct layout *l);

/* Appends the image. The system must have passed every rule. */
void compile_image(const struct system *s, struct buf *out);

#endif
