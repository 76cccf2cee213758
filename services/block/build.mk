# SPDX-License-Identifier: Apache-2.0
# What the back ends share.

block-with := backend
