/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores as x86 makes them: they wait in the CPU's buffer, in order, and others
 * see each when it leaves, at any time later. A full barrier, and every locked
 * instruction, waits until the buffer is empty.
 */
#define STORE_BUFFER               [4] of { byte, byte }
#define STORE(buffer, what, value) buffer !what, value
#define BARRIER(buffer)            empty(buffer)
