/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the few terms of ACPI Machine Language that our DSDT needs (ACPI 6.5,
 * chapter 20). Names are four characters; what is opened must be closed.
 */
#ifndef SKERRY_AML_H
#define SKERRY_AML_H

#include "buf.h"

/* Opens a term with a package length; the result goes to aml_close. */
size_t aml_open_scope(struct buf *b, const char *name); /* of the root: \_SB_ */
size_t aml_open_device(struct buf *b, const char *name);
size_t aml_open_package(struct buf *b, uint8_t elements);
void aml_close(struct buf *b, size_t opened);

/* What follows is the object's value. */
void aml_name(struct buf *b, const char *name);
void aml_integer(struct buf *b, uint32_t value);
void aml_string(struct buf *b, const char *text);

#endif
