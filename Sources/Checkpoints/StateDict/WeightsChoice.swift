/// Which of several state dicts of a file is meant.
public struct WeightsChoice: Sendable, Equatable {
  /// The key under which it stands, or its whole place such as `state.model_ema`.
  public var key: String?
  /// Its place in a list, from 0.
  public var member: Int?

  /// What `member` may be: far above what a file holds.
  package static let members = 0...1_000_000

  public init(key: String? = nil, member: Int? = nil) {
    self.key = key
    self.member = member
  }

  public var isEmpty: Bool { key == nil && member == nil }
}

/// What the keys of a checkpoint's dictionaries mean, told by the words that they consist of.
enum WeightsKey {
  /// Names under which training scripts put a state dict, in order of preference; others of the same words come after them.
  static let preferred = ["state_dict", "model_state_dict", "model", "net"]

  private static let words: Set<Substring> = [
    "state", "dict", "model", "net", "network", "params", "weights", "module", "best", "online",
  ]
  private static let averages: Set<Substring> = ["ema", "swa", "averaged"]

  /// Whether a network's tensors are expected there.
  static func isKnown(_ key: String) -> Bool {
    let parts = key.split(separator: "_")
    return !parts.isEmpty && parts.allSatisfy { words.contains($0) || averages.contains($0) }
  }

  /// Whether these are averages over the steps of a training (EMA, SWA).
  static func isAverage(_ key: String) -> Bool { key.split(separator: "_").contains { averages.contains($0) } }
}
