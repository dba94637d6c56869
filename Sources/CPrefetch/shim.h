#pragma once

/// Asks for the line of the cache that holds `address`; any address is allowed.
static inline __attribute__((always_inline)) void prefetch_line(const void *address) { __builtin_prefetch(address, 0, 3); }
