import Foundation

/// The strengths and seeds of a sweep.
package struct SweepGrid: Sendable, Equatable {
  /// Ascending, each once.
  package let strengths: [Double]
  /// Ascending, each once.
  package let seeds: [UInt64]

  /// - Throws: `SweepError.grid` for a strength that is negative or not finite, and for an empty grid.
  package init(strengths: [Double], seeds: [UInt64]) throws(SweepError) {
    guard !strengths.isEmpty else {
      throw .grid("there is no strength; pass --strengths, or --from, --to and --points")
    }
    guard !seeds.isEmpty else { throw .grid("there is no seed; pass --seeds") }
    if let bad = strengths.first(where: { !($0 >= 0 && $0.isFinite) }) {
      throw .grid("strength \(bad): expected a finite number of at least 0")
    }
    // A result file holds its seed as a 64-bit integer with sign.
    if let bad = seeds.first(where: { $0 > UInt64(Int64.max) }) {
      throw .grid("seed \(bad): expected at most \(Int64.max)")
    }
    self.strengths = Set(strengths.map { $0 == 0 ? 0 : $0 }).sorted()
    self.seeds = Set(seeds).sorted()
  }

  /// `count` strengths at equal ratios from the first to the last, both included, rounded to three significant digits: ids
  /// stay short, and no machine's logarithm shows in them.
  /// - Throws: `SweepError.grid`.
  package static func logarithmic(from: Double, to: Double, count: Int) throws(SweepError) -> [Double] {
    guard from > 0, to > from, to.isFinite else {
      throw .grid("--from \(from) --to \(to): expected positive numbers, the second larger")
    }
    guard (2...1000).contains(count) else { throw .grid("--points \(count): expected 2 to 1000") }
    let strengths = (0..<count).map { index in
      Self.rounded(from * pow(to / from, Double(index) / Double(count - 1)), digits: 3)
    }
    guard Set(strengths).count == count else {
      throw .grid("--points \(count): between \(from) and \(to) neighbours agree in three digits; ask for fewer")
    }
    return strengths
  }

  private static func rounded(_ value: Double, digits: Int) -> Double {
    Double(String(format: "%.\(digits - 1)e", value)) ?? value
  }

  /// All models, seeds of a strength together.
  package func cells(objective: String) -> [SweepCell] {
    strengths.flatMap { strength in
      seeds.map { SweepCell(objective: objective, strength: strength, seed: $0) }
    }
  }
}
