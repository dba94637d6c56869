#if canImport(Glibc)
  import Glibc
#endif

/// What `ulimit -v` leaves of the address space. It counts what is mapped, whether it is used or not: libraries, a stack for
/// each thread, the buffers that OpenBLAS computes in.
package enum AddressSpace {
  /// In bytes; nil where there is no limit.
  package static let limit: Int? = {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != UInt.max else {
      return nil
    }
    return Int(clamping: limit.rlim_cur)
  }()

  /// Bytes that are mapped now; 0 where the system does not tell.
  package static var mapped: Int {
    let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return 0 }
    defer { close(file) }
    // The first number is that of mapped pages.
    let pages = withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { text in
      let count = read(file, text.baseAddress, text.count)
      return text.prefix(max(0, count)).prefix { $0 >= 0x30 && $0 <= 0x39 }.reduce(0) { $0 &* 10 &+ Int($1 - 0x30) }
    }
    return pages.multipliedReportingOverflow(by: Int(sysconf(Int32(_SC_PAGESIZE)))).partialValue
  }

  /// Bytes that can still be mapped, at most; nil where there is no limit.
  package static var free: Int? { limit.map { max(0, $0 - mapped) } }

  /// The same without what OpenBLAS still is to map.
  package static var room: Int? { free.map { $0 - BLASBuffers.stillToMap } }

  /// As many threads of those wished for as half of what is free gives room: a thread takes a stack of 8 MiB, memory of its
  /// own in an allocator, and what it computes in. Where a thread cannot be made, Dispatch tries again for ever.
  package static func threads(atMost wished: Int) -> Int { threads(atMost: wished, room: room) }

  static func threads(atMost wished: Int, room: Int?) -> Int {
    guard let room else { return wished }
    return min(wished, 1 + max(0, room) / 2 / bytesPerThread)
  }

  static let bytesPerThread = 32 << 20
}
