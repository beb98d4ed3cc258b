// SPDX-License-Identifier: Apache-2.0
// A linker for one object: sections side by side in one image, every relocation resolved.
#include <elf.h>
#include <string.h>

#include "object.h"
#include "tsr/host.h"

static tsr_status corrupt(const char *what) { return tsr_error(TSR_CORRUPT, "host object: %s", what); }

// What only a debugger or an unwinder reads stays behind.
static bool in_image(const tsr_object *o, const tsr_section *s) {
    return (s->flags & SHF_ALLOC) != 0 && s->size != 0 && strcmp(s->name, ".eh_frame") != 0 &&
           !(o->machine == EM_ARM && s->type == SHT_ARM_EXIDX);
}

// Code first, then constants.
static tsr_status lay_out(tsr_object *o, tsr_arena *arena, uint8_t **out_image, uint64_t *out_size) {
    enum { MAX_IMAGE = 1 << 30 };
    uint64_t size = 0;
    *out_image = NULL;
    *out_size = 0;
    for (int code = 1; code >= 0; code--)
        for (uint32_t i = 0; i < o->section_count; i++) {
            tsr_section *s = &o->sections[i];
            if (!in_image(o, s) || ((s->flags & SHF_EXECINSTR) != 0) != code)
                continue;
            if (s->type == SHT_NOBITS || (s->flags & (SHF_WRITE | SHF_TLS)))
                return tsr_error(TSR_UNSUPPORTED, "host object: section %s is writable data, which host code must not have",
                                 s->name);
            uint64_t align = s->align == 0 ? 1 : s->align;
            if ((align & (align - 1)) != 0 || align > 4096)
                return corrupt("a section has an impossible alignment");
            size = (size + align - 1) & ~(align - 1);
            if (s->size > MAX_IMAGE || size + s->size > MAX_IMAGE)
                return corrupt("it is too large");
            s->place = (int64_t)size;
            size += s->size;
        }
    *out_size = size;
    *out_image = TSR_NEW_ARRAY(arena, uint8_t, size + 1);
    for (uint32_t i = 0; i < o->section_count; i++)
        if (o->sections[i].place != TSR_NO_PLACE)
            memcpy(*out_image + o->sections[i].place, o->bytes + o->sections[i].offset, o->sections[i].size);
    return tsr_ok();
}

tsr_status tsr_symbol_place(const tsr_object *o, uint32_t index, int64_t *out_place) {
    *out_place = 0;
    if (index >= o->symbol_count)
        return corrupt("a relocation of an unknown symbol");
    const tsr_symbol *symbol = &o->symbols[index];
    if (symbol->section == SHN_UNDEF)
        return tsr_error(TSR_UNSUPPORTED, "host code needs the external symbol '%s'", symbol->name);
    if (symbol->section >= o->section_count || o->sections[symbol->section].place == TSR_NO_PLACE)
        return tsr_error(TSR_UNSUPPORTED, "host code refers to '%s', which is in no section of the image", symbol->name);
    if (symbol->value > o->sections[symbol->section].size)
        return corrupt("a symbol outside of its section");
    *out_place = o->sections[symbol->section].place + (int64_t)symbol->value;
    return tsr_ok();
}

static tsr_status relocate_all(tsr_arena *arena, const tsr_object *o, uint8_t *image) {
    for (uint32_t i = 0; i < o->section_count; i++) {
        const tsr_section *s = &o->sections[i];
        if (!tsr_is_relocation_section(s))
            continue;
        if (s->info >= o->section_count)
            return corrupt("relocations of an unknown section");
        tsr_patch patch = {.object = o, .section = &o->sections[s->info], .image = image};
        if (patch.section->place == TSR_NO_PLACE)
            continue;
        tsr_relocation *all;
        TSR_TRY(tsr_read_relocations(arena, o, s, &patch.count, &all));
        patch.all = all;
        for (uint32_t r = 0; r < patch.count; r++)
            TSR_TRY(tsr_relocate(&patch, &all[r]));
    }
    return tsr_ok();
}

static tsr_status find_entry(const tsr_object *o, const char *name, uint64_t image_size, uint32_t *out_offset) {
    *out_offset = 0;
    for (uint32_t i = 0; i < o->symbol_count; i++) {
        const tsr_symbol *symbol = &o->symbols[i];
        if (!symbol->global || symbol->section == SHN_UNDEF || strcmp(symbol->name, name) != 0)
            continue;
        int64_t place;
        TSR_TRY(tsr_symbol_place(o, i, &place));
        if ((uint64_t)place >= image_size)
            return corrupt("a function outside of its section");
        *out_offset = (uint32_t)place;
        return tsr_ok();
    }
    return tsr_error(TSR_NOT_FOUND, "host object: no function '%s'", name);
}

tsr_status tsr_host_link(tsr_arena *arena, const uint8_t *bytes, size_t size, const char *const *names, uint32_t count,
                         tsr_host_code *out_code) {
    memset(out_code, 0, sizeof *out_code);
    tsr_object o;
    uint8_t *image;
    uint64_t image_size;
    TSR_TRY(tsr_object_read(arena, bytes, size, &o));
    TSR_TRY(lay_out(&o, arena, &image, &image_size));
    TSR_TRY(relocate_all(arena, &o, image));
    uint32_t *entries = TSR_NEW_ARRAY(arena, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++)
        TSR_TRY(find_entry(&o, names[i], image_size, &entries[i]));
    *out_code = (tsr_host_code){
        .code = image, .code_bytes = image_size, .entry_count = count, .entries = entries, .target = "", .features = ""};
    return tsr_ok();
}
