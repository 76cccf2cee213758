/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System images: abi/manifest/manifest.h says what is in the file. A writer
 * that lays one out, and a reader for reports that trusts nothing in it.
 */
#ifndef SKERRY_IMAGE_H
#define SKERRY_IMAGE_H

#include "../../abi/manifest/manifest.h"
#include "buf.h"

/* An image on its way to a file. The tables hold the manifest's structures. */
struct image {
  struct manifest_header header; /* sizes, sums and table places: by image_write */
  struct buf domains, vcpus, regions, loads, payloads, channels, environment;
  struct buf *contents; /* of each payload; owned */
};

/* Adds a payload and returns its index; one with the same kind and bytes that is
 * there already is used again. Copies the bytes. */
uint32_t image_add_payload(struct image *image, enum manifest_payload_kind kind,
                           const struct buf *bytes, const char *domain);
uint32_t image_payload_count(const struct image *image);
void image_write(struct image *image, struct buf *out);
void image_free(struct image *image);

struct manifest_sum image_sum(const uint8_t *bytes, uint64_t size);

/* An image that was read; all pointers lead into the file's bytes. */
struct image_view {
  const uint8_t *bytes;
  const struct manifest_header *header;
  const struct manifest_domain *domains;
  const struct manifest_vcpu *vcpus;
  const struct manifest_region *regions;
  const struct manifest_load *loads;
  const struct manifest_payload *payloads;
  const struct manifest_channel *channels;
  const char *environment; /* header->environment.count bytes, no zero behind them */
};

/* NULL, or what is wrong with the image. The bytes must be 8-byte aligned and
 * outlive the view. Indices in domains, loads and channels are in range afterwards; names
 * end with a zero. */
const char *image_open(const struct buf *file, struct image_view *view);

/* A domain's bytes at a guest-physical address: NULL where no load put `size` of
 * them there in one piece. */
const uint8_t *image_guest_bytes(const struct image_view *view, const struct manifest_domain *d,
                                 uint64_t gpa, uint64_t size);

#endif
