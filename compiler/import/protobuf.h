// SPDX-License-Identifier: Apache-2.0
// A guard in front of protobuf-c, which follows nested messages without a limit, says nothing about where a message is
// broken, and allocates what the message asks for.
#ifndef TSR_IMPORT_PROTOBUF_H
#define TSR_IMPORT_PROTOBUF_H

#include <protobuf-c/protobuf-c.h>

#include "tsr/status.h"

// Unpacks after checking the wire format against the descriptor. TSR_CORRUPT names the file offset. Free the message with
// protobuf_c_message_free_unpacked(message, NULL).
tsr_status pb_unpack(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size,
                     ProtobufCMessage **out_message);

#endif
