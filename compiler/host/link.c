// SPDX-License-Identifier: Apache-2.0
// A linker for one object. LLVM's C interface to object files does not give a relocation's addend, so the ELF structures
// are read directly; layout and names are those of the System V ABI and its processor supplements.
#include <elf.h>
#include <string.h>

#include "tsr/host.h"

typedef struct object {
    const uint8_t *bytes;
    size_t size;
    const Elf64_Ehdr *header;
    const Elf64_Shdr *sections;
    const char *section_names;
    uint64_t section_names_size;
    const Elf64_Sym *symbols;
    uint64_t symbol_count;
    const char *strings;
    uint64_t strings_size;
    uint64_t *place; // offset of each section in the image; UINT64_MAX: not in it
    uint8_t *image;
    uint64_t image_size;
} object;

static bool inside(const object *o, uint64_t offset, uint64_t size) { return offset <= o->size && size <= o->size - offset; }

static const char *name_at(const char *strings, uint64_t size, uint64_t at) {
    return strings != NULL && at < size && memchr(strings + at, '\0', size - at) != NULL ? strings + at : "?";
}

static const char *section_name(const object *o, const Elf64_Shdr *s) {
    return name_at(o->section_names, o->section_names_size, s->sh_name);
}

static tsr_status corrupt(const char *what) { return tsr_error(TSR_CORRUPT, "host object: %s", what); }

static tsr_status read_headers(object *o) {
    const Elf64_Ehdr *h = (const Elf64_Ehdr *)o->bytes;
    if ((uintptr_t)o->bytes % 8 != 0)
        return tsr_error(TSR_INVALID_ARGUMENT, "host object: not aligned to 8 bytes in memory");
    if (o->size < sizeof *h || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
        return corrupt("not an ELF file");
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_type != ET_REL)
        return corrupt("not a relocatable little-endian ELF64 object");
    if (h->e_shentsize != sizeof(Elf64_Shdr) || h->e_shoff % 8 != 0 ||
        !inside(o, h->e_shoff, (uint64_t)h->e_shnum * sizeof(Elf64_Shdr)) || h->e_shstrndx >= h->e_shnum)
        return corrupt("its section table is broken");
    o->header = h;
    o->sections = (const Elf64_Shdr *)(o->bytes + h->e_shoff);
    for (unsigned i = 0; i < h->e_shnum; i++) {
        const Elf64_Shdr *s = &o->sections[i];
        if (s->sh_type != SHT_NOBITS && s->sh_type != SHT_NULL && !inside(o, s->sh_offset, s->sh_size))
            return corrupt("a section lies outside of the file");
    }
    o->section_names = (const char *)o->bytes + o->sections[h->e_shstrndx].sh_offset;
    o->section_names_size = o->sections[h->e_shstrndx].sh_size;
    return tsr_ok();
}

static tsr_status read_symbols(object *o) {
    for (unsigned i = 0; i < o->header->e_shnum; i++) {
        const Elf64_Shdr *s = &o->sections[i];
        if (s->sh_type != SHT_SYMTAB)
            continue;
        if (s->sh_offset % 8 != 0 || s->sh_entsize != sizeof(Elf64_Sym) || s->sh_link >= o->header->e_shnum)
            return corrupt("its symbol table is broken");
        o->symbols = (const Elf64_Sym *)(o->bytes + s->sh_offset);
        o->symbol_count = s->sh_size / sizeof(Elf64_Sym);
        o->strings = (const char *)o->bytes + o->sections[s->sh_link].sh_offset;
        o->strings_size = o->sections[s->sh_link].sh_size;
    }
    return o->symbols != NULL ? tsr_ok() : corrupt("no symbol table");
}

// Code first, then constants; what only a debugger or an unwinder reads stays behind.
static tsr_status lay_out(object *o, tsr_arena *arena) {
    enum { MAX_IMAGE = 1 << 30 };
    unsigned count = o->header->e_shnum;
    o->place = TSR_NEW_ARRAY(arena, uint64_t, count + 1);
    for (unsigned i = 0; i < count; i++)
        o->place[i] = UINT64_MAX;
    for (int code = 1; code >= 0; code--)
        for (unsigned i = 0; i < count; i++) {
            const Elf64_Shdr *s = &o->sections[i];
            bool unwind = strcmp(section_name(o, s), ".eh_frame") == 0;
            if (!(s->sh_flags & SHF_ALLOC) || s->sh_size == 0 || unwind || ((s->sh_flags & SHF_EXECINSTR) != 0) != code)
                continue;
            if (s->sh_type == SHT_NOBITS || (s->sh_flags & (SHF_WRITE | SHF_TLS)))
                return tsr_error(TSR_UNSUPPORTED, "host object: section %s is writable data, which host code must not have",
                                 section_name(o, s));
            uint64_t align = s->sh_addralign == 0 ? 1 : s->sh_addralign;
            if ((align & (align - 1)) != 0 || align > 4096)
                return corrupt("a section has an impossible alignment");
            o->place[i] = (o->image_size + align - 1) & ~(align - 1);
            o->image_size = o->place[i] + s->sh_size;
            if (o->image_size > MAX_IMAGE)
                return corrupt("it is too large");
        }
    o->image = TSR_NEW_ARRAY(arena, uint8_t, o->image_size + 1);
    for (unsigned i = 0; i < count; i++)
        if (o->place[i] != UINT64_MAX)
            memcpy(o->image + o->place[i], o->bytes + o->sections[i].sh_offset, o->sections[i].sh_size);
    return tsr_ok();
}

static tsr_status symbol_place(const object *o, uint64_t index, uint64_t *out_place) {
    if (index >= o->symbol_count)
        return corrupt("a relocation of an unknown symbol");
    const Elf64_Sym *symbol = &o->symbols[index];
    if (symbol->st_shndx == SHN_UNDEF)
        return tsr_error(TSR_UNSUPPORTED, "host code needs the external symbol '%s'",
                         name_at(o->strings, o->strings_size, symbol->st_name));
    if (symbol->st_shndx >= o->header->e_shnum || o->place[symbol->st_shndx] == UINT64_MAX)
        return tsr_error(TSR_UNSUPPORTED, "host code refers to '%s', which is in no section of the image",
                         name_at(o->strings, o->strings_size, symbol->st_name));
    *out_place = o->place[symbol->st_shndx] + symbol->st_value;
    return tsr_ok();
}

// What each processor's relocations mean: S symbol, A addend, P place, all as offsets in the image.
typedef struct relocation_kind {
    uint16_t machine;
    uint32_t type;
    unsigned bytes;
    const char *name;
} relocation_kind;

static const relocation_kind pc_relative[] = {
                                               // S + A - P
    {EM_X86_64, R_X86_64_PC32, 4, "R_X86_64_PC32"},
    {EM_X86_64, R_X86_64_PLT32, 4, "R_X86_64_PLT32"},
    {EM_X86_64, R_X86_64_PC64, 8, "R_X86_64_PC64"},
};

static tsr_status relocate(object *o, const Elf64_Shdr *target, uint64_t base, const Elf64_Rela *r) {
    const relocation_kind *kind = NULL;
    for (size_t i = 0; i < sizeof pc_relative / sizeof *pc_relative; i++)
        if (pc_relative[i].machine == o->header->e_machine && pc_relative[i].type == ELF64_R_TYPE(r->r_info))
            kind = &pc_relative[i];
    if (kind == NULL) {
        uint64_t ignored;
        TSR_TRY(symbol_place(o, ELF64_R_SYM(r->r_info), &ignored)); // an external symbol is the more helpful message
        return tsr_error(TSR_UNSUPPORTED,
                         "host object: relocation type %u of machine %u in section %s is not position independent",
                         (unsigned)ELF64_R_TYPE(r->r_info), o->header->e_machine, section_name(o, target));
    }
    if (r->r_offset > target->sh_size || target->sh_size - r->r_offset < kind->bytes)
        return corrupt("a relocation outside of its section");
    uint64_t symbol;
    TSR_TRY(symbol_place(o, ELF64_R_SYM(r->r_info), &symbol));
    uint64_t value = symbol + (uint64_t)r->r_addend - (base + r->r_offset);
    if (kind->bytes == 4 && (int64_t)value != (int32_t)(uint32_t)value)
        return tsr_error(TSR_UNSUPPORTED, "host object: %s does not reach its symbol", kind->name);
    memcpy(o->image + base + r->r_offset, &value, kind->bytes);
    return tsr_ok();
}

static tsr_status relocate_all(object *o) {
    for (unsigned i = 0; i < o->header->e_shnum; i++) {
        const Elf64_Shdr *s = &o->sections[i];
        if (s->sh_type != SHT_RELA && s->sh_type != SHT_REL)
            continue;
        if (s->sh_info >= o->header->e_shnum)
            return corrupt("relocations of an unknown section");
        if (o->place[s->sh_info] == UINT64_MAX)
            continue;
        if (s->sh_type == SHT_REL || s->sh_entsize != sizeof(Elf64_Rela) || s->sh_offset % 8 != 0)
            return corrupt("a relocation table of an unknown form");
        const Elf64_Rela *entries = (const Elf64_Rela *)(o->bytes + s->sh_offset);
        for (uint64_t r = 0; r < s->sh_size / sizeof *entries; r++)
            TSR_TRY(relocate(o, &o->sections[s->sh_info], o->place[s->sh_info], &entries[r]));
    }
    return tsr_ok();
}

static tsr_status find_entry(const object *o, const char *name, uint32_t *out_offset) {
    for (uint64_t i = 0; i < o->symbol_count; i++) {
        const Elf64_Sym *symbol = &o->symbols[i];
        if (ELF64_ST_BIND(symbol->st_info) != STB_GLOBAL || symbol->st_shndx == SHN_UNDEF ||
            strcmp(name_at(o->strings, o->strings_size, symbol->st_name), name) != 0)
            continue;
        uint64_t place;
        TSR_TRY(symbol_place(o, i, &place));
        if (place >= o->image_size)
            return corrupt("a function outside of its section");
        *out_offset = (uint32_t)place;
        return tsr_ok();
    }
    return tsr_error(TSR_NOT_FOUND, "host object: no function '%s'", name);
}

tsr_status tsr_host_link(tsr_arena *arena, const uint8_t *bytes, size_t size, const char *const *names, uint32_t count,
                         tsr_host_code *out_code) {
    memset(out_code, 0, sizeof *out_code);
    object o = {.bytes = bytes, .size = size};
    TSR_TRY(read_headers(&o));
    TSR_TRY(read_symbols(&o));
    TSR_TRY(lay_out(&o, arena));
    TSR_TRY(relocate_all(&o));
    uint32_t *entries = TSR_NEW_ARRAY(arena, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++)
        TSR_TRY(find_entry(&o, names[i], &entries[i]));
    *out_code = (tsr_host_code){
        .code = o.image, .code_bytes = o.image_size, .entry_count = count, .entries = entries, .target = "", .features = ""};
    return tsr_ok();
}
