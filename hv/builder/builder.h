/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The builder's two parts and what they share: where the image stands.
 */
#ifndef BUILDER_H
#define BUILDER_H

#include <build.h>
#include <lib/lib.h>

/* Say why the image is not started, in one line for people and programs. */
#define REFUSE(...)                                                                                \
  do {                                                                                             \
    log_printf("refused: " __VA_ARGS__);                                                           \
    return STATUS_INVALID;                                                                         \
  } while (0)

struct builder_image {
  uint64_t maddr; /* machine address, page-aligned */
  uint64_t pages; /* backed by all domains together */
  /* Tables, in a read-only mapping of the shared part. */
  const struct manifest_domain *domains;
  const struct manifest_vcpu *vcpus;
  const struct manifest_region *regions;
  const struct manifest_load *loads;
  const struct manifest_payload *payloads;
  /* By payload: loads that may still happen; atomic. At 0 its frames are freed. */
  uint32_t *uses;
};
extern struct builder_image image;

/* Boot: the table of channels, once the domains have been found good (channels.c; the twin of a
 * build without takes none). INVALID after a line `refused: ...`. */
enum status channels_check(void);
/* Boot: what the made domains have of channels. NO_MEMORY. */
enum status channels_make(void);

/* Memory that channels share (ranges.c, and its twin). Boot, when all domains are made: hand out
 * the frames. NO_MEMORY. */
enum status ranges_make(void);
/* Boot: pages that others lend to this domain, an index. */
uint64_t ranges_borrowed(uint16_t domain);
/* The frame at `gfn` of a range that the domain lends, with a reference for its map; INVALID if it
 * is not in one: then the next begins at *next (~0: there is none). */
mfn_t range_frame(const struct domain *d, uint64_t gfn, uint64_t *next);
/* Map what the domain borrows. NO_MEMORY. May be switched out. */
enum status ranges_map(struct domain *d);

/* Figures (figures.c, or its empty twin): a vCPU has been made of so many frames; let the domains
 * go. */
void figures_vcpu_made(uint64_t frames);
void figures_release(void);

#endif
