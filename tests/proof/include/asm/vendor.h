/* SPDX-License-Identifier: Apache-2.0 */
/* In place of the machine's: what is needed of it stands in the file that Eva reads. */
