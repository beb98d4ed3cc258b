#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs memory_test for one configuration: tests/rtl/memory/memory.sh CONFIG [ROUNDS [SEED]], from the top folder.
set -euo pipefail
config=$1
shift
make -s "build/tests/rtl_memory_$config"
exec "build/tests/rtl_memory_$config" "$@"
