#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whole networks lose no more than a point of accuracy or 1 dB when they are quantised: the bench, as a test.
exec "${BUILD:-build}/bin/bench-quantize" -t
