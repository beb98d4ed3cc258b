// SPDX-License-Identifier: Apache-2.0
// XRT's native C API, found when a device is opened and not when the program starts: so one program serves machines with and
// without XRT. The types are those of XRT's own headers, so a call that does not fit them does not compile.
#ifndef XRT_API_H
#define XRT_API_H

#include <xrt.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include "tsr/status.h"

#define XRT_FUNCTIONS(X)                                                                                                         \
    X(xrtDeviceOpen)                                                                                                             \
    X(xrtDeviceOpenByBDF)                                                                                                        \
    X(xrtDeviceClose)                                                                                                            \
    X(xrtDeviceLoadXclbin)                                                                                                       \
    X(xrtDeviceGetXclbinUUID)                                                                                                    \
    X(xrtPLKernelOpenExclusive)                                                                                                  \
    X(xrtKernelClose)                                                                                                            \
    X(xrtKernelArgGroupId)                                                                                                       \
    X(xrtKernelReadRegister)                                                                                                     \
    X(xrtKernelWriteRegister)                                                                                                    \
    X(xrtBOAlloc)                                                                                                                \
    X(xrtBOSubAlloc)                                                                                                             \
    X(xrtBOFree)                                                                                                                 \
    X(xrtBOAddress)                                                                                                              \
    X(xrtBOMap)                                                                                                                  \
    X(xrtBOSync)

typedef struct xrt_api {
#define XRT_MEMBER(name) __typeof__(&(name)) name;
    XRT_FUNCTIONS(XRT_MEMBER)
#undef XRT_MEMBER
} xrt_api;

// Loads libxrt_coreutil.so.2, which stays loaded for the program's life: it has threads and destructors of its own.
// TSR_NOT_FOUND names the package.
tsr_status xrt_api_load(xrt_api *out_api);

#endif
