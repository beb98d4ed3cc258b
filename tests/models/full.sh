#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every recorded model on every device in every configuration, ImageNet networks on the simulated RTL among them.
exec "${BUILD:-build}/tests/test_models" --full
