import Graph
import Tensor

#if canImport(Glibc)
  import Glibc
#endif

/// All that the prepared form of weights depends on beside their values.
struct PreparedForm: Sendable, Equatable {
  let operation: any Operator
  let item: Shape
  let weights: Shape

  static func == (left: PreparedForm, right: PreparedForm) -> Bool {
    AnyHashable(left.operation) == AnyHashable(right.operation) && left.item == right.item
      && left.weights == right.weights
  }
}

/// All constants of a program, aligned for vector loads.
final class ConstantStorage: Sendable {
  // Written once by the builder, then only read.
  private let memory: FloatMemory
  private let parts: [Part]

  private init(_ memory: FloatMemory, parts: [Part]) {
    self.memory = memory
    self.parts = parts
  }

  var base: UnsafeMutablePointer<Float> { memory.base }

  /// Where a constant lies and what it is.
  private struct Part: @unchecked Sendable {
    enum Content {
      case tensor(Tensor)
      /// One that no kernel reads, for each has it in a form of its own: its room is never written, and takes no memory.
      case unread(Tensor)
      /// A tensor that has been written, and need not be kept.
      case written
      /// The weights at an offset in the form of an operator.
      case prepared(weights: Int, form: PreparedForm)
    }

    let offset: Int
    let count: Int
    let content: Content

    var asWritten: Part {
      if case .tensor = content { Part(offset: offset, count: count, content: .written) } else { self }
    }
  }

  struct Builder {
    private var parts: [(part: Part, write: @Sendable (UnsafeMutablePointer<Float>) -> Void)] = []
    private var count = 0
    private var readOffsets: Set<Int> = []

    /// Room for a tensor that is not written unless `read(_:)` asks for it.
    mutating func add(_ tensor: Tensor) -> Int {
      add(tensor.shape.count, .tensor(tensor)) { $0.update(from: tensor.scalars, count: tensor.scalars.count) }
    }

    /// Room for `count` numbers that `write` makes of the weights at an offset; all that they depend on but the weights is in
    /// `form`.
    mutating func add(
      preparedCount count: Int, weights: Int, form: PreparedForm,
      _ write: @escaping @Sendable (UnsafeMutablePointer<Float>) -> Void
    ) -> Int {
      add(count, .prepared(weights: weights, form: form), write)
    }

    private mutating func add(
      _ count: Int, _ content: Part.Content, _ write: @escaping @Sendable (UnsafeMutablePointer<Float>) -> Void
    ) -> Int {
      let offset = self.count
      parts.append((Part(offset: offset, count: count, content: content), write))
      self.count += MemoryPlan.aligned(count)
      return offset
    }

    /// Has the tensor at an offset written, because a kernel reads it as it is.
    mutating func read(_ offset: Int) { readOffsets.insert(offset) }

    /// - Parameters:
    ///   - other: returned itself where it begins with the same, so that the programs of one network for several batch sizes,
    ///     with and without its gradient, have their weights once.
    ///   - threads: that write.
    /// - Throws: `GraphError.allocation`.
    func finish(sharing other: ConstantStorage?, threads: Int) throws(GraphError) -> ConstantStorage {
      let parts = parts.map { (part, write) in
        guard case .tensor(let tensor) = part.content, !readOffsets.contains(part.offset) else { return (part, write) }
        return (Part(offset: part.offset, count: part.count, content: .unread(tensor)), { _ in })
      }
      if let other, other.begins(with: parts.map(\.0)) { return other }
      let memory = try FloatMemory(count, for: "the network's weights")
      // Writing cannot fail.
      try? Workers.forEachBlock(of: parts.count, blockSize: 1, threads: threads) { range, _ in
        for (part, write) in parts[range] { write(memory.base + part.offset) }
      }
      return ConstantStorage(memory, parts: parts.map(\.0.asWritten))
    }
  }

  /// By bits: a NaN equals itself, and zeros have signs. `numbers` are as many as the tensor has.
  private static func areEqual(_ tensor: Tensor, _ numbers: UnsafePointer<Float>) -> Bool {
    tensor.scalars.withUnsafeBytes { bytes in bytes.baseAddress.map { memcmp(numbers, $0, bytes.count) == 0 } ?? true }
  }

  private func begins(with others: [Part]) -> Bool {
    guard parts.count >= others.count else { return false }
    return zip(parts, others).allSatisfy { own, other in
      guard own.offset == other.offset, own.count == other.count else { return false }
      switch (own.content, other.content) {
      case (.prepared(let weights, let form), .prepared(let otherWeights, let otherForm)):
        return weights == otherWeights && form == otherForm
      case (.written, .tensor(let tensor)), (.written, .unread(let tensor)):
        return Self.areEqual(tensor, base + own.offset)
      case (.unread(let own), .unread(let tensor)):
        return own.scalars.withUnsafeBufferPointer { $0.baseAddress.map { Self.areEqual(tensor, $0) } ?? true }
      default: return false
      }
    }
  }
}
