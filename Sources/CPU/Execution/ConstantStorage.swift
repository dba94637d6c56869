import Graph
import Tensor

#if canImport(Glibc)
  import Glibc
#endif

/// All that the prepared form of weights depends on beside their values.
struct PreparedForm: Sendable, Equatable {
  let layer: any Operator
  let item: Shape
  let weights: Shape

  static func == (left: PreparedForm, right: PreparedForm) -> Bool {
    AnyHashable(left.layer) == AnyHashable(right.layer) && left.item == right.item
      && left.weights == right.weights
  }
}

/// All constants of a program, aligned for vector loads. Those that the program of another size has as well are there once.
final class ConstantStorage: Sendable {
  private let parts: [Part]
  /// What the parts lie in: of this storage, and of those that it shares parts with.
  private let memories: [FloatMemory]

  private init(_ parts: [Part], memories: [FloatMemory]) {
    (self.parts, self.memories) = (parts, memories)
  }

  /// - Parameter offset: that the builder gave out.
  func address(at offset: Int) -> UnsafePointer<Float> {
    var (low, high) = (0, parts.count)
    while low + 1 < high {
      let middle = (low + high) / 2
      if parts[middle].offset <= offset { low = middle } else { high = middle }
    }
    precondition(low < parts.count && parts[low].offset == offset, "no constant at \(offset)")
    return UnsafePointer(parts[low].address)
  }

  /// Where a constant lies and what it is.
  private struct Part: @unchecked Sendable {
    enum Content {
      /// A tensor, which need not be kept; where it was read, if it is read when it is asked for.
      case written(TensorSource?)
      /// A tensor that no kernel reads, for each has it in a form of its own: its room is never written, and takes no memory.
      case unread(Tensor)
      /// The weights at an offset in the form of an operator.
      case prepared(weights: Int, form: PreparedForm)
    }

    let offset: Int
    let count: Int
    let content: Content
    // Written once by the builder, then only read.
    let address: UnsafeMutablePointer<Float>

    /// A tensor's numbers where they are in memory, whether a kernel reads them or not; nil for prepared weights.
    func withNumbers<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result? {
      switch content {
      case .written: body(UnsafeBufferPointer(start: address, count: count))
      case .unread(let tensor): tensor.source == nil ? tensor.scalars.withUnsafeBufferPointer(body) : nil
      case .prepared: nil
      }
    }

    var source: TensorSource? {
      switch content {
      case .written(let source): source
      case .unread(let tensor): tensor.source
      case .prepared: nil
      }
    }
  }

  struct Builder {
    private enum Content {
      case tensor(Tensor)
      case prepared(weights: Int, form: PreparedForm, write: @Sendable (UnsafeMutablePointer<Float>) -> Void)
    }

    private var parts: [(offset: Int, count: Int, content: Content)] = []
    private var count = 0
    private var readOffsets: Set<Int> = []

    /// Room for a tensor that is not written unless `read(_:)` asks for it.
    mutating func add(_ tensor: Tensor) -> Int { add(tensor.shape.count, .tensor(tensor)) }

    /// Room for `count` numbers that `write` makes of the weights at an offset; all that they depend on but the weights is in
    /// `form`.
    mutating func add(
      preparedCount count: Int, weights: Int, form: PreparedForm,
      _ write: @escaping @Sendable (UnsafeMutablePointer<Float>) -> Void
    ) -> Int {
      add(count, .prepared(weights: weights, form: form, write: write))
    }

    private mutating func add(_ count: Int, _ content: Content) -> Int {
      let offset = self.count
      parts.append((offset, count, content))
      self.count += MemoryPlan.aligned(count)
      return offset
    }

    /// Has the tensor at an offset written, because a kernel reads it as it is.
    mutating func read(_ offset: Int) { readOffsets.insert(offset) }

    /// - Parameters:
    ///   - other: whose parts are used where they are the same, so that the programs of one network for several batch sizes,
    ///     with and without its gradient, have their weights once.
    ///   - threads: that write.
    /// - Throws: `GraphError.allocation`.
    func finish(sharing other: ConstantStorage?, threads: Int) throws(GraphError) -> ConstantStorage {
      let shared = shared(with: other)
      let own = parts.indices.filter { shared[$0] == nil }
      let memory = try FloatMemory(
        own.reduce(0) { $0 + MemoryPlan.aligned(parts[$1].count) }, for: "the network's weights")
      var next = memory.base
      let placed = parts.indices.map { index in
        if let part = shared[index] { return part }
        let (offset, count, content) = parts[index]
        defer { next += MemoryPlan.aligned(count) }
        let kept: Part.Content =
          switch content {
          case .tensor(let tensor): readOffsets.contains(offset) ? .written(tensor.source) : .unread(tensor)
          case .prepared(let weights, let form, _): .prepared(weights: weights, form: form)
          }
        return Part(offset: offset, count: count, content: kept, address: next)
      }
      // Writing cannot fail.
      try? Workers.forEachBlock(of: own.count, blockSize: 1, threads: threads) { range, _ in
        for index in own[range] {
          let address = placed[index].address
          switch (parts[index].content, placed[index].content) {
          case (.prepared(_, _, let write), _): write(address)
          case (.tensor, .unread): break
          case (.tensor(let tensor), _): address.update(from: tensor.scalars, count: tensor.shape.count)
          }
        }
      }
      return ConstantStorage(placed, memories: (shared.isEmpty ? [] : other?.memories ?? []) + [memory])
    }

    /// The parts that another storage has as they are needed here, by their index here.
    private func shared(with other: ConstantStorage?) -> [Int: Part] {
      guard let other else { return [:] }
      var known = Index(other.parts)
      // Where tensors lie there, by where they lie here.
      var places: [Int: Int] = [:]
      var shared: [Int: Part] = [:]
      for (index, part) in parts.enumerated() {
        switch part.content {
        case .tensor(let tensor):
          guard let same = known.take(tensor) else { continue }
          places[part.offset] = same.offset
          if case .unread = same.content, readOffsets.contains(part.offset) { continue }
          shared[index] = Part(offset: part.offset, count: part.count, content: same.content, address: same.address)
        case .prepared(let weights, let form, _):
          guard let place = places[weights], let same = known.prepared(form, weights: place, count: part.count) else {
            continue
          }
          shared[index] = Part(
            offset: part.offset, count: part.count, content: .prepared(weights: weights, form: form),
            address: same.address)
        }
      }
      return shared
    }
  }

  /// The parts of a storage by what they hold.
  private struct Index {
    /// By what a tensor is looked for before all of it is compared.
    private struct Key: Hashable {
      let count: Int
      let sample: [UInt32]

      init(_ numbers: UnsafeBufferPointer<Float>) {
        count = numbers.count
        sample = stride(from: 0, to: count, by: max(1, count / 8)).map { numbers[$0].bitPattern }
      }
    }

    private let parts: [Part]
    private var tensors: [Key: [Int]] = [:]
    private var read: [ObjectIdentifier: [Int]] = [:]
    private var prepared: [Int: [Int]] = [:]

    init(_ parts: [Part]) {
      self.parts = parts
      for (index, part) in parts.enumerated() {
        if case .prepared(let weights, _) = part.content {
          prepared[weights, default: []].append(index)
        } else if let source = part.source {
          read[ObjectIdentifier(source), default: []].append(index)
        } else if let key = part.withNumbers(Key.init) {
          tensors[key, default: []].append(index)
        }
      }
    }

    /// The same tensor by bits: a NaN equals itself, and zeros have signs. Each is found once: of equal ones every one has forms of its own.
    mutating func take(_ tensor: Tensor) -> Part? {
      if let source = tensor.source.map(ObjectIdentifier.init) {
        guard let first = read[source]?.first else { return nil }
        read[source]?.removeFirst()
        return parts[first]
      }
      return tensor.scalars.withUnsafeBufferPointer { wanted -> Part? in
        let key = Key(wanted)
        let place = tensors[key]?.firstIndex { index in
          parts[index].withNumbers { numbers in
            guard let own = numbers.baseAddress, let base = wanted.baseAddress else { return true }
            return memcmp(own, base, wanted.count * MemoryLayout<Float>.stride) == 0
          } ?? false
        }
        guard let place else { return nil }
        return (tensors[key]?.remove(at: place)).map { parts[$0] }
      }
    }

    func prepared(_ form: PreparedForm, weights: Int, count: Int) -> Part? {
      prepared[weights]?.lazy.map { parts[$0] }.first { part in
        guard case .prepared(_, let known) = part.content else { return false }
        return known == form && part.count == count
      }
    }
  }
}
