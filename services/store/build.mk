# SPDX-License-Identifier: Apache-2.0
# Trees are walked by recursion, of at most 64 names.

store-stack := 65536
store-with := clients
