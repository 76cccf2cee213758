/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The builder's two parts and what they share: where the image stands.
 */
#ifndef BUILDER_H
#define BUILDER_H

#include <build.h>

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

/* Figures (figures.c, or its empty twin): a vCPU has been made of so many frames; let the domains
 * go. */
void figures_vcpu_made(uint64_t frames);
void figures_release(void);

#endif
