/// A contiguous part of ordered work that several processes divide among them: from one fraction of it to another.
///
/// Of several models and several processes, process i of n has the i-th of n equal parts of all models laid end to end, so that it
/// needs to load as few of them as can be, and needs to know nothing of those that are others'.
package struct WorkShare: Sendable, Equatable {
  /// Numerators in 0...whole.
  private let begin: Int
  private let end: Int
  private let whole: Int

  package static let everything = WorkShare(begin: 0, end: 1, whole: 1)

  /// Bounds of what the arithmetic is exact for.
  package static let mostShares = 1_000_000
  package static let mostItems = 1_000_000

  private init(begin: Int, end: Int, whole: Int) { (self.begin, self.end, self.whole) = (begin, end, whole) }

  /// What process `index` of `count` does of one of several items of equal length.
  /// - Parameters:
  ///   - index: 1...count.
  ///   - item: 0..<items.
  /// - Returns: nil where that is nothing.
  /// - Precondition: at most `mostShares` processes and `mostItems` items.
  package init?(shard index: Int, of count: Int, item: Int, among items: Int) {
    precondition((1...Self.mostShares).contains(count) && (1...count).contains(index), "no shard \(index)/\(count)")
    precondition((1...Self.mostItems).contains(items) && (0..<items).contains(item), "no item \(item) of \(items)")
    // The process has (index - 1) / count to index / count of all, the item item / items to (item + 1) / items.
    func numerator(_ bound: Int) -> Int { max(0, min(count, bound * items - item * count)) }
    self.init(begin: numerator(index - 1), end: numerator(index), whole: count)
    if begin >= end { return nil }
  }

  /// Which of `count` pieces these are; none where there are fewer pieces than processes. The ranges of all processes are all
  /// pieces, each once.
  package func range(of count: Int) -> Range<Int> {
    // Full width: pieces of an attack may be many.
    func bound(_ numerator: Int) -> Int {
      let product = count.multipliedFullWidth(by: numerator)
      return whole.dividingFullWidth(product).quotient
    }
    return bound(begin)..<bound(end)
  }
}
