/// Which container of a pickle a value is, by which those are known that were looked at before.
struct PickleContainer: Hashable {
  private let kind: Int
  private let index: Int

  /// - Returns: nil for what holds no values.
  init?(_ value: PickleValue) {
    switch value {
    case .list(let index), .tuple(let index): (kind, self.index) = (0, index)
    case .dictionary(let index): (kind, self.index) = (1, index)
    case .object(let index): (kind, self.index) = (2, index)
    default: return nil
    }
  }
}
