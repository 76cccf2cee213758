/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: messages and bare ring bytes of two clients that may send anything, beside one that
 * behaves. What is charged stays what is there, and the third finds its own as it was.
 */
#include "../unit/services/store_world.h"
#include "fuzz.h"

#define STEPS_MAX 64u

static void drop_answers(struct peer *p) {
  char gone[XENSTORE_RING_SIZE];
  for (unsigned i = 0; i < 8 && ring_take(p, gone, sizeof(gone)); i++) /* its indices may lie */
    settle();
  p->event_count = 0;
}

/* A header with any type, and with a size that mostly is right. */
static void message(struct fuzz_input *in, struct peer *p) {
  char data[256];
  uint8_t size = fuzz_u8(in), lie = fuzz_u8(in);
  struct xsd_sockmsg h = {.type = fuzz_u8(in), .req_id = 7, .tx_id = fuzz_u8(in), .len = size};
  fuzz_take(in, data, size);
  if (lie > 0xf0)
    fuzz_take(in, &h.len, sizeof(h.len));
  ring_send(p, &h, sizeof(h));
  ring_send(p, data, size);
}

static void bytes(struct fuzz_input *in, struct peer *p) {
  char data[64];
  uint8_t size = fuzz_u8(in) % sizeof(data);
  fuzz_take(in, data, size);
  ring_send(p, data, size);
}

/* The guest writes into its ring page what it likes. */
static void page(struct fuzz_input *in, struct peer *p) {
  fuzz_take(in, &p->ring.req_cons, 16); /* all four indexes */
}

enum step { MESSAGE, MESSAGE_TOO, MESSAGE_AGAIN, BYTES, PAGE, READ, STEPS };

static void step(struct fuzz_input *in) {
  uint8_t what = fuzz_u8(in);
  struct peer *p = &peers[1 + (what >> 7)];
  switch ((enum step)((what & 0x7f) % STEPS)) {
  case BYTES:
    bytes(in, p);
    break;
  case PAGE:
    page(in, p);
    break;
  case READ:
    drop_answers(p);
    break;
  default:
    message(in, p);
  }
  settle();
}

void fuzz_one(struct fuzz_input *in) {
  world_start(&store_quota_default, false);
  is_ok(ask_bytes(3, XS_WRITE, 0, "mine\0three"));
  for (unsigned i = 0; i < STEPS_MAX && in->left; i++)
    step(in);
  accounts_hold();
  is_text(ask_text(3, XS_READ, 0, "mine"), "three");
  world_end();
}
