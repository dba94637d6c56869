import Digests
import Foundation
import Synchronization
import Tensor
import Text

/// Computes once what several measurements of a block of images need, and what every model of a task needs.
///
/// Numbers are found by a digest of everything that decides them: whose they are (a fingerprint of a mixture, of a
/// checkpoint and its description), the images, the noise level. Hence a result does not depend on what was found.
public final class SharedArrays: Sendable {
  /// For whom numbers are kept.
  public struct Reuse: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// For the other measurements of the same images, in memory.
    public static let now = Reuse(rawValue: 1)
    /// For the next model, in the archive.
    public static let later = Reuse(rawValue: 2)
  }

  private struct Recent {
    var arrays: [(key: ArrayKey, arrays: [KeptArray])] = []
    var byteCount = 0
    /// The tensors are held, so that an equal address means equal content.
    var digests: [(images: Tensor, digest: String)] = []
    var imageScalars = 0
  }

  private let archive: (any ArrayArchive)?
  private let capacity: Int
  private let recent = Mutex(Recent())

  /// - Parameters:
  ///   - archive: nil to keep nothing beyond the process.
  ///   - capacity: bytes of numbers that are held in memory, and of images at most as many: the latest, which are those of
  ///     the blocks in work. With too few, numbers are computed again.
  public init(archive: (any ArrayArchive)? = nil, capacity: Int = 128 << 20) {
    self.archive = archive
    self.capacity = capacity
  }

  /// The numbers as kept, or those of `compute`, which are then kept.
  ///
  /// - Parameters:
  ///   - kind: what they are, in a word.
  ///   - identity: all that decides them beside kind and images.
  ///   - isValid: whether what was found has the number and the shapes of what `compute` gives; other numbers are computed
  ///     again.
  public func arrays(
    _ kind: String, of identity: [String], at images: Tensor, reuse: Reuse, isValid: ([KeptArray]) -> Bool,
    compute: () throws -> [KeptArray]
  ) rethrows -> [KeptArray] {
    let archive = reuse.contains(.later) ? archive : nil
    guard reuse.contains(.now) || archive != nil else { return try compute() }
    let key = ArrayKey(kind: kind, digest: digest([kind] + identity + [digest(of: images)]))
    if reuse.contains(.now), let found = remembered(key) { return found }
    if let found = archive?.read(key), isValid(found) {
      if reuse.contains(.now) { remember(found, key) }
      return found
    }
    let computed = try compute()
    precondition(isValid(computed), "\(kind) of another shape than it is said to have")
    if reuse.contains(.now) { remember(computed, key) }
    archive?.write(computed, for: key)
    return computed
  }

  private func remembered(_ key: ArrayKey) -> [KeptArray]? {
    recent.withLock { recent in recent.arrays.last { $0.key == key }?.arrays }
  }

  private func remember(_ arrays: [KeptArray], _ key: ArrayKey) {
    recent.withLock { recent in
      recent.arrays.append((key, arrays))
      recent.byteCount += byteCount(arrays)
      while recent.byteCount > capacity, !recent.arrays.isEmpty {
        recent.byteCount -= byteCount(recent.arrays.removeFirst().arrays)
      }
    }
  }

  private func byteCount(_ arrays: [KeptArray]) -> Int { arrays.reduce(0) { $0 + $1.byteCount } }

  /// The texts one after the other, each with its length, so that none can pass for two.
  private func digest(_ texts: [String]) -> String {
    var hash = SHA256()
    for text in texts { hash.update(data: Data("\(text.utf8.count) \(text)\n".utf8)) }
    return hash.finalize().hexadecimal
  }

  private func digest(of images: Tensor) -> String {
    func address(_ images: Tensor) -> UnsafeRawPointer? { images.scalars.withUnsafeBytes { $0.baseAddress } }
    let known = recent.withLock { recent in
      recent.digests.first { $0.images.shape == images.shape && address($0.images) == address(images) }?.digest
    }
    if let known { return known }
    let digest = images.digest
    recent.withLock { recent in
      recent.digests.append((images, digest))
      recent.imageScalars += images.scalars.count
      while recent.imageScalars > capacity / MemoryLayout<Float>.stride, !recent.digests.isEmpty {
        recent.imageScalars -= recent.digests.removeFirst().images.scalars.count
      }
    }
    return digest
  }
}

extension Tensor {
  /// SHA-256, in lower-case hexadecimal, of the shape as text and the scalars as they lie in memory.
  public var digest: String {
    var hash = SHA256()
    hash.update(data: Data("\(shape)\n".utf8))
    scalars.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimal
  }
}
