/// Spearman's rank correlation (Spearman 1904): Pearson's correlation of the ranks, where equal values share the mean of
/// the ranks they take together.
package enum RankCorrelation {
  /// - Returns: in [-1, 1]; nil for fewer than two pairs, or where all values of one side are equal.
  package static func spearman(_ first: [Double], _ second: [Double]) -> Double? {
    precondition(first.count == second.count, "pairs")
    guard first.count > 1, (first + second).allSatisfy({ !$0.isNaN }) else { return nil }
    return pearson(ranks(first), ranks(second))
  }

  /// Ranks from 1; halves where values are tied.
  package static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
      for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
      start = end + 1
    }
    return ranks
  }

  private static func pearson(_ first: [Double], _ second: [Double]) -> Double? {
    let count = Double(first.count)
    let means = (first.reduce(0, +) / count, second.reduce(0, +) / count)
    var (products, squares, otherSquares) = (0.0, 0.0, 0.0)
    for (a, b) in zip(first, second) {
      products += (a - means.0) * (b - means.1)
      squares += (a - means.0) * (a - means.0)
      otherSquares += (b - means.1) * (b - means.1)
    }
    guard squares > 0, otherSquares > 0 else { return nil }
    return max(-1, min(1, products / (squares * otherSquares).squareRoot()))
  }
}
