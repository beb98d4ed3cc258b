// SPDX-License-Identifier: Apache-2.0
// The drivers compiled in. A driver folder brings one `const tsr_driver tsr_driver_NAME`; the build defines
// TSR_HAVE_NAME for those that need something which may be missing.
#include "tsr/driver.h"

extern const tsr_driver tsr_driver_cpu;
extern const tsr_driver tsr_driver_fault_injector;
extern const tsr_driver tsr_driver_func;
extern const tsr_driver tsr_driver_null;
extern const tsr_driver tsr_driver_timing;
#ifdef TSR_HAVE_RTL
extern const tsr_driver tsr_driver_rtl;
#endif
#ifdef TSR_HAVE_REMOTE
extern const tsr_driver tsr_driver_remote;
#endif
#ifdef TSR_HAVE_OPENCL
extern const tsr_driver tsr_driver_opencl;
#endif
#ifdef TSR_HAVE_XRT
extern const tsr_driver tsr_driver_xrt;
#endif

const tsr_driver *const tsr_drivers[] = {
    &tsr_driver_func,
#ifdef TSR_HAVE_RTL
    &tsr_driver_rtl,
#endif
    &tsr_driver_timing,
#ifdef TSR_HAVE_XRT
    &tsr_driver_xrt,
#endif
#ifdef TSR_HAVE_OPENCL
    &tsr_driver_opencl,
#endif
    &tsr_driver_cpu,
    &tsr_driver_null,
    &tsr_driver_fault_injector,
#ifdef TSR_HAVE_REMOTE
    &tsr_driver_remote,
#endif
    NULL,
};

const tsr_driver_absence tsr_drivers_absent[] = {
#ifndef TSR_HAVE_RTL
    {"rtl", "its sources were not there"},
#endif
#ifndef TSR_HAVE_XRT
    {"xrt", "XRT's headers were not there; install the package libxrt-dev and build again"},
#endif
#ifndef TSR_HAVE_OPENCL
    {"opencl", "OpenCL's headers were not there; install the package opencl-c-headers and build again"},
#endif
#ifndef TSR_HAVE_REMOTE
    {"remote", "nettle's headers were not there; install the package nettle-dev and build again"},
#endif
    {NULL, NULL},
};
