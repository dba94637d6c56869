/// One model of a sweep: a strength and a seed.
package struct SweepCell: Sendable, Hashable {
  package let objective: String
  /// At least 0, where 0 is plain cross-entropy.
  package let strength: Double
  package let seed: UInt64

  package init(objective: String, strength: Double, seed: UInt64) {
    self.objective = objective
    self.strength = strength
    self.seed = seed
  }

  /// The model's id and the name of its files, such as `gradient-norm-0.1-seed0`.
  package var id: String { "\(objective)-\(Self.text(strength))-seed\(seed)" }

  /// The number in the shortest spelling that reads back as the same one, without `.0`.
  package static func text(_ number: Double) -> String {
    let text = "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
