import Tensor

#if canImport(Glibc)
  import Glibc
#endif

/// All constants of a program, aligned for vector loads.
final class ConstantStorage: @unchecked Sendable {
  // Written once by the builder, then only read.
  let base: UnsafeMutablePointer<Float>
  private let parts: [Part]

  private init(base: UnsafeMutablePointer<Float>, parts: [Part]) {
    self.base = base
    self.parts = parts
  }

  deinit { base.deallocate() }

  /// Where a constant lies and what it is.
  private struct Part: @unchecked Sendable {
    enum Content {
      case tensor(Tensor)
      /// A tensor that has been written, and need not be kept.
      case written
      /// The weights at an offset in the form of an operator.
      case prepared(weights: Int, form: AnyHashable)
    }

    let offset: Int
    let count: Int
    let content: Content

    var asWritten: Part {
      if case .tensor = content { Part(offset: offset, count: count, content: .written) } else { self }
    }
  }

  struct Builder {
    private var parts: [(part: Part, write: (UnsafeMutablePointer<Float>) -> Void)] = []
    private var count = 0

    mutating func add(_ tensor: Tensor) -> Int {
      add(tensor.shape.count, .tensor(tensor)) { $0.update(from: tensor.scalars, count: tensor.scalars.count) }
    }

    /// Room for `count` numbers that `write` makes of the weights at an offset; all that they depend on but the weights is in
    /// `form`.
    mutating func add(
      preparedCount count: Int, weights: Int, form: AnyHashable,
      _ write: @escaping (UnsafeMutablePointer<Float>) -> Void
    ) -> Int {
      add(count, .prepared(weights: weights, form: form), write)
    }

    private mutating func add(
      _ count: Int, _ content: Part.Content, _ write: @escaping (UnsafeMutablePointer<Float>) -> Void
    ) -> Int {
      let offset = self.count
      parts.append((Part(offset: offset, count: count, content: content), write))
      self.count += MemoryPlan.aligned(count)
      return offset
    }

    /// - Parameter other: returned itself where it holds the same, so that the programs of one network for several batch
    ///   sizes have their weights once.
    func finish(sharing other: ConstantStorage?) -> ConstantStorage {
      if let other, other.holds(parts.map(\.part)) { return other }
      let base = UnsafeMutablePointer<Float>.allocateAligned(count)
      for (part, write) in parts { write(base + part.offset) }
      return ConstantStorage(base: base, parts: parts.map(\.part.asWritten))
    }
  }

  private func holds(_ others: [Part]) -> Bool {
    guard parts.count == others.count else { return false }
    return zip(parts, others).allSatisfy { own, other in
      guard own.offset == other.offset, own.count == other.count else { return false }
      switch (own.content, other.content) {
      case (.prepared(let weights, let form), .prepared(let otherWeights, let otherForm)):
        return weights == otherWeights && form == otherForm
      case (.written, .tensor(let tensor)):
        // By bits: a NaN equals itself, and zeros have signs.
        return tensor.scalars.withUnsafeBytes { bytes in
          bytes.baseAddress.map { memcmp(base + own.offset, $0, bytes.count) == 0 } ?? true
        }
      default: return false
      }
    }
  }
}

extension UnsafeMutablePointer<Float> {
  /// Zeroed memory on a cache-line boundary, released with `deallocate()`.
  static func allocateAligned(_ count: Int) -> UnsafeMutablePointer<Float> {
    let bytes = Swift.max(64, count * MemoryLayout<Float>.stride)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    let typed = memory.bindMemory(to: Float.self, capacity: Swift.max(16, count))
    typed.initialize(repeating: 0, count: bytes / MemoryLayout<Float>.stride)
    return typed
  }
}
