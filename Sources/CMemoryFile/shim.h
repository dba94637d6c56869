// Swift's Glibc module leaves out what Linux alone has.
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

// memfd_create(2): memory with a descriptor and no name in any file system, so that none is left behind when the process is
// killed. Declared by <sys/mman.h> under _GNU_SOURCE only; MFD_CLOEXEC is 1, MFD_ALLOW_SEALING is 2.
static inline int memory_file_create(const char *name) { return (int)syscall(SYS_memfd_create, name, 1U | 2U); }

// F_ADD_SEALS (1033) with F_SEAL_SEAL (1), F_SEAL_SHRINK (2) and F_SEAL_GROW (4): fcntl(2) is variadic. A file that cannot
// shrink cannot end the process with SIGBUS when the other side truncates it.
static inline int memory_file_seal(int descriptor) { return fcntl(descriptor, 1033, 1 | 2 | 4); }

// F_SETPIPE_SZ (1031): fewer turns for large tensors.
static inline int pipe_set_capacity(int descriptor, int bytes) { return fcntl(descriptor, 1031, bytes); }
