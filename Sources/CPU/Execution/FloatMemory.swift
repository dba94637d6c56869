import Graph

#if canImport(Glibc)
  import Glibc
#endif

/// Zeroed memory for a program's values, on a cache-line boundary. What is large is mapped by itself: then it is zero without
/// being written, and pages that nothing is ever stored in cost nothing.
final class FloatMemory: @unchecked Sendable {
  // Its users see to it that no part is written by two threads.
  let base: UnsafeMutablePointer<Float>
  /// Where it is mapped.
  private let mappedBytes: Int?

  /// - Parameter what: it is for, for messages.
  /// - Throws: `GraphError.allocation` where the system does not give so much.
  init(_ count: Int, for what: @autoclosure () -> String) throws(GraphError) {
    precondition(count >= 0, "memory for \(count) numbers")
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard !overflow else { throw .allocation(what: what(), bytes: .max) }
    let byteCount = max(64, bytes)
    if byteCount >= 1 << 22 {
      guard let mapping = Self.map(byteCount) else { throw .allocation(what: what(), bytes: byteCount) }
      base = mapping.bindMemory(to: Float.self, capacity: count)
      mappedBytes = byteCount
    } else {
      var memory: UnsafeMutableRawPointer?
      guard posix_memalign(&memory, 64, byteCount) == 0, let memory else {
        throw .allocation(what: what(), bytes: byteCount)
      }
      base = memory.initializeMemory(as: Float.self, repeating: 0, count: byteCount / MemoryLayout<Float>.stride)
      mappedBytes = nil
    }
  }

  deinit {
    if let mappedBytes { munmap(base, mappedBytes) } else { free(base) }
  }

  private static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return memory == MAP_FAILED ? nil : memory
  }
}
