#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The quick share of the proofs, for `make test`.
exec hw/rtl/formal/formal.sh -q -j 1
