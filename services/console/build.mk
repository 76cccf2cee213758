# SPDX-License-Identifier: Apache-2.0
# What services with clients share.

console-with := clients
