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

  init(_ count: Int) {
    let byteCount = max(64, count * MemoryLayout<Float>.stride)
    if byteCount >= 1 << 22, let mapping = Self.map(byteCount) {
      base = mapping.bindMemory(to: Float.self, capacity: count)
      mappedBytes = byteCount
    } else {
      let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
      base = memory.initializeMemory(as: Float.self, repeating: 0, count: byteCount / MemoryLayout<Float>.stride)
      mappedBytes = nil
    }
  }

  deinit {
    if let mappedBytes { munmap(base, mappedBytes) } else { base.deallocate() }
  }

  private static func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return memory == MAP_FAILED ? nil : memory
  }
}
