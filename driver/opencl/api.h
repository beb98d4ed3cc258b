// SPDX-License-Identifier: Apache-2.0
// OpenCL 1.2, found when a device is opened and not when the program starts, and the three of XRT's functions below OpenCL
// that reach a kernel's registers. Types are those of the OpenCL headers.
#ifndef OPENCL_API_H
#define OPENCL_API_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdbool.h>
#include <stdint.h>

#include "tsr/status.h"

// Extensions of XRT, from its CL/cl_ext_xilinx.h (2.13).
#define XRT_MEM_EXT_PTR (UINT32_C(1) << 31)  // cl_mem_flags: host_ptr is an xrt_mem_ext
#define XRT_MEM_TOPOLOGY (UINT32_C(1) << 31) // xrt_mem_ext.flags: the rest is an index of the xclbin's memories
#define XRT_DEVICE_PCIE_BDF 0x1120
#define XRT_DEVICE_HANDLE 0x1121
typedef struct xrt_mem_ext {
    unsigned flags;
    void *host, *unused;
} xrt_mem_ext;

#define OPENCL_FUNCTIONS(X)                                                                                                      \
    X(clGetPlatformIDs)                                                                                                          \
    X(clGetPlatformInfo)                                                                                                         \
    X(clGetDeviceIDs)                                                                                                            \
    X(clGetDeviceInfo)                                                                                                           \
    X(clCreateContext)                                                                                                           \
    X(clReleaseContext)                                                                                                          \
    X(clCreateCommandQueue)                                                                                                      \
    X(clReleaseCommandQueue)                                                                                                     \
    X(clCreateProgramWithBinary)                                                                                                 \
    X(clReleaseProgram)                                                                                                          \
    X(clCreateKernel)                                                                                                            \
    X(clReleaseKernel)                                                                                                           \
    X(clSetKernelArg)                                                                                                            \
    X(clCreateBuffer)                                                                                                            \
    X(clReleaseMemObject)                                                                                                        \
    X(clEnqueueWriteBuffer)                                                                                                      \
    X(clEnqueueReadBuffer)                                                                                                       \
    X(clEnqueueTask)                                                                                                             \
    X(clGetEventInfo)                                                                                                            \
    X(clReleaseEvent)

typedef struct opencl_api {
#define OPENCL_MEMBER(name) __typeof__(&(name)) name;
    OPENCL_FUNCTIONS(OPENCL_MEMBER)
#undef OPENCL_MEMBER
} opencl_api;

// Loads libOpenCL.so.1, which stays loaded. TSR_NOT_FOUND names the package.
tsr_status opencl_api_load(opencl_api *out_api);

// Of the shim that XRT has loaded: experimental/xrt-next.h and xrt.h (2.13). They want the device handle that OpenCL gives out.
typedef struct opencl_registers {
    int (*read)(void *device, uint32_t ip, uint32_t offset, uint32_t *out_value);
    int (*write)(void *device, uint32_t ip, uint32_t offset, uint32_t value);
    int (*find)(void *device, const char *ip_name); // a negative number: none of this name
} opencl_registers;
// Once a device is open. false: they are not there.
bool opencl_registers_find(opencl_registers *out_registers);

#endif
