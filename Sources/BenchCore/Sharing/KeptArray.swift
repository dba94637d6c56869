import Tensor

/// An array that is kept, in memory or in a file.
public enum KeptArray: Sendable, Equatable {
  case floats(Tensor)
  case doubles(Matrix)

  var byteCount: Int {
    switch self {
    case .floats(let tensor): MemoryLayout<Float>.stride * tensor.scalars.count
    case .doubles(let matrix): MemoryLayout<Double>.stride * matrix.scalars.count
    }
  }

  public var floats: Tensor? {
    if case .floats(let tensor) = self { tensor } else { nil }
  }

  public var doubles: Matrix? {
    if case .doubles(let matrix) = self { matrix } else { nil }
  }
}

/// What numbers are kept under.
public struct ArrayKey: Sendable, Hashable {
  /// What they are, in a word, such as `"score"`.
  public let kind: String
  /// SHA-256, in lower-case hexadecimal, of the kind and all that decides the numbers.
  public let digest: String

  public init(kind: String, digest: String) {
    self.kind = kind
    self.digest = digest
  }
}

/// Where numbers outlive the process.
///
/// An archive that cannot be read or written costs time, never the result: it answers nothing and says nothing.
public protocol ArrayArchive: Sendable {
  /// What was written under the key, bit by bit; nil where that is not there or damaged.
  func read(_ key: ArrayKey) -> [KeptArray]?
  func write(_ numbers: [KeptArray], for key: ArrayKey)
}
