// SPDX-License-Identifier: Apache-2.0
#include "protobuf.h"

#include <stdbool.h>
#include <stdlib.h>

enum { MAX_DEPTH = 32 }; // a tensor in an attribute of a node of a model's graph is at depth 5
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

typedef struct wire {
    const unsigned char *bytes;
    size_t at, end;
} wire;

static tsr_status corrupt(size_t at, const char *what) { return tsr_error(TSR_CORRUPT, "offset %zu: %s", at, what); }

static tsr_status read_varint(wire *w, uint64_t *out_value) {
    const size_t begin = w->at;
    *out_value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (w->at == w->end)
            return corrupt(begin, "a number reaches past the end (is the file truncated?)");
        const unsigned char byte = w->bytes[w->at++];
        if (shift < 64)
            *out_value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return tsr_ok();
    }
    return corrupt(begin, "a number of more than ten bytes");
}

static unsigned wire_type_of(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT: return WIRE_32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return WIRE_64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return WIRE_BYTES;
    default: return WIRE_VARINT;
    }
}

static tsr_status scan_packed(unsigned type, wire w) {
    if (type == WIRE_VARINT)
        for (uint64_t ignored; w.at < w.end;)
            TSR_TRY(read_varint(&w, &ignored));
    else if ((w.end - w.at) % (type == WIRE_32 ? 4 : 8) != 0)
        return corrupt(w.at, "a packed list that ends inside of an element");
    return tsr_ok();
}

static tsr_status scan(const ProtobufCMessageDescriptor *message, wire w, unsigned depth) {
    uint64_t seen = 0; // singular messages; protobuf-c would merge a second one into the first
    if (depth > MAX_DEPTH)
        return corrupt(w.at, "messages nested too deeply");
    while (w.at < w.end) {
        const size_t begin = w.at;
        uint64_t tag, length;
        TSR_TRY(read_varint(&w, &tag));
        const unsigned type = tag & 7;
        if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
            return corrupt(begin, "an impossible field number (is this an ONNX or TFLite file?)");
        switch (type) {
        case WIRE_VARINT:
            TSR_TRY(read_varint(&w, &length));
            length = 0;
            break;
        case WIRE_64: length = 8; break;
        case WIRE_32: length = 4; break;
        case WIRE_BYTES: TSR_TRY(read_varint(&w, &length)); break;
        default: return corrupt(begin, "an unknown wire type (is this an ONNX or TFLite file?)");
        }
        if (length > w.end - w.at)
            return corrupt(begin, "a field reaches past the end (is the file truncated?)");
        const wire contents = {w.bytes, w.at, w.at + (size_t)length};
        w.at = contents.end;
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(message, (unsigned)(tag >> 3));
        if (field == NULL)
            continue;
        const unsigned wanted = wire_type_of(field->type);
        const bool packed = field->label == PROTOBUF_C_LABEL_REPEATED && wanted != WIRE_BYTES && type == WIRE_BYTES;
        if (type != wanted && !packed)
            return tsr_error(TSR_CORRUPT, "offset %zu: field '%s' of %s has the wrong wire type", begin, field->name,
                             message->short_name);
        if (packed)
            TSR_TRY(scan_packed(wanted, contents));
        if (field->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        const unsigned index = (unsigned)(field - message->fields);
        if (field->label != PROTOBUF_C_LABEL_REPEATED && index < 64) {
            if (seen >> index & 1)
                return tsr_error(TSR_CORRUPT, "offset %zu: field '%s' of %s appears twice", begin, field->name,
                                 message->short_name);
            seen |= UINT64_C(1) << index;
        }
        TSR_TRY(scan(field->descriptor, contents, depth + 1));
    }
    return tsr_ok();
}

// Empty messages cost two bytes in the file and hundreds in memory, hence a limit of its own.
typedef struct budget {
    size_t left;
} budget;

static void *budget_alloc(void *context, size_t size) {
    budget *b = context;
    if (size > b->left)
        return NULL;
    b->left -= size;
    return malloc(size);
}

static void budget_free(void *context, void *memory) {
    (void)context;
    free(memory);
}

tsr_status pb_unpack(const ProtobufCMessageDescriptor *descriptor, const void *bytes, size_t size,
                     ProtobufCMessage **out_message) {
    *out_message = NULL;
    if (size > INT32_MAX)
        return tsr_error(TSR_UNSUPPORTED, "files of more than 2 GiB are not supported");
    TSR_TRY(scan(descriptor, (wire){bytes, 0, size}, 0));
    budget b = {64 * size + ((size_t)64 << 20)};
    ProtobufCAllocator allocator = {budget_alloc, budget_free, &b};
    *out_message = protobuf_c_message_unpack(descriptor, &allocator, size, bytes);
    if (*out_message == NULL)
        return tsr_error(TSR_CORRUPT, "no valid %s message, or one that takes far more memory than its %zu bytes",
                         descriptor->short_name, size);
    return tsr_ok();
}
