#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Recorded cycles of every network in cycles.csv, those of ImageNet size among them.
exec "${BUILD:-build}/tests/test_cycles" --whole
