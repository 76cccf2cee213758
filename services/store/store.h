/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store (xenstore) as an engine: a tree of nodes, its clients, and the protocol of Xen's
 * docs/misc/xenstore.txt over shared ring pages. Pure C: memory comes from malloc, everything else
 * from the caller; no call waits. docs/design/store.md explains it. One thread.
 *
 *     store_init(&s, &store_quota_default);
 *     store_load(&s, text, size, &line);     the clients and the initial tree
 *     store_connect(c, page);                for each client: its ring
 *     while (store_turn(&s)) ;               on every event
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/xen/xs_wire.h>

#include "journal.h"

#define STORE_NAME_MAX 32u
#define STORE_BUCKETS  256u
#define CLIENT_BUCKETS 64u

/* Limits for each domain. A privileged one has none but `events`. */
struct store_quota {
  unsigned nodes;        /* that it owns */
  unsigned watches;      /* that it has set */
  unsigned transactions; /* open at one time */
  unsigned changes;      /* nodes that one transaction touches, the way to them included */
  unsigned events;       /* that wait for it to read its ring */
  size_t event_bytes;    /* of their paths */
  size_t value;          /* bytes of a node's value */
  size_t memory;         /* bytes: nodes that it owns, its watches and open transactions */
};

extern const struct store_quota store_quota_default;

struct node;
struct watch;
struct event;
struct transaction;

/* What a domain has of the store's memory, and what a commit under way would add. */
struct account {
  size_t nodes, bytes;
  long more_nodes, more_bytes;
};

/* A message on its way, in or out. */
struct message {
  size_t have; /* bytes that are in `data` */
  size_t sent; /* of an outgoing one: bytes that are in the ring */
  union {
    struct xsd_sockmsg header;
    char data[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX + 1]; /* 1: a zero behind it */
  };
};

struct client {
  char name[STORE_NAME_MAX];
  uint16_t domid;
  uint32_t port; /* the store's end of the client's event channel */
  bool privileged;
  bool released;         /* RELEASE: not served until INTRODUCE */
  bool gone;             /* has ended, and has not spoken since */
  struct client *target; /* SET_TARGET, or NULL */
  struct account account;
  struct watch *watches;
  unsigned watch_count, watches_lost;
  struct transaction *transactions;
  unsigned transaction_count;
  uint32_t last_id;                       /* of a transaction */
  struct event *first_event, *last_event; /* in the order they came */
  struct event *event_buckets[CLIENT_BUCKETS];
  unsigned event_count;
  size_t event_bytes;
  bool event_next; /* a request was served last: events have their turn */
  struct xenstore_domain_interface *ring;
  uint32_t req_cons, rsp_prod; /* ours: the ones in the page are the client's to write */
  bool broken;                 /* spoke nonsense: not served until it reconnects */
  bool connected;              /* in this life; its ring may have to be found again after ours */
  bool notify;
  uint64_t life; /* the caller's name for the life that is connected */
  struct message in, out;
};

/* A line of the initial tree, and whom it is about: it is there while both live, or, if it stays,
 * until its home ends. */
struct initial {
  size_t at;           /* into the text */
  uint16_t home, peer; /* STORE_NOBODY: none */
  bool stays;          /* is not removed when the peer ends */
  bool unseen; /* was removed, and its home, which drove the device, has not listed it since */
};

#define STORE_NOBODY UINT16_MAX

struct store {
  struct store_quota quota;
  struct node *root;
  struct node *introduce, *release; /* carry the permissions of @introduceDomain, @releaseDomain */
  uint64_t generation;
  uint64_t steps; /* nodes, names, watches and events looked at: the cost of what was done */
  struct client *clients;
  unsigned client_count;
  struct client owner; /* the system: owns what no client owns; privileged */
  struct watch *buckets[STORE_BUCKETS];
  const char *text; /* the initial tree; lies still */
  size_t text_size;
  struct initial *initial;
  size_t initial_count;
  uint32_t keep_page, keep_pages; /* memory that outlives the store's domain; 0: none */
  struct journal journal;
};

/* An empty store with a root that nobody may read. False: no memory. */
bool store_init(struct store *s, const struct store_quota *quota);
void store_free(struct store *s);

/* Takes in the text that `skerry` makes of the system file: lines of fields with one TAB between:
 *
 *     client DOMID PORT NAME          who is served, PORT being the store's end
 *     privileged DOMID                that client may do what Xen's dom0 may
 *     node PERMS PATH VALUE           PERMS as in "n0,r5", the first being the owner
 *     stay PERMS PATH VALUE           a node of a front end's device that its back end finds again
 *     keep PAGE PAGES                 where the store's own state may be kept
 *
 * The text is kept, not copied. Returns how many lines could not be used, and the first one's
 * number (from 1) in `line`. Call it once. */
unsigned store_load(struct store *s, const char *text, size_t size, unsigned *line);

struct client *store_client(struct store *s, uint16_t domid); /* NULL: none */

/* From now on all of the store's state is kept in `size` bytes at `area`, which are zeroes in the
 * machine's first life: the tree, and for each client its transactions, watches, events and
 * messages on their way. Call it after store_load. Then store_connect each client once more. */
enum store_kept {
  STORE_KEPT_NONE,    /* the area is too small: nothing is kept */
  STORE_KEPT_NEW,     /* there was nothing in it */
  STORE_KEPT_ALL,     /* the store is what it was when the last life ended */
  STORE_KEPT_DAMAGED, /* of what was there nothing can be used: free the store, load it anew and
                         call again */
};
enum store_kept store_keep(struct store *s, void *area, size_t size);

/* Serves the client on `page`: from where its indices stand or, in a life that was connected
 * before the store's own restart, from where that stopped. */
void store_connect(struct store *s, struct client *c, struct xenstore_domain_interface *page,
                   uint64_t life);

/* One turn for each client: at most one request and one event of each, and no more bytes than its
 * ring holds. True if anything moved, and then another turn may find more to do. Afterwards
 * client.notify tells whom to send an event; the caller clears it. */
bool store_turn(struct store *s);

/* The domain has ended (shut down, crashed, destroyed): its ring, watches and transactions go, and
 * so do its nodes and what the system file put into its peers' about it. Fires @releaseDomain.
 * They come back, and @introduceDomain fires, with the first message of its next life (the caller
 * connects its new ring); a device, when its other end has listed it in vain, if it drove it.
 */
void store_domain_ended(struct store *s, uint16_t domid);

#endif
