// SPDX-License-Identifier: Apache-2.0
// A board behind XRT's OpenCL, for systems that have no other interface. OpenCL 1.2 loads the xclbin, holds the buffers and runs
// the core as a kernel. It shows neither why a run ended nor counters, and cannot end a run: for these the core's registers are
// used, through XRT's functions below OpenCL and the handle that OpenCL gives out for that.
//
// Options: those of xrt; registers=0 does without registers: faults, counters, the core's identity and an end to runs that take
// too long are then not to be had.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "board.h"
#include "tsr/driver_host.h"
#include "tsr/driver_isa.h"

enum {
    MAX_PLATFORMS = 16,
    MAX_DEVICES = 64,
    PAGE = 4096,
    ABORT_MS = 2000,     // from the core's end to OpenCL's notice of it
};

typedef struct opencl_device {
    tsr_device base;
    opencl_api api;
    board_lock lock;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    cl_kernel kernel;
    cl_event event; // of the run
    opencl_registers registers;
    void *handle; // XRT's of the device
    uint32_t ip;
    uint32_t memory_index, patience_s;
    tsr_control control;
    bool with_registers, lost;
} opencl_device;

typedef struct opencl_buffer {
    tsr_buffer base;
    cl_mem memory;
} opencl_buffer;

static bool read_register(void *context, uint32_t offset, uint32_t *out_value) {
    const opencl_device *d = context;
    return d->registers.read(d->handle, d->ip, offset, out_value) == 0;
}

static bool write_register(void *context, uint32_t offset, uint32_t value) {
    const opencl_device *d = context;
    return d->registers.write(d->handle, d->ip, offset, value) == 0;
}

// ---- opening --------------------------------------------------------------------------------------------------------

static tsr_status find_platform(const opencl_api *api, cl_platform_id *out_platform) {
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint count = 0;
    char name[64];
    TSR_TRY(board_check_xrt()); // else XRT's OpenCL would end the program that asks for platforms
    if (api->clGetPlatformIDs(MAX_PLATFORMS, platforms, &count) != CL_SUCCESS)
        count = 0;
    for (cl_uint i = 0; i < count && i < MAX_PLATFORMS; i++) {
        if (api->clGetPlatformInfo(platforms[i], CL_PLATFORM_NAME, sizeof name, name, NULL) != CL_SUCCESS ||
            strcmp(name, "Xilinx") != 0)
            continue;
        *out_platform = platforms[i];
        return tsr_ok();
    }
    return tsr_error(TSR_NOT_FOUND, "OpenCL has %u platforms and none is Xilinx; is XRT's ICD file in /etc/OpenCL/vendors?",
                     count);
}

static tsr_status load(opencl_device *d, const board_image *image) {
    const opencl_api *api = &d->api;
    cl_int error = CL_SUCCESS, loaded = CL_SUCCESS;
    d->context = api->clCreateContext(NULL, 1, &d->id, NULL, NULL, &error);
    if (error == CL_SUCCESS)
        d->queue = api->clCreateCommandQueue(d->context, d->id, 0, &error);
    if (error != CL_SUCCESS)
        return tsr_error(TSR_IO, "the board gives no OpenCL queue (error %d)", error);
    const unsigned char *bytes = image->bytes;
    const size_t size = image->size;
    d->program = api->clCreateProgramWithBinary(d->context, 1, &d->id, &size, &bytes, &loaded, &error);
    if (error != CL_SUCCESS || loaded != CL_SUCCESS)
        return tsr_error(TSR_IO, "%s cannot be loaded onto the board (OpenCL error %d, %d)", image->path, error, loaded);
    d->kernel = api->clCreateKernel(d->program, TSR_XCLBIN_KERNEL, &error);
    if (error != CL_SUCCESS)
        return tsr_error(TSR_UNSUPPORTED, "%s: OpenCL finds no kernel " TSR_XCLBIN_KERNEL " in it (error %d)", image->path,
                         error);
    return tsr_ok();
}

static tsr_status reach_registers(opencl_device *d, const board_image *image) {
    const bool found = opencl_registers_find(&d->registers) &&
                       d->api.clGetDeviceInfo(d->id, XRT_DEVICE_HANDLE, sizeof d->handle, &d->handle, NULL) == CL_SUCCESS &&
                       d->handle != NULL;
    const int ip = found ? d->registers.find(d->handle, image->kernel) : -1;
    if (ip < 0)
        return tsr_error(TSR_UNSUPPORTED,
                         "this XRT gives no way to the core's registers; without them (registers=0) there are no "
                         "faults, no counters and no end to a run that takes too long");
    d->ip = (uint32_t)ip;
    const tsr_control_identity identity = tsr_control_identify(&d->control);
    if (d->control.failed)
        return tsr_error(TSR_IO,
                         "the registers of kernel %s do not answer; with a board, set exclusive_cu_context=true in "
                         "section [Runtime] of xrt.ini",
                         image->kernel);
    d->base.info.isa_version = identity.isa_version;
    return board_check_identity(&identity, image);
}

static void close_board(opencl_device *d) {
    const opencl_api *api = &d->api;
    if (d->event != NULL)
        (void)api->clReleaseEvent(d->event);
    if (d->kernel != NULL)
        (void)api->clReleaseKernel(d->kernel);
    if (d->program != NULL)
        (void)api->clReleaseProgram(d->program);
    if (d->queue != NULL)
        (void)api->clReleaseCommandQueue(d->queue);
    if (d->context != NULL)
        (void)api->clReleaseContext(d->context);
    d->event = NULL;
    d->kernel = NULL;
    d->program = NULL;
    d->queue = NULL;
    d->context = NULL;
    board_lock_release(&d->lock);
}

static tsr_status open_board(opencl_device *d, const board_options *options, const board_image *image) {
    cl_platform_id platform = NULL;
    cl_device_id ids[MAX_DEVICES];
    cl_uint count = 0;
    TSR_TRY(find_platform(&d->api, &platform));
    if (d->api.clGetDeviceIDs(platform, CL_DEVICE_TYPE_ACCELERATOR, MAX_DEVICES, ids, &count) != CL_SUCCESS)
        count = 0;
    if (count > MAX_DEVICES)
        count = MAX_DEVICES;
    tsr_status status = tsr_error(TSR_NOT_FOUND, "XRT's OpenCL finds no board%s%s among %u",
                                  options->device[0] != '\0' ? " " : "", options->device, count);
    for (cl_uint i = 0; i < count; i++) {
        char index[16], bdf[64] = "";
        snprintf(index, sizeof index, "%u", i);
        (void)d->api.clGetDeviceInfo(ids[i], XRT_DEVICE_PCIE_BDF, sizeof bdf, bdf, NULL);
        bdf[sizeof bdf - 1] = '\0';
        if (options->device[0] != '\0' && strcmp(options->device, index) != 0 && strcmp(options->device, bdf) != 0)
            continue;
        if (!board_lock_take(index, &d->lock)) {
            status = tsr_error(TSR_IO, "board %s is in use by another device of this or another program", index);
            continue;
        }
        d->id = ids[i];
        status = load(d, image);
        if (status.code == TSR_OK && d->with_registers)
            status = reach_registers(d, image);
        if (status.code != TSR_OK)
            close_board(d);
        return status;
    }
    return status;
}

static tsr_status opencl_open(const char *text, tsr_device **out_device) {
    board_options options;
    board_image image;
    TSR_TRY(board_parse_options(text, true, &options));
    TSR_TRY(board_image_load(&options, &image));
    opencl_device *d = calloc(1, sizeof *d);
    tsr_status status = d != NULL ? opencl_api_load(&d->api) : tsr_error(TSR_OUT_OF_MEMORY, "no memory for a device");
    if (status.code == TSR_OK) {
        d->lock.fd = -1;
        d->patience_s = options.patience_s;
        d->memory_index = image.memory_index;
        d->with_registers = options.registers != 0;
        d->control = (tsr_control){.context = d, .read = read_register, .write = write_register};
        d->base.info = (tsr_device_info){
            .driver = "opencl",
            .config = image.config,
            .isa_version = tsr_driver_isa_version(),
            .cycle_accurate = d->with_registers,
            .max_buffer_bytes = image.max_buffer_bytes,
        };
        status = open_board(d, &options, &image);
    }
    board_image_free(&image);
    if (status.code != TSR_OK) {
        free(d);
        return status;
    }
    *out_device = &d->base;
    return status;
}

static void opencl_close(tsr_device *base) {
    opencl_device *d = (opencl_device *)base;
    close_board(d);
    free(d);
}

// ---- buffers --------------------------------------------------------------------------------------------------------

static tsr_status opencl_sync_to_device(tsr_device *base, tsr_buffer *buffer, uint64_t offset, uint64_t size) {
    opencl_device *d = (opencl_device *)base;
    const cl_int error = d->api.clEnqueueWriteBuffer(d->queue, ((opencl_buffer *)buffer)->memory, CL_TRUE, offset, size,
                                                     (const uint8_t *)buffer->host + offset, 0, NULL, NULL);
    return error == CL_SUCCESS
               ? tsr_ok()
               : tsr_error(TSR_IO, "%llu bytes cannot be copied to the board (OpenCL error %d)", (unsigned long long)size, error);
}

static tsr_status opencl_sync_from_device(tsr_device *base, tsr_buffer *buffer, uint64_t offset, uint64_t size) {
    opencl_device *d = (opencl_device *)base;
    const cl_int error = d->api.clEnqueueReadBuffer(d->queue, ((opencl_buffer *)buffer)->memory, CL_TRUE, offset, size,
                                                    (uint8_t *)buffer->host + offset, 0, NULL, NULL);
    return error == CL_SUCCESS ? tsr_ok()
                               : tsr_error(TSR_IO, "%llu bytes cannot be copied from the board (OpenCL error %d)",
                                           (unsigned long long)size, error);
}

static void opencl_buffer_free(tsr_device *base, tsr_buffer *buffer) {
    (void)((opencl_device *)base)->api.clReleaseMemObject(((opencl_buffer *)buffer)->memory);
    tsr_host_buffer_free(base, buffer);
}

static tsr_status opencl_buffer_alloc(tsr_device *base, uint64_t size, tsr_buffer **out_buffer) {
    opencl_device *d = (opencl_device *)base;
    tsr_buffer *host;
    TSR_TRY(tsr_host_buffer_alloc(sizeof(opencl_buffer), size, &host));
    opencl_buffer *buffer = (opencl_buffer *)host;
    xrt_mem_ext place = {.flags = XRT_MEM_TOPOLOGY | d->memory_index};
    cl_int error = CL_SUCCESS;
    buffer->memory =
        d->api.clCreateBuffer(d->context, CL_MEM_READ_WRITE | XRT_MEM_EXT_PTR, (size + PAGE - 1) / PAGE * PAGE, &place, &error);
    tsr_status status = tsr_ok();
    if (error != CL_SUCCESS || buffer->memory == NULL) {
        tsr_host_buffer_free(base, host);
        return tsr_error(TSR_OUT_OF_MEMORY, "the board has no memory for a buffer of %llu bytes (OpenCL error %d)",
                         (unsigned long long)size, error);
    }
    host->size = size;
    status = opencl_sync_to_device(base, host, 0, size);
    if (status.code != TSR_OK) {
        opencl_buffer_free(base, host);
        // XRT finds its memory full when a buffer is first used.
        status.code = TSR_OUT_OF_MEMORY;
        return status;
    }
    *out_buffer = host;
    return status;
}

// ---- runs -----------------------------------------------------------------------------------------------------------

static tsr_status lost(opencl_device *d) {
    d->lost = true;
    return tsr_error(TSR_IO, "the core's registers do not answer; is the board still there? Close the device and open it again");
}

static cl_int set_arguments(const opencl_device *d, const tsr_run *run) {
    const cl_uint offset = run->insn_offset, count = run->insn_count;
    cl_int error = d->api.clSetKernelArg(d->kernel, TSR_XCLBIN_INSN_OFFSET, sizeof offset, &offset);
    if (error == CL_SUCCESS)
        error = d->api.clSetKernelArg(d->kernel, TSR_XCLBIN_INSN_COUNT, sizeof count, &count);
    for (uint32_t s = 0; s < TSR_SEGMENTS && error == CL_SUCCESS; s++) {
        // A kernel's buffers all have to be there; a segment of size 0 cannot be reached.
        const opencl_buffer *buffer = (const opencl_buffer *)(run->segment[s] != NULL ? run->segment[s] : run->segment[0]);
        const cl_uint size = run->segment[s] != NULL ? (cl_uint)buffer->base.size : 0;
        error = d->api.clSetKernelArg(d->kernel, tsr_xclbin_segment(s), sizeof(cl_mem), &buffer->memory);
        if (error == CL_SUCCESS)
            error = d->api.clSetKernelArg(d->kernel, tsr_xclbin_segment_size(s), sizeof size, &size);
    }
    return error;
}

static tsr_status opencl_submit(tsr_device *base, const tsr_run *run) {
    opencl_device *d = (opencl_device *)base;
    if (d->lost)
        return lost(d);
    if (d->with_registers && !tsr_control_identify(&d->control).is_core)
        return lost(d);
    cl_int error = set_arguments(d, run);
    if (error == CL_SUCCESS)
        error = d->api.clEnqueueTask(d->queue, d->kernel, 0, NULL, &d->event);
    // No clFlush: XRT starts what is enqueued at once, and its clFlush waits for the end.
    return error == CL_SUCCESS ? tsr_ok() : tsr_error(TSR_IO, "the run cannot be started (OpenCL error %d)", error);
}

// CL_COMPLETE, a larger number while it goes on, a negative one for an error.
static cl_int run_state(const opencl_device *d) {
    cl_int state = CL_COMPLETE;
    const cl_int error = d->api.clGetEventInfo(d->event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL);
    return error != CL_SUCCESS ? error : state;
}

static cl_int wait_for_state(const opencl_device *d, const tsr_deadline *deadline) {
    cl_int state;
    long pause = BOARD_SHORTEST_PAUSE_US;
    while ((state = run_state(d)) > CL_COMPLETE && !tsr_deadline_passed(deadline))
        board_pause(&pause);
    return state;
}

static void forget_run(opencl_device *d) {
    (void)d->api.clReleaseEvent(d->event);
    d->event = NULL;
}

// OpenCL cannot end a run. The core's soft reset does, but leaves no done for XRT to find; a run without instructions, started by
// hand, does. XRT's emulation is content with an idle core, and may have been before that run began: then its done is still
// there, and would end the next run at once.
static tsr_status give_up(opencl_device *d, const char *what, tsr_profile *out_profile) {
    static const tsr_control_segment none[TSR_SEGMENTS] = {{0, 0}};
    char units[TSR_CONTROL_STATE_BYTES] = "";
    bool ended = false;
    if (d->with_registers) {
        tsr_control_describe(&d->control, units);
        tsr_control_read_profile(&d->control, out_profile);
        ended = tsr_control_soft_reset(&d->control, BOARD_RESET_POLLS, board_pause_in_reset);
    }
    if (ended) {
        tsr_control_set_run(&d->control, none, 0, 0);
        tsr_control_start(&d->control, false);
        const tsr_deadline deadline = tsr_deadline_in(ABORT_MS);
        ended = wait_for_state(d, &deadline) <= CL_COMPLETE &&
                tsr_control_settle(&d->control, BOARD_RESET_POLLS, board_pause_in_reset);
    }
    d->lost = !ended;
    if (ended)
        forget_run(d);
    return tsr_error(TSR_TIMEOUT, "%s, after %llu instructions; %s%s", what, (unsigned long long)out_profile->insns, units,
                     d->lost ? "; the run cannot be ended: leave the program" : "");
}

static tsr_status opencl_wait(tsr_device *base, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault) {
    opencl_device *d = (opencl_device *)base;
    const tsr_deadline deadline = tsr_deadline_of(base, timeout_ms);
    board_watch watch = board_watch_begin();
    cl_int state;
    for (long pause = BOARD_SHORTEST_PAUSE_US; (state = run_state(d)) > CL_COMPLETE;) {
        char what[64];
        if (d->control.failed)
            return lost(d);
        if (tsr_deadline_passed(&deadline)) {
            snprintf(what, sizeof what, "no end after %u ms", timeout_ms);
            return give_up(d, what, out_profile);
        }
        if (d->with_registers && board_watch_has_hung(&watch, &d->control, d->patience_s)) {
            snprintf(what, sizeof what, "the core hangs: nothing moved for %u seconds", d->patience_s);
            return give_up(d, what, out_profile);
        }
        board_pause(&pause);
    }
    forget_run(d);
    if (state < 0)
        return tsr_error(TSR_IO, "the run failed (OpenCL error %d)", state);
    if (!d->with_registers)
        return tsr_ok();
    *out_fault = tsr_control_read_fault(&d->control);
    tsr_control_read_profile(&d->control, out_profile);
    if (d->control.failed || !tsr_control_identify(&d->control).is_core)
        return lost(d);
    return out_fault->code != 0 ? tsr_driver_fault(out_fault->code, out_fault->unit, out_fault->insn_index) : tsr_ok();
}

const tsr_driver tsr_driver_opencl = {
    .name = "opencl",
    .summary = "an FPGA board behind XRT's OpenCL, where there is no other way to it",
    .options = BOARD_OPTIONS_TEXT " registers=0|1",
    .ops =
        {
            .open = opencl_open,
            .close = opencl_close,
            .buffer_alloc = opencl_buffer_alloc,
            .buffer_free = opencl_buffer_free,
            .sync_to_device = opencl_sync_to_device,
            .sync_from_device = opencl_sync_from_device,
            .submit = opencl_submit,
            .wait = opencl_wait,
        },
};
