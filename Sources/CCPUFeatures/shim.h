// The GNU C library's view of the processor: "active" means that the processor has a feature and the system saves its
// registers, so that it can be used.
#pragma once
#include <sys/platform/x86.h>
