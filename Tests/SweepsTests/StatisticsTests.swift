import BenchCore
import Foundation
import JSON
import Testing

@testable import Sweeps

@Suite struct RankCorrelationTests {
  /// The first is the example of scipy's `spearmanr`, the second that of the Wikipedia article (-29/165); all agree with
  /// `numpy.corrcoef` of mean ranks (numpy 2.1).
  @Test func knownNumbers() throws {
    let cases: [([Double], [Double], Double)] = [
      ([1, 2, 3, 4, 5], [5, 6, 7, 8, 7], 0.8207826816681233),
      ([106, 100, 86, 101, 99, 103, 97, 113, 112, 110], [7, 27, 2, 50, 28, 29, 20, 12, 6, 17], -0.17575757575757575),
      ([0, 0, 0, 1, 1, 2], [3, 1, 2, 1, 0, 0], -0.8263342440128466),
      ([1, 2, 3], [9, 4, 1], -1),
    ]
    for (first, second, expected) in cases {
      let value = try #require(RankCorrelation.spearman(first, second))
      #expect(abs(value - expected) < 1e-12, "\(value)")
      #expect(RankCorrelation.spearman(second, first) == RankCorrelation.spearman(first, second))
      // Any increasing function keeps the ranks.
      let stretched = try #require(RankCorrelation.spearman(first.map { exp($0 / 50) }, second))
      #expect(abs(stretched - expected) < 1e-12)
    }
    #expect(RankCorrelation.ranks([10, 20, 20, 5, 20]) == [2, 4, 4, 1, 4])
  }

  @Test func undefined() {
    #expect(RankCorrelation.spearman([], []) == nil)
    #expect(RankCorrelation.spearman([1], [1]) == nil)
    #expect(RankCorrelation.spearman([1, 1, 1], [1, 2, 3]) == nil)
    #expect(RankCorrelation.spearman([1, .nan, 1], [1, 2, 3]) == nil)
  }
}

@Suite struct SweepGridTests {
  @Test func gridsAreSortedAndUnique() throws {
    let grid = try SweepGrid(strengths: [1, 0.1, 0, 1, -0.0], seeds: [3, 1, 3])
    #expect(grid.strengths == [0, 0.1, 1] && grid.seeds == [1, 3])
    #expect(
      grid.cells(objective: "pgd-l2").map(\.id).prefix(3) == ["pgd-l2-0-seed1", "pgd-l2-0-seed3", "pgd-l2-0.1-seed1"])
    for id in ["gradient-norm-1e-05-seed7", "gradient-norm-0-seed0", "gradient-norm-100-seed12"] {
      #expect(SweepCell(id: id, objective: "gradient-norm")?.id == id)
      #expect(ResultValidation.isIdentifier(id))
    }
    for id in ["gradient-norm-seed0", "gradient-norm-0.10-seed0", "smoothness-1-seed0", "gradient-norm-1-seed-1", "x"] {
      #expect(SweepCell(id: id, objective: "gradient-norm") == nil)
    }
  }

  @Test func logarithmicGrids() throws {
    #expect(try SweepGrid.logarithmic(from: 0.001, to: 1, count: 7) == [0.001, 0.00316, 0.01, 0.0316, 0.1, 0.316, 1])
    #expect(throws: SweepError.self) { try SweepGrid.logarithmic(from: 0, to: 1, count: 7) }
    #expect(throws: SweepError.self) { try SweepGrid.logarithmic(from: 1, to: 1.001, count: 7) }
  }

  @Test(arguments: ["0/4", "5/4", "1", "a/b", "1/0", "1/2/3", "-1/2", ""])
  func unusableShards(_ text: String) { #expect(throws: SweepError.self) { try Shard(text) } }

  @Test func unusableGrids() {
    for strengths in [[], [-1], [.nan], [.infinity]] as [[Double]] {
      #expect(throws: SweepError.self) { try SweepGrid(strengths: strengths, seeds: [0]) }
    }
    #expect(throws: SweepError.self) { try SweepGrid(strengths: [1], seeds: []) }
    #expect(throws: SweepError.self) { try SweepGrid(strengths: [1], seeds: [.max]) }
  }
}

@Suite struct JSONDifferenceTests {
  @Test func everyPlaceIsNamed() throws {
    func parse(_ text: String) throws -> JSONValue { try JSONDecoding.parse(Data(text.utf8), source: "test") }
    let old = try parse(#"{"a": 1, "b": {"c": [1, 2], "d": "x"}, "e": null}"#)
    #expect(JSONDifference.lines(from: old, to: old).isEmpty)
    #expect(JSONDifference.lines(from: old, to: try parse(#"{"b": {"d": "x", "c": [1, 2.0]}, "a": 1.0}"#)).isEmpty)
    let new = try parse(#"{"a": 2, "b": {"c": [1, 3], "d": true}, "f": [1]}"#)
    #expect(
      JSONDifference.lines(from: old, to: new) == [
        "a is 2, was 1", "b.c[1] is 3, was 2", "b.d is true, was \"x\"", "f is [1], was not given",
      ])
  }
}
