/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's whole state as records of its journal: clients with their messages, transactions,
 * watches and events, and all nodes. A state that was read is written again as the same bytes.
 */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <stdlib.h>
#include <string.h>

#include "engine.h"

/* Behind journal_begin. False: it does not fit. */
bool state_write(struct store *s);

/* Into a store that was loaded from the same text. Moves *at behind the state. False: it is not
 * one of these clients, or memory is short; then the store is good for store_free alone. */
bool state_read(struct store *s, const struct journal *j, size_t *at);

#endif
