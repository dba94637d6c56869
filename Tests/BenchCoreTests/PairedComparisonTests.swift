import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct PairedComparisonTests {
  private static let bayes = Result { try toyOutcome(images: 60) }
  private static let fragile = Result { try toyOutcome(fragileClassifier(strength: 2), id: "fragile", images: 60) }

  private func measured(_ outcome: Result<EvaluationOutcome, any Error>, _ source: String) throws
    -> PairedComparison.Measured
  {
    let outcome = try outcome.get()
    return .init(source: source, result: outcome.result, samples: outcome.samples)
  }

  /// By hand: the images of each resample, their mean, and the percentiles.
  private func interval(_ images: Int, _ value: ([Int]) -> Double) -> (low: Double, high: Double) {
    let stream = RandomStream(seed: 3, name: "bootstrap")
    let values = (0..<1000).map { value(stream.integers(item: $0, count: images, below: images)) }.sorted()
    func percentile(_ share: Double) -> Double {
      let place = share * Double(values.count - 1)
      let below = Int(place)
      return values[below] + (place - Double(below)) * (values[min(below + 1, values.count - 1)] - values[below])
    }
    return (percentile(0.025), percentile(0.975))
  }

  /// Two checkpoints of one file name are two models.
  @Test func modelsOfOneIdentifierAreToldApart() throws {
    let models = try [(Self.bayes, "a.json"), (Self.fragile, "b.json"), (Self.fragile, "c.json")].map(measured)
    let table = try PairedComparison(models).table
    let names = table.rows.prefix(3).map { $0[1].words(name: { $0 }) }
    #expect(names == [models[0].result.model.id, "fragile (2)", "fragile (3)"])
    #expect(table.title.contains("from \(models[0].result.model.id),"))
  }

  @Test func differencesAreThoseOfTheSameImages() throws {
    let (first, second) = (try measured(Self.bayes, "a.json"), try measured(Self.fragile, "b.json"))
    let comparison = try PairedComparison([first, second])
    func column(_ model: PairedComparison.Measured, _ name: String) throws -> [Double] {
      try #require(model.samples[name])
    }

    let alignment = try #require(comparison.entries.first { $0.quantity.key == "alignment" })
    let (a, b) = (try column(first, ImageAlignment.whole), try column(second, ImageAlignment.whole))
    let differences = zip(b, a).map { $0 - $1 }
    let expected = interval(60) { images in images.reduce(0) { $0 + differences[$1] } / 60 }
    let found = try #require(alignment.differences[1])
    #expect(abs(try #require(found.value) - differences.reduce(0, +) / 60) < 1e-12)
    #expect(abs(try #require(found.low) - expected.low) < 1e-12)
    #expect(abs(try #require(found.high) - expected.high) < 1e-12)
    #expect(alignment.differences[0] == nil)
    let high = try #require(found.high)
    #expect(high < 0, "gradients off the manifold align less")

    let ratio = try #require(comparison.entries.first { $0.quantity.key == "offOverOn" })
    let names = [SampleColumn.offManifold(step: 2), SampleColumn.onManifold(step: 2)]
    let columns = try [first, second].map { model in try names.map { try column(model, $0) } }
    func ratios(_ images: [Int], _ model: Int) -> Double {
      let sums = columns[model].map { values in images.reduce(0) { $0 + values[$1] } }
      return sums[0] / sums[1]
    }
    let all = Array(0..<60)
    let expectedRatio = interval(60) { ratios($0, 1) - ratios($0, 0) }
    let difference = try #require(ratio.differences[1])
    #expect(abs(try #require(difference.value) - (ratios(all, 1) - ratios(all, 0))) < 1e-12)
    #expect(abs(try #require(difference.low) - expectedRatio.low) < 1e-9)
    #expect(abs(try #require(difference.high) - expectedRatio.high) < 1e-9)

    // The interval of a paired difference is narrower than that of independent samples would be.
    let accuracy = try #require(comparison.entries.first { $0.quantity.key == "accuracy" })
    #expect(accuracy.values[0]?.value == first.result.measurements.accuracy.value)
  }

  @Test func aModelDoesNotDifferFromItself() throws {
    let model = try measured(Self.bayes, "a.json")
    for entry in try PairedComparison([model, model]).entries {
      let difference = try #require(entry.differences[1])
      #expect(difference.value == 0 && difference.low == 0 && difference.high == 0, "\(entry.quantity.key)")
    }
  }

  @Test func imagesWithoutANumberCountForNeither() throws {
    let first = try measured(Self.bayes, "a.json")
    var second = first
    var values = try #require(first.samples[SampleColumn.correct])
    values[4] = .nan
    values[5] = .infinity
    second.samples = SampleTable(
      first.samples.namedColumns.map { ($0.name, $0.name == SampleColumn.correct ? values : $0.values) })
    let accuracy = try #require(try PairedComparison([first, second]).entries.first { $0.quantity.key == "accuracy" })
    #expect(accuracy.differences[1]?.undefinedImages == 2 && accuracy.differences[1]?.value == 0)
  }

  @Test func whatIsNotOfTheSameImagesIsRefused() throws {
    let first = try measured(Self.bayes, "a.json")
    func refusal(_ change: (inout EvaluationResult) -> Void) -> String {
      var other = first
      other.source = "b.json"
      change(&other.result)
      do {
        _ = try PairedComparison([first, other])
        return ""
      } catch { return "\(error)" }
    }
    #expect(refusal { _ in }.isEmpty)
    #expect(
      refusal { $0.measurementProtocol.seed = 9 }.contains(
        "b.json: cannot be compared image by image with a.json: the seed is 9 here and 3 there"))
    #expect(refusal { $0.task.dataset.digest = "0" }.contains("the images (their digest)"))
    #expect(refusal { $0.task.version = 2 }.contains("toy version 2"))
    #expect(refusal { $0.measurementProtocol.clip = true }.contains("clipping"))
    let manifold = refusal { $0.task.manifold?.id = "other" }
    #expect(manifold.contains("the manifold"))
    let score = refusal { $0.task.score?.noise = [0.1] }
    #expect(score.contains("the score"))
    #expect(refusal { $0.measurementProtocol.images = 61 }.contains("the samples beside it are of 60"))
    #expect(throws: ComparisonError.self) { try PairedComparison([first]) }
    #expect(throws: ComparisonError.self) { try PairedComparison([]) }
  }
}
