import CMemoryFile
import Foundation
import Tensor

/// Memory that this process and a plugin both see: tensors pass through it without being copied through pipes.
///
/// ```
/// offset        content
///      0        the token, 32 characters
///   4096        the request's tensor
///   4096 + A    the answer's tensor, A being the first area's size
/// ```
/// It is a memory file, which has no name: nothing is left behind however the process ends. The plugin opens it through
/// `/proc/<process>/fd/<descriptor>`; where it cannot, because it runs in a container or on another machine, it says so. The
/// file's size is sealed, so that a plugin that truncates it cannot take this process down.
final class SharedMemory {
  static let requestOffset = 4096

  let bytes: Int
  let answerOffset: Int
  let token: String
  private let descriptor: Int32
  private let base: UnsafeMutableRawPointer

  /// - Parameter tensorBytes: what the largest tensor takes.
  /// - Returns: nil where the system does not give as much.
  init?(tensorBytes: Int) {
    let area = (tensorBytes + 4095) / 4096 * 4096
    answerOffset = Self.requestOffset + area
    bytes = answerOffset + area
    descriptor = memory_file_create("pags-bench")
    guard descriptor >= 0 else { return nil }
    // Reserved now: memory that turns out to be missing at a write would end the process.
    guard posix_fallocate(descriptor, 0, bytes) == 0, memory_file_seal(descriptor) == 0,
      let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED
    else {
      close(descriptor)
      return nil
    }
    base = address
    token = (0..<4).map { _ in String(UInt32.random(in: 1 << 28...UInt32.max), radix: 16) }.joined()
    token.utf8.enumerated().forEach { base.storeBytes(of: $1, toByteOffset: $0, as: UInt8.self) }
  }

  deinit {
    munmap(base, bytes)
    close(descriptor)
  }

  var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

  func write(_ scalars: UnsafeBufferPointer<Float>) {
    guard let source = scalars.baseAddress else { return }
    precondition(scalars.count * 4 <= answerOffset - Self.requestOffset)
    (base + Self.requestOffset).copyMemory(from: source, byteCount: scalars.count * 4)
  }

  func read(into scalars: UnsafeMutableBufferPointer<Float>) {
    guard let target = scalars.baseAddress else { return }
    precondition(scalars.count * 4 <= bytes - answerOffset)
    UnsafeMutableRawPointer(target).copyMemory(from: base + answerOffset, byteCount: scalars.count * 4)
  }
}
