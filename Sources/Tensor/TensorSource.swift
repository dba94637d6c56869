import Synchronization

/// Where a tensor's numbers are read whenever they are asked for. Large weights have one: what kernels read is a form of their own, and as
/// they are stored they need not be in memory beside it.
///
/// Tensors with the same source are equal, which is known without reading them.
public final class TensorSource: Sendable {
  private let read: @Sendable () -> [Float]
  /// How many computations are between what is stored and the numbers.
  private let depth: Int
  private let derived = Mutex<[Key: Weak]>([:])

  /// What weights go through on their way to a layer: each reading goes through all of it.
  private static let largestDepth = 3

  // A key is only compared.
  private struct Key: Hashable, @unchecked Sendable {
    let value: AnyHashable
  }

  // Nothing is reachable from one to another, or neither would ever go.
  private struct Weak: @unchecked Sendable {
    weak var source: TensorSource?
  }

  /// - Parameter read: the same numbers at each call, as many as the tensor has.
  public convenience init(_ read: @escaping @Sendable () -> [Float]) { self.init(depth: 0, read) }

  private init(depth: Int, _ read: @escaping @Sendable () -> [Float]) { (self.depth, self.read) = (depth, read) }

  func numbers() -> [Float] { read() }

  /// What is computed of these numbers: the same source again for as long as somebody has it.
  /// - Parameters:
  ///   - key: says how it is computed, and of what else.
  ///   - compute: makes the numbers of these.
  /// - Returns: nil where these have come a long way already.
  package func deriving(
    _ key: some Hashable & Sendable, _ compute: @escaping @Sendable () -> [Float]
  ) -> TensorSource? {
    guard depth < Self.largestDepth else { return nil }
    let made = TensorSource(depth: depth + 1, compute)
    let key = Key(value: AnyHashable(key))
    return derived.withLock { derived in
      if let known = derived[key]?.source { return known }
      derived[key] = Weak(source: made)
      return made
    }
  }
}
