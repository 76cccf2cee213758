/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest service: says hello, what it was given, and ends. docs/guide/service.md starts here.
 */
#include <stdio.h>

#include <libos/domain.h>
#include <libos/page.h>

int main(int argc, char **argv) {
  printf("hello from domain %d\n", domain_id());
  for (int i = 1; i < argc; i++)
    printf("argument %d: %s\n", i, argv[i]);
  printf("memory: %lu KiB, %zu KiB of it free\n", domain_memory() / 1024,
         page_free_count() * PAGE_SIZE / 1024);
  return 0;
}
