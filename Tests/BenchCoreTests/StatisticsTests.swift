import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct StatisticsTests {
  @Test func resampledMeansAreThoseOfTheDrawnImages() {
    let values = (0..<17).map { Double($0 * $0) }
    var partial = values
    partial[3] = .nan
    partial[16] = .nan
    let bootstrap = Bootstrap(imageCount: 17, resamples: 120, seed: 9)
    let means = bootstrap.means(of: SampleTable([("all", values), ("partial", partial)]))
    let stream = RandomStream(seed: 9, name: "bootstrap")
    for resample in 0..<120 {
      let drawn = stream.integers(item: resample, count: 17, below: 17)
      let all = drawn.map { values[$0] }.reduce(0, +) / 17
      let defined = drawn.map { partial[$0] }.filter { !$0.isNaN }
      #expect(abs((means["all"]?.resampled[resample] ?? .nan) - all) < 1e-9)
      #expect(
        abs((means["partial"]?.resampled[resample] ?? .nan) - defined.reduce(0, +) / Double(defined.count)) < 1e-9)
    }
    #expect(means["partial"]?.undefined == 2)
    #expect(means.mean("partial").undefinedImages == 2)
    #expect(means.mean("all").undefinedImages == nil)
    #expect(means["absent"] == nil)
  }

  @Test func intervalsCoverTheTruthAboutAsOftenAsTheySay() {
    var covered = 0
    let datasets = 300
    for dataset in 0..<datasets {
      let values = RandomStream(seed: 1, name: "coverage").normals(item: dataset, count: 100)
      let estimate = Bootstrap(imageCount: 100, resamples: 300, seed: UInt64(dataset))
        .means(of: SampleTable([("x", values)])).mean("x")
      if let low = estimate.low, let high = estimate.high, low <= 0, 0 <= high { covered += 1 }
    }
    // 95 % nominal; the percentile interval of 100 values covers about 94 %, and 300 data sets tell +-3 %.
    #expect((0.90...0.98).contains(Double(covered) / Double(datasets)))
  }

  @Test func ratiosUseTheSameImagesAboveAndBelow() {
    let values = RandomStream(seed: 2, name: "ratio").uniforms(item: 0, count: 50)
    let means = Bootstrap(imageCount: 50, seed: 4).means(
      of: SampleTable([("a", values.map { 3 * $0 }), ("b", values), ("zero", values.map { _ in 0 })]))
    let ratio = means.ratio("a", over: "b")
    for number in [ratio.value, ratio.low, ratio.high] { #expect(abs((number ?? 0) - 3) < 1e-9) }
    #expect(means.ratio("a", over: "zero") == Estimate(value: nil, low: nil, high: nil))
    #expect(means.ratio("zero", over: "zero") == Estimate(value: nil, low: nil, high: nil))
  }

  @Test func aColumnDefinedNowhereHasNoMean() {
    let estimate = Bootstrap(imageCount: 2, resamples: 10, seed: 0)
      .means(of: SampleTable([("x", [.nan, .nan])])).mean("x")
    #expect(estimate == Estimate(value: nil, low: nil, high: nil, undefinedImages: 2))
  }

  @Test func percentilesInterpolateBetweenOrderStatistics() {
    let interval = percentileInterval((0...100).map { Double($0) }.reversed() + [.nan])
    #expect(abs(interval.low - 2.5) < 1e-12 && abs(interval.high - 97.5) < 1e-12)
    #expect(percentileInterval([1, .infinity, .infinity]).high == .infinity)
    #expect(percentileInterval([]).low.isNaN)
  }

  /// From exact sums in rational arithmetic.
  @Test func binomialIntervalsAreCentral() {
    #expect(Binomial.interval(trials: 10, probability: 0.5, confidence: 0.99) == 1...9)
    #expect(Binomial.interval(trials: 5, probability: 1, confidence: 0.99) == 5...5)
    #expect(Binomial.interval(trials: 5, probability: 0, confidence: 0.99) == 0...0)
    let probabilities = Binomial.probabilities(trials: 10_000, probability: 0.9178)
    #expect(abs(probabilities.reduce(0, +) - 1) < 1e-9)
    let interval = Binomial.interval(trials: 600, probability: 0.9178, confidence: 0.99)
    #expect(interval == 533...567)
  }

  @Test func tablesGrowByColumnsAndRows() {
    var table = SampleTable([("a", [1]), ("b", [2])])
    table.append(rowsOf: SampleTable([("a", [3, 4]), ("b", [5, 6])]))
    #expect(table.rowCount == 3)
    #expect(table["b"] == [2, 5, 6])
    #expect(table["c"] == nil)
    #expect(table.namedColumns.map(\.name) == ["a", "b"])
    var empty = SampleTable()
    empty.append(rowsOf: table)
    #expect(empty == table)
  }
}
