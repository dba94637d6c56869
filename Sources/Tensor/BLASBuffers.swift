import COpenBLAS
import Foundation

/// The memory that OpenBLAS computes in, where the address space is limited.
///
/// Each call that runs at the same time as others takes a buffer of 128 MiB, which is mapped when it is first needed and kept.
/// Where that fails, OpenBLAS tries again for ever. So under `ulimit -v` a call begins only once there is a buffer for it:
/// one is mapped if there is room, and otherwise the call waits for another to end.
final class BLASBuffers: @unchecked Sendable {
  // Everything is read and written under `condition`'s lock.
  private let condition = NSCondition()
  private var mapped = 0
  private var inUse = 0

  /// Of one buffer, as measured with OpenBLAS 0.3.21 for x86-64.
  static let byteCount = 128 << 20

  /// Nil where the address space has no limit.
  private static let limited: BLASBuffers? = AddressSpace.limit == nil ? nil : BLASBuffers()

  /// Calls `body`, which makes one call of OpenBLAS, once there is a buffer for it.
  @inline(__always)
  static func withBuffer<Result>(_ body: () -> Result) -> Result {
    guard let limited else { return body() }
    limited.take()
    defer { limited.giveBack() }
    return body()
  }

  /// What will be mapped for the first call, unless it was made.
  static var stillToMap: Int { limited?.bytesToMap ?? 0 }

  private var bytesToMap: Int {
    condition.lock()
    defer { condition.unlock() }
    return mapped == 0 ? Self.byteCount : 0
  }

  private func take() {
    condition.lock()
    defer { condition.unlock() }
    while inUse == mapped, !map() { condition.wait() }
    inUse += 1
  }

  private func giveBack() {
    condition.lock()
    defer { condition.unlock() }
    inUse -= 1
    condition.signal()
  }

  /// Maps one more buffer. Those after the first leave at least half of the address space to everything else.
  /// - Returns: whether there is one.
  private func map() -> Bool {
    let (free, spare) = (AddressSpace.free ?? 0, (AddressSpace.limit ?? 0) / 2)
    guard free >= Self.byteCount + (mapped == 0 ? 1 << 20 : spare) else {
      // As Swift says it of memory of its own, which there is no going on without either.
      guard mapped > 0 else {
        fatalError("failed to allocate the \(Self.byteCount >> 20) MiB that OpenBLAS computes in")
      }
      return false
    }
    // All others are in use, so this is a new one.
    blas_memory_free(blas_memory_alloc(0))
    mapped += 1
    return true
  }
}
