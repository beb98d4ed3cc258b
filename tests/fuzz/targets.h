// SPDX-License-Identifier: Apache-2.0
// What hostile input is fed to. Each target takes arbitrary bytes and returns NULL, or what the code under test did that it
// must not do (crashes and sanitizer reports speak for themselves). They run from the top folder.
#ifndef TARGETS_H
#define TARGETS_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/status.h"

typedef const char *fuzz_target(const uint8_t *data, size_t size);

fuzz_target fuzz_import;  // a model file: read, and the graph verified
fuzz_target fuzz_onnx;    // the same of one format
fuzz_target fuzz_tflite;
fuzz_target fuzz_graph;   // a graph in text form: read, printed, read back
fuzz_target fuzz_compile; // a model file: compiled for pynq and for the CPU, both run, their answers compared
fuzz_target fuzz_program; // a compiled model without host code: loaded and run
fuzz_target fuzz_program_mended; // the same with size and checksum put right first
fuzz_target fuzz_asm;     // assembler source, and the same bytes as an instruction stream to disassemble
fuzz_target fuzz_config;  // a configuration file
fuzz_target fuzz_xclbin;  // an xclbin: read, checked, given a configuration
fuzz_target fuzz_board;   // a board file, and the same bytes as a bitstream
fuzz_target fuzz_remote;  // messages of the remote protocol (where it is built)

// What a target is doing, for whoever watches it from outside. A model may ask for long runs, but not for long compiles.
enum { FUZZ_READING, FUZZ_RUNNING };
extern volatile uint32_t *fuzz_phase;

// For targets: the name that they give their input, a complaint about a status, and one about an error that does not say
// which file it is about or is the project's own fault.
// Puts the size and the checksum of a compiled model right, which would keep nearly all damage from going further
// (isa/program.md).
void fuzz_mend_program(uint8_t *data, size_t size);

#define FUZZ_INPUT_NAME "input.bin"
const char *fuzz_complain(const char *what, tsr_status status);
const char *fuzz_check_error(tsr_status status);

#endif
