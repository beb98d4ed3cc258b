#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The part of lockstep that `make test` runs: 500 programs over the four configurations, at most about a minute.
exec "${BUILD:-build}/bin/lockstep" -n 125 -t 60 -o "${BUILD:-build}/lockstep"
