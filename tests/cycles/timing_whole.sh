#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The cycle model against the RTL on whole ImageNet networks.
exec "${BUILD:-build}/tests/test_timing" --whole
