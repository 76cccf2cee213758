/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine's own files share. Who calls whom: ring -> request -> transaction -> commit ->
 * tree and watch. Nothing here is for main.c.
 */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include "store.h"

#define PERMS_MAX 8u  /* entries of one node, the owner's included */
#define DEPTH_MAX 64u /* names in a path: bounds every recursion */

/* In the order of error_names in request.c. */
enum xs_error {
  OK,
  E_INVAL,
  E_ACCES,
  E_EXIST,
  E_NOENT,
  E_NOMEM,
  E_NOSPC,
  E_NOSYS,
  E_BUSY,
  E_AGAIN,
  E_2BIG,
  E_PERM,
};

/* --- access.c ----------------------------------------------------------------------------------
 */

#define ACCESS_READ  1u
#define ACCESS_WRITE 2u
#define ACCESS_OWN   4u

struct perm {
  uint16_t domid;
  uint16_t access; /* ACCESS_READ | ACCESS_WRITE */
};

/* The first entry is the owner's; its access is everybody's who has no entry. */
struct perms {
  unsigned count;
  struct perm entry[PERMS_MAX];
};

bool access_allowed(const struct client *c, const struct perms *p, unsigned want);

/* "r5": one entry, `size` bytes. False: not well formed. */
bool perm_parse(const char *text, size_t size, struct perm *p);
/* Writes "r5" and a zero; returns the bytes written, at most 7. */
size_t perm_print(char *to, const struct perm *p);

/* A decimal number of `size` digits, at most `max`. */
bool number_parse(const char *text, size_t size, uint32_t max, uint32_t *value);
/* Writes a decimal number and a zero; returns the bytes written, at most NUMBER_MAX. */
#define NUMBER_MAX 21u
size_t number_print(char *to, uint64_t value);

/* --- path.c ------------------------------------------------------------------------------------
 */

struct path {
  size_t size;  /* without the zero */
  size_t depth; /* names: 0 for "/" */
  char text[XENSTORE_ABS_PATH_MAX + 1];
};

/* Makes an absolute path of what client `domid` wrote; false: not a path. */
bool path_resolve(struct path *p, uint16_t domid, const char *text);

/* "/local/domain/N" with a zero; at most 21 bytes. Returns the length. */
size_t path_home(char *to, uint16_t domid);

struct name {
  const char *text;
  size_t size;
};

/* The next name of the path from *at on, which moves behind it; false at the end. */
bool path_next(const struct path *p, size_t *at, struct name *n);

/* --- tree.c: nodes -----------------------------------------------------------------------------
 */

/* A node of the store, or of a transaction's own tree that lies over it: there `over` says what
 * the transaction did or saw at the place. */
struct node {
  struct node *parent;
  struct node **children; /* sorted by name */
  unsigned count, room;
  uint32_t size; /* of the value */
  char *value;
  uint64_t generation;      /* of value, permissions and existence */
  uint64_t list_generation; /* of the list of children */
  struct perms perms;
  struct over *over; /* NULL in the store itself */
  char name[];
};

struct over {
  bool written; /* value and perms are the transaction's */
  bool hides;   /* what the store has here and below is removed */
  bool seen, listed;
  uint64_t seen_generation, listed_generation; /* of the store's node then; 0: there was none */
  struct node *twin;                           /* the store's node to be, while committing */
};

struct node *node_new(struct name name, bool over);
void node_free(struct node *n); /* with all below it */
struct node *node_child(struct store *s, const struct node *n, struct name name);
bool node_reserve(struct node *n, unsigned more); /* room for so many more children */
void node_attach(struct node *parent, struct node *child);
void node_detach(struct node *n);
size_t node_cost(const struct node *n); /* bytes charged for it, without `over` */
struct name node_name(const struct node *n);
void node_path(const struct node *n, struct path *p);

/* --- transaction.c: what a client sees and changes -----------------------------------------------
 */

struct transaction {
  struct transaction *next;
  struct store *store;
  struct client *client;
  struct node *over; /* the root of its own tree, or NULL */
  uint32_t id;       /* 0: for one request */
  size_t bytes;      /* charged to the client; not for one request */
  unsigned changes;  /* nodes of its own tree */
};

enum xs_error transaction_read(struct transaction *t, const struct path *p, struct node **n);
enum xs_error transaction_write(struct transaction *t, const struct path *p, const char *value,
                                size_t size);
enum xs_error transaction_mkdir(struct transaction *t, const struct path *p);
enum xs_error transaction_rm(struct transaction *t, const struct path *p);
enum xs_error transaction_set_perms(struct transaction *t, const struct path *p,
                                    const struct perms *perms);

/* Calls `each` with the children's names in order; *generation changes whenever they do. */
enum xs_error transaction_list(struct transaction *t, const struct path *p, uint64_t *generation,
                               void (*each)(void *arg, struct name n), void *arg);

struct transaction *transaction_find(struct client *c, uint32_t id);
enum xs_error transaction_start(struct store *s, struct client *c, uint32_t *id);
/* Ends an open one and frees it. */
enum xs_error transaction_end(struct transaction *t, bool commit);
void transactions_drop(struct client *c);
/* Frees what it holds, not itself. */
void transaction_discard(struct transaction *t);

/* --- commit.c ------------------------------------------------------------------------------------
 */

/* Makes the transaction's changes the store's, all or none: E_AGAIN, E_NOSPC, E_NOMEM. */
enum xs_error commit(struct transaction *t);

struct client *account_of(struct store *s, uint16_t domid);
/* Whether the client may have `bytes` more; charges them. */
bool account_charge(struct store *s, struct client *c, size_t bytes);

/* --- watch.c
 * --------------------------------------------------------------------------------------- */

struct watch {
  struct watch *next; /* of the client */
  struct watch *same; /* of the bucket */
  struct client *client;
  uint32_t hash;
  size_t size;  /* of the path */
  size_t skip;  /* bytes that its events leave out: the client named it without them */
  size_t depth; /* names of the path */
  long levels;  /* below it that count; -1: all */
  bool lost;    /* the client has not been told of everything */
  char *token;  /* behind the path */
  char path[];
};

struct event {
  struct event *next;
  struct event *same; /* of the client's bucket */
  struct watch *watch;
  uint32_t hash; /* of the path */
  size_t size;
  char path[];
};

enum xs_error watch_add(struct store *s, struct client *c, const struct path *p, bool relative,
                        const char *token, long depth);
enum xs_error watch_remove(struct store *s, struct client *c, const struct path *p,
                           const char *token);
void watches_drop(struct store *s, struct client *c);

/* As it was kept: no event tells of it. NULL: no memory. */
struct watch *watch_restore(struct store *s, struct client *c, const struct path *p,
                            const char *token, long levels);
bool event_restore(struct watch *w, struct name path);

void watch_fire_changed(struct store *s, const struct node *n);
void watch_fire_removed(struct store *s, const struct node *n); /* before it is */
/* @introduceDomain or @releaseDomain: `special` is the node with its permissions. */
void watch_fire_special(struct store *s, const struct node *special, uint16_t domid);

/* Makes the client's next event its outgoing message; false: there is none. */
bool event_take(struct client *c);

/* --- request.c, domain.c
 * ---------------------------------------------------------------------------- */

struct request {
  struct store *store;
  struct client *client;
  struct transaction *transaction; /* of operations on nodes */
  char *payload;                   /* a zero stands behind it */
  size_t size;
  char *reply; /* the handler's answer; as it is given: "OK" */
  size_t reply_size;
};

/* Answers the message in client.in into client.out. */
void request_serve(struct store *s, struct client *c);

/* The next string of the payload from *at on; NULL: no zero follows. */
const char *request_string(const struct request *r, size_t *at);
void request_reply(struct request *r, const void *bytes, size_t size);

enum xs_error domain_introduce(struct request *r);
enum xs_error domain_release(struct request *r);
enum xs_error domain_resume(struct request *r);
enum xs_error domain_is_introduced(struct request *r);
enum xs_error domain_path(struct request *r);
enum xs_error domain_set_target(struct request *r);

/* --- life.c
 * ------------------------------------------------------------------------------------------ */

/* The client's first message in a new life has come. */
void life_begin(struct store *s, struct client *c);
/* The client has listed this directory and found none: if it was a device of its peer's, that may
 * come back now. */
void life_missed(struct store *s, const struct client *c, const struct path *p);
/* Finds out whom each line of the tree, which is loaded, is about. */
void life_learn(struct store *s);

/* --- load.c
 * ------------------------------------------------------------------------------------------ */

#define FIELDS_MAX 4u

/* A line of the text in its fields; text behind the third TAB is one field. */
struct line {
  unsigned count;
  struct name field[FIELDS_MAX];
};

/* The line from *at on, which moves to the next; false at the end. */
bool load_line(const struct store *s, size_t *at, struct line *l);
/* Is it a node that stays when its peer ends? */
bool load_stays(const struct line *l);
/* If it is a node: its path. */
bool load_path(const struct line *l, struct path *p);
bool load_node(struct store *s, const struct line *l);

/* --- ring.c
 * ------------------------------------------------------------------------------------------- */

bool message_whole(const struct message *m);
/* Forgets messages, watches and transactions of the connection. */
void connection_reset(struct store *s, struct client *c);
/* The whole message in client.in, or the next event (false: there is none), becomes the outgoing
 * one. */
void client_serve_request(struct store *s, struct client *c);
bool client_serve_event(struct client *c);

/* --- keep.c
 * ------------------------------------------------------------------------------------------- */

/* What has been done since the state was written. Each is done again, in order, on the state. */
enum kept {
  KEPT_IN = 64,   /* bytes of a message came in */
  KEPT_REQUEST,   /* it was served */
  KEPT_EVENT,     /* an event was made the outgoing message */
  KEPT_BREAK,     /* the connection ended for nonsense */
  KEPT_RECONNECT, /* and began anew */
  KEPT_CONNECT,   /* struct kept_connect */
  KEPT_ENDED,     /* store_domain_ended */
};

struct kept_connect {
  uint64_t life;
  uint32_t req_cons, rsp_prod;
};

/* After it has been done, and before the client sees anything of it. */
void keep(struct store *s, enum kept what, const struct client *c, const void *body, size_t size);

/* Who is served right now, if the store should end by it; NULL: nobody. */
void keep_serving(struct store *s, const struct client *c);

#endif
