/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot builder's look at a UART that the manifest gives away: whose it has to be. What the
 * architecture says of its ports is a variable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <builder/builder.h>
#include <console_lent.h>
#include <drivers/uart.h>

static struct manifest_domain described[2];
static struct manifest_header header = {.domains = {.count = 2}};
const struct manifest_header *system_config = &header;
struct builder_image image = {.domains = described};
static uint16_t own;
static bool given;

uint16_t uart_port(void) {
  return own;
}
bool arch_serial_give(uint16_t port, uint16_t interrupt) {
  given = port && interrupt;
  return given;
}
void log_printf(const char *format, ...) {
  assert_non_null(strstr(format, "reason=serial"));
}

static enum status check(uint16_t port, unsigned flags) {
  described[1] = (struct manifest_domain){
      .name = "console", .flags = (uint16_t)flags, .first_port = port, .ports = 8, .interrupt = 4};
  given = false;
  return serial_check();
}

/* `serial: com1` names the hypervisor's line: with `console=com2` that is another, and the domain
 * would wait for a log that never comes. */
static void test_line_is_ours(void **unused) {
  (void)unused;
  own = 0x3f8;
  assert_int_equal(check(0x3f8, MANIFEST_DOMAIN_LINE), STATUS_OK);
  assert_true(given);
  own = 0x2f8;
  assert_int_equal(check(0x3f8, MANIFEST_DOMAIN_LINE), STATUS_INVALID);
  assert_false(given);
}

/* And `uart` names one that is not. */
static void test_uart_is_not(void **unused) {
  (void)unused;
  own = 0x2f8;
  assert_int_equal(check(0x3f8, 0), STATUS_OK);
  assert_int_equal(check(0x2f8, 0), STATUS_INVALID);
  own = 0;
  assert_int_equal(check(0x2f8, 0), STATUS_OK);
}

static void test_one_owner(void **unused) {
  (void)unused;
  own = 0x3f8;
  described[0] =
      (struct manifest_domain){.name = "first", .first_port = 0x3e8, .ports = 8, .interrupt = 5};
  assert_int_equal(check(0x2f8, 0), STATUS_INVALID);
  described[0].ports = 7;
  assert_int_equal(check(0x2f8, 0), STATUS_INVALID);
  described[0].ports = 0;
  assert_int_equal(check(0x2f8, 0), STATUS_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_line_is_ours),
                                     cmocka_unit_test(test_uart_is_not),
                                     cmocka_unit_test(test_one_owner)};
  return cmocka_run_group_tests_name("serial", tests, NULL, NULL);
}
