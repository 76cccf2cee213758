/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store starts with: its clients, and the nodes that the channels imply.
 */
#ifndef SKERRY_STORE_TREE_H
#define SKERRY_STORE_TREE_H

#include "system.h"

/* Appends the clients of a service: the fronts of its channels of a kind, a line each,
 *
 *   client DOMID PORT NAME    PORT is the service's end
 */
void clients_build(const struct system *s, unsigned service, uint64_t kind, struct buf *out);

/* Appends the tree of the store in domain `store` as text, a line each, the fields separated by
 * a tab; a node comes after its parent:
 *
 *   client DOMID PORT NAME    of each store channel
 *   keep PAGE PAGES           memory that outlives the store
 *   node PERMS PATH VALUE     PERMS as in xenstore's protocol (`n5,r3`), the owner first
 */
void store_tree_build(const struct system *s, unsigned store, struct buf *out);

#endif
