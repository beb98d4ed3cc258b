// SPDX-License-Identifier: Apache-2.0
// LLVM's C interface to object files does not give a relocation's addend, so the ELF structures are read directly; layout
// and names are those of the System V ABI.
#include "object.h"

#include <elf.h>
#include <string.h>

static tsr_status corrupt(const char *what) { return tsr_error(TSR_CORRUPT, "host object: %s", what); }

static bool inside(const tsr_object *o, uint64_t offset, uint64_t size) { return offset <= o->size && size <= o->size - offset; }

// The contents of a section, whose offset and size have been checked. Nothing in the file has to be aligned: records are
// copied out.
static const uint8_t *contents(const tsr_object *o, const tsr_section *s) { return o->bytes + s->offset; }

static const char *name_at(const tsr_object *o, const tsr_section *strings, uint64_t at) {
    if (strings->type != SHT_STRTAB || at >= strings->size || memchr(contents(o, strings) + at, '\0', strings->size - at) == NULL)
        return "?";
    return (const char *)contents(o, strings) + at;
}

// ---- the two widths ----------------------------------------------------------------------------------------------------
typedef struct header {
    uint64_t sections;
    uint32_t count, names, entry_bytes;
} header;

static tsr_status read_header(tsr_object *o, header *out_header) {
    memset(out_header, 0, sizeof *out_header);
    if (o->size < sizeof(Elf32_Ehdr) || memcmp(o->bytes, ELFMAG, SELFMAG) != 0)
        return corrupt("not an ELF file");
    o->wide = o->bytes[EI_CLASS] == ELFCLASS64;
    uint16_t type;
    if (o->wide) {
        Elf64_Ehdr h;
        if (o->size < sizeof h)
            return corrupt("it ends inside its header");
        memcpy(&h, o->bytes, sizeof h);
        *out_header = (header){h.e_shoff, h.e_shnum, h.e_shstrndx, h.e_shentsize};
        o->machine = h.e_machine;
        type = h.e_type;
    } else {
        Elf32_Ehdr h;
        memcpy(&h, o->bytes, sizeof h);
        *out_header = (header){h.e_shoff, h.e_shnum, h.e_shstrndx, h.e_shentsize};
        o->machine = h.e_machine;
        type = h.e_type;
    }
    if ((!o->wide && o->bytes[EI_CLASS] != ELFCLASS32) || o->bytes[EI_DATA] != ELFDATA2LSB || type != ET_REL)
        return corrupt("not a relocatable little-endian ELF object");
    if (out_header->entry_bytes != (o->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)) ||
        !inside(o, out_header->sections, (uint64_t)out_header->count * out_header->entry_bytes) ||
        out_header->names >= out_header->count)
        return corrupt("its section table is broken");
    return tsr_ok();
}

// The name is an offset still.
static uint32_t read_section(const tsr_object *o, uint64_t at, tsr_section *out_section) {
    if (o->wide) {
        Elf64_Shdr s;
        memcpy(&s, o->bytes + at, sizeof s);
        *out_section = (tsr_section){NULL,           s.sh_type, s.sh_flags, s.sh_offset, s.sh_size,
                                     s.sh_addralign, s.sh_link, s.sh_info,  TSR_NO_PLACE};
        return s.sh_name;
    }
    Elf32_Shdr s;
    memcpy(&s, o->bytes + at, sizeof s);
    *out_section =
        (tsr_section){NULL, s.sh_type, s.sh_flags, s.sh_offset, s.sh_size, s.sh_addralign, s.sh_link, s.sh_info, TSR_NO_PLACE};
    return s.sh_name;
}

static uint32_t read_symbol(const tsr_object *o, const uint8_t *at, tsr_symbol *out_symbol) {
    if (o->wide) {
        Elf64_Sym s;
        memcpy(&s, at, sizeof s);
        *out_symbol = (tsr_symbol){NULL, ELF64_ST_BIND(s.st_info) == STB_GLOBAL, s.st_shndx, s.st_value};
        return s.st_name;
    }
    Elf32_Sym s;
    memcpy(&s, at, sizeof s);
    *out_symbol = (tsr_symbol){NULL, ELF32_ST_BIND(s.st_info) == STB_GLOBAL, s.st_shndx, s.st_value};
    return s.st_name;
}

static void read_relocation(const tsr_object *o, bool addend, const uint8_t *at, tsr_relocation *out_relocation) {
    if (o->wide) {
        Elf64_Rela r = {0};
        memcpy(&r, at, addend ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel));
        *out_relocation =
            (tsr_relocation){(uint32_t)ELF64_R_TYPE(r.r_info), (uint32_t)ELF64_R_SYM(r.r_info), r.r_offset, r.r_addend};
        return;
    }
    Elf32_Rela r = {0};
    memcpy(&r, at, addend ? sizeof(Elf32_Rela) : sizeof(Elf32_Rel));
    *out_relocation = (tsr_relocation){ELF32_R_TYPE(r.r_info), ELF32_R_SYM(r.r_info), r.r_offset, r.r_addend};
}

// ---- tables ------------------------------------------------------------------------------------------------------------
static tsr_status read_sections(tsr_arena *arena, tsr_object *o, const header *h) {
    o->section_count = h->count;
    o->sections = TSR_NEW_ARRAY(arena, tsr_section, h->count + 1);
    uint32_t *names = TSR_NEW_ARRAY(arena, uint32_t, h->count + 1);
    for (uint32_t i = 0; i < h->count; i++) {
        tsr_section *s = &o->sections[i];
        names[i] = read_section(o, h->sections + (uint64_t)i * h->entry_bytes, s);
        if (s->type != SHT_NOBITS && s->type != SHT_NULL && !inside(o, s->offset, s->size))
            return corrupt("a section lies outside of the file");
    }
    for (uint32_t i = 0; i < h->count; i++)
        o->sections[i].name = name_at(o, &o->sections[h->names], names[i]);
    return tsr_ok();
}

static tsr_status read_symbols(tsr_arena *arena, tsr_object *o) {
    const size_t bytes = o->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
    const tsr_section *table = NULL;
    for (uint32_t i = 0; i < o->section_count; i++)
        if (o->sections[i].type == SHT_SYMTAB)
            table = &o->sections[i];
    if (table == NULL)
        return corrupt("no symbol table");
    if (table->link >= o->section_count)
        return corrupt("its symbol table is broken");
    o->symbol_count = (uint32_t)(table->size / bytes);
    o->symbols = TSR_NEW_ARRAY(arena, tsr_symbol, o->symbol_count + 1);
    for (uint32_t i = 0; i < o->symbol_count; i++) {
        uint32_t name = read_symbol(o, contents(o, table) + i * bytes, &o->symbols[i]);
        o->symbols[i].name = name_at(o, &o->sections[table->link], name);
    }
    return tsr_ok();
}

tsr_status tsr_object_read(tsr_arena *arena, const uint8_t *bytes, size_t size, tsr_object *out_object) {
    *out_object = (tsr_object){.bytes = bytes, .size = size};
    header h;
    TSR_TRY(read_header(out_object, &h));
    TSR_TRY(read_sections(arena, out_object, &h));
    return read_symbols(arena, out_object);
}

bool tsr_is_relocation_section(const tsr_section *s) { return s->type == SHT_RELA || s->type == SHT_REL; }

tsr_status tsr_read_relocations(tsr_arena *arena, const tsr_object *o, const tsr_section *s, uint32_t *out_count,
                                tsr_relocation **out_relocations) {
    bool addend = s->type == SHT_RELA;
    size_t bytes = o->wide ? (addend ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel)) : addend ? sizeof(Elf32_Rela) : sizeof(Elf32_Rel);
    *out_count = (uint32_t)(s->size / bytes);
    *out_relocations = TSR_NEW_ARRAY(arena, tsr_relocation, *out_count + 1);
    for (uint32_t i = 0; i < *out_count; i++)
        read_relocation(o, addend, contents(o, s) + i * bytes, &(*out_relocations)[i]);
    return tsr_ok();
}
