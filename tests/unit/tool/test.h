/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cmocka wants to be included before it.
 */
#ifndef TESTS_UNIT_TOOL_TEST_H
#define TESTS_UNIT_TOOL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
