// SPDX-License-Identifier: Apache-2.0
// The generator refuses broken descriptions and names what is wrong. Runs the built tool (build/gen/isagen, or what the
// environment variable ISAGEN names) from the project's root on copies of isa/tessera.isa with one piece replaced.
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { MAX_SOURCE = 1 << 16 };

static char source[MAX_SOURCE], text[MAX_SOURCE + 1024], output[4096];

static const char *isagen(void) {
    const char *path = getenv("ISAGEN");
    return path != NULL ? path : "build/gen/isagen";
}

static void read_source(void) {
    FILE *file = fopen("isa/tessera.isa", "rb");
    if (file == NULL) {
        fprintf(stderr, "run this from the project's root\n");
        exit(1);
    }
    source[fread(source, 1, sizeof source - 1, file)] = '\0';
    fclose(file);
}

// Runs the tool on a file with the given text; returns its exit code and keeps what it said in output.
static int run_on(const char *command, const char *content, size_t size, const char *arguments) {
    char path[] = "/tmp/isagen-test-XXXXXX", line[512];
    int descriptor = mkstemp(path);
    if (descriptor < 0 || write(descriptor, content, size) != (ssize_t)size || close(descriptor) != 0)
        abort();
    snprintf(line, sizeof line, "%s %s %s %s 2>&1", isagen(), command, path, arguments);
    FILE *pipe = popen(line, "r");
    if (pipe == NULL)
        abort();
    output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
    int status = pclose(pipe);
    unlink(path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int check_with(const char *old, const char *replacement) {
    const char *at = strstr(source, old);
    if (at == NULL) {
        fprintf(stderr, "the description no longer holds '%s'\n", old);
        abort();
    }
    int size = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - source), source, replacement, at + strlen(old));
    return run_on("check", text, (size_t)size, "");
}

TEST the_description_is_accepted(void) {
    ASSERT_EQ(0, run_on("check", source, strlen(source), ""));
    ASSERT_STR_EQ("", output);
    PASS();
}

TEST broken_descriptions_are_refused_by_name(void) {
    static const struct {
        const char *old, *replacement, *message;
    } cases[] = {
        // Overlaps and widths name the instruction and the fields.
        {"field segment       20:19   u      -     \"DRAM segment that is read\"",
         "field segment       20:18   u      -     \"DRAM segment that is read\"",
         "instruction 'load': field 'segment' [20:18] overlaps field 'buffer' [18:16]"},
        {"field overwrite     16:16", "field overwrite     15:15",
         "instruction 'gemm': field 'overwrite' [15:15] overlaps field 'signal' [15:12]"},
        {"reserved            255:240", "reserved            256:240",
         "instruction 'alu': reserved: bits 256:240 do not fit 256 bits"},
        {"field y_after       255:250", "field y_after       300:250",
         "instruction 'load': y_after: bits 300:250 do not fit 256 bits"},
        {"reserved            255:240", "reserved            255:241", "instruction 'alu': bits [240:240] belong to no field"},
        {"reserved            255:192\n", "", "instruction 'gemm': bits [255:192] belong to no field"},
        {"reserved            255:240", "reserved            255:239",
         "instruction 'alu': field 'reserved' [255:239] overlaps field 'hi' [239:224]"},
        {"reserved            63:49", "reserved            64:49", "uop: reserved: bits 64:49 do not fit 64 bits"},
        {"field par           47:32", "field par           47:31", "uop: field 'par' [47:31] overlaps field 'src' [31:16]"},
        {"field wait    11:8", "field wait    11:7", "header: field 'wait' needs one bit for each value of enum unit"},
        {"field lo            223:208", "field lo            208:223", "instruction 'alu': lo: bit range 208:223 has its ends"},
        {"field lo            223:208", "field lo            223", "instruction 'alu': lo: '223' is not a bit range"},
        {"field hi            239:224 s ", "field lo            239:224 s ", "instruction 'alu': field 'lo' is named twice"},
        {"field clip          23:23   flag ", "field clip          23:23   flog ", "field 'clip' has unknown kind 'flog'"},
        {"field src_kind      21:20   src_kind -", "field src_kind      21:20   alu_op -",
         "instruction 'alu': field 'src_kind' has 2 bits, enum 'alu_op' has 4"},
        {"field rescale       22:22   flag ", "field rescale       22:21   flag ", "flag 'rescale' has 2 bits instead of 1"},
        {"field y_stride      175:144 u ", "field reserved_1    175:144 u ", "the name 'reserved_1' is kept"},
        {"sv=signal_mask", "sv=wait_mask", "header: fields 'wait' and 'signal' have one SystemVerilog name"},
        {"field x_stride      199:176 u      bytes \"DRAM distance between inner steps\"\nfield sram_x_stride 215:200",
         "field x_stride      215:176 u      bytes \"DRAM distance between inner steps\"\nfield sram_x_stride 215:200",
         "instruction 'load': field 'x_stride' has 40 bits, more than 32"},
        // Names and numbers that repeat or do not fit.
        {"insn alu 0x04", "insn alu 0x03", "instructions 'gemm' and 'alu' share opcode 0x03"},
        {"insn alu 0x04", "insn gemm 0x04", "instruction 'gemm' is defined twice"},
        {"insn alu 0x04", "insn alu 0x104", "0x104 does not fit 8 bits"},
        {"insn alu 0x04 alu", "insn alu 0x04 fpu", "instruction 'alu': no unit is called 'fpu'"},
        {"value shr 7", "value shr 6", "enum alu_op: 'shl' and 'shr' share the value 6"},
        {"value shr 7", "value shr 16", "enum alu_op 'shr': 16 does not fit 4 bits"},
        {"value shr 7", "value shl 7", "enum alu_op: 'shl' is named twice"},
        {"value out 1", "value out 2", "2 does not fit 1 bits"},
        {"enum src src_kind 2", "enum alu src_kind 2", "enum 'src_kind': its type or prefix 'alu' is taken"},
        {"fault bus_write       10", "fault bus_write       9", "fault: 'bus_read' and 'bus_write' share the value 9"},
        {"fault bus_write       10", "fault bus_read       10", "fault: 'bus_read' is named twice"},
        {"fault bus_write       10", "fault bus_write       256", "256 does not fit 8 bits"},
        {"fault bus_write       10 execute", "fault bus_write       10 later", "expected: fault NAME CODE dispatch|execute"},
        {"reg isr          0x00c", "reg isr          0x008", "registers 'ier' and 'isr' share address 0x008"},
        {"reg isr          0x00c", "reg isr          0x00e", "register 'isr': address 0x00e is no multiple of 4"},
        {"reg isr          0x00c", "reg isr          0x1000", "register 'isr': 0x1000 does not fit 12 bits"},
        {"reg isr          0x00c", "reg isr          0x120", "register 'isr' lies among the counters"},
        {"reg isr          0x00c rw", "reg isr          0x00c rx", "access 'rx' is none of"},
        {"reg isr ", "reg ier ", "register 'ier' is named twice"},
        {"bits unit        10:8", "bits unit        10:7", "register 'fault': 'unit' [10:7] overlaps 'code' [7:0]"},
        {"counter alu_uops      5", "counter alu_uops      8", "counter 'alu_uops' 8 reaches into the units' counters"},
        {"unit_counter insns        5", "unit_counter insns        8", "unit_counter 'insns' 8 reaches into the next"},
        // The text itself.
        {"isa 1.0\n", "", "version, header, uop or instructions are missing"},
        {"isa 1.0", "isa 1", "'1' is not MAJOR.MINOR"},
        {"uop \"Indices", "uup \"Indices", "unknown statement 'uup'"},
        {"insn finish 0x0f none \"", "insn finish 0x0f none # \"", "'insn' needs a quoted meaning"},
        {"\"which instruction\"", "\"which instruction", "a quoted meaning is not closed"},
        {"\"which instruction\"", "\"which instruction\" more", "'more' follows the meaning"},
        {"\"which instruction\"", "\"which | instruction\"", "a meaning may not contain '|'"},
        {"field opcode", "field Opcode", "'Opcode' is not a lower_snake name"},
        {"value load  0", "field x 0:0 u - \"x\"\nvalue load  0", "field outside of an instruction"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ASSERT_EQ(1, check_with(cases[i].old, cases[i].replacement));
        ASSERT_STR_CONTAINS(cases[i].message, output);
    }
    PASS();
}

TEST errors_name_file_and_line(void) {
    static const char two_lines[] = "isa 1.0\nfoo\n";
    ASSERT_EQ(1, run_on("check", two_lines, sizeof two_lines - 1, ""));
    ASSERT_STR_CONTAINS(":2: unknown statement 'foo'", output);
    PASS();
}

TEST mutilated_descriptions_never_crash(void) {
    uint64_t state = 88172645463325252u;
    size_t size = strlen(source);
    for (int round = 0; round < 60; round++) {
        memcpy(text, source, size);
        for (int i = 0; i < 1 + round % 8; i++) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            text[state % size] = (char)(state >> 40);
        }
        int code = run_on("check", text, round % 2 == 0 ? size : state % size, "");
        ASSERT(code == 0 || code == 1);
    }
    PASS();
}

TEST a_refused_description_leaves_no_output(void) {
    ASSERT_EQ(1, run_on("c", "isa 1.0\n", 8, "/tmp/isagen-test-output.h"));
    ASSERT_EQ(-1, access("/tmp/isagen-test-output.h", F_OK));
    ASSERT_EQ(1, run_on("config", "batch = 3\n", 10, "/tmp/isagen-test-output.sv"));
    ASSERT_EQ(-1, access("/tmp/isagen-test-output.sv", F_OK));
    PASS();
}

TEST documents_need_every_table_and_no_unknown_one(void) {
    static const struct {
        const char *document, *message;
    } cases[] = {
        {"no markers\n", "no marker asks for 'version'"},
        {"<!-- isagen:moon -->\n<!-- isagen:end -->\n", "there is no table 'moon'"},
        {"<!-- isagen:header -->\n", "table 'header' does not end with"},
        {"<!-- isagen:header -->\n<!-- isagen:uop -->\n<!-- isagen:end -->\n", "table 'header' does not end with"},
        {"<!-- isagen:header", "a marker is not closed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[] = "/tmp/isagen-test-XXXXXX";
        int descriptor = mkstemp(path);
        size_t size = strlen(cases[i].document);
        ASSERT(descriptor >= 0 && write(descriptor, cases[i].document, size) == (ssize_t)size && close(descriptor) == 0);
        ASSERT_EQ(1, run_on("md", source, strlen(source), path));
        ASSERT_STR_CONTAINS(cases[i].message, output);
        FILE *file = fopen(path, "rb"); // and stays as it was
        char after[256];
        size_t got = fread(after, 1, sizeof after, file);
        fclose(file);
        unlink(path);
        ASSERT_EQ(size, got);
        ASSERT_MEM_EQ(cases[i].document, after, size);
    }
    PASS();
}

TEST wrong_usage_is_explained(void) {
    ASSERT_EQ(2, run_on("paint", "", 0, ""));
    ASSERT_STR_CONTAINS("usage: isagen", output);
    PASS();
}

SUITE(generator) {
    RUN_TEST(the_description_is_accepted);
    RUN_TEST(broken_descriptions_are_refused_by_name);
    RUN_TEST(errors_name_file_and_line);
    RUN_TEST(mutilated_descriptions_never_crash);
    RUN_TEST(a_refused_description_leaves_no_output);
    RUN_TEST(documents_need_every_table_and_no_unknown_one);
    RUN_TEST(wrong_usage_is_explained);
}

GREATEST_MAIN_DEFS();

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    read_source();
    RUN_SUITE(generator);
    GREATEST_MAIN_END();
}
