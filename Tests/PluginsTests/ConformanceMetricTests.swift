import BenchCore
import Tensor
import Testing
import _TestSupport

@testable import Plugins

@Suite struct ConformanceMetricTests {
  /// One with weights needs files that are not here, and has a test of its own.
  @Test("every built-in metric without weights conforms", arguments: BuiltinPlugins.all.metrics.indices)
  func builtin(index: Int) throws {
    let plugin = BuiltinPlugins.all.metrics[index]
    guard plugin.files.allSatisfy(\.isOptional) else { return }
    let metric = try plugin.load([], ReferenceOptions(task: "toy", imageShape: [3, 8, 8], classCount: 2))
    #expect(metric.id == plugin.id)
    expectNone(MetricConformance.problems(metric))
  }

  @Test("a metric that depends on the scale, has a value at zero and a smallest side conforms if it says so")
  func properties() {
    expectNone(MetricConformance.problems(Closeness()))
    let images = MetricConformance.problems(Closeness(), imageShape: [3, 8, 8])
    #expect(images.count == 1 && images[0].requirement == .shape, "\(images)")
  }

  @Test("what is promised is checked")
  func broken() {
    var scaled = Closeness()
    scaled.properties.isScaleInvariant = true
    expect(.scaleInvariance, in: MetricConformance.problems(scaled))
    var undefined = Closeness()
    undefined.properties.isDefinedAtZero = false
    expect(.undefined, in: MetricConformance.problems(undefined))
    expect(.undefined, in: MetricConformance.problems(UndefinedAtZero()))
    var absurd = Closeness()
    absurd.properties.channels = []
    expect(.declaration, in: MetricConformance.problems(absurd))
  }
}

/// 1 - the mean squared difference; as a perceptual distance it is not made for small images, nor for any number of channels.
private struct Closeness: AlignmentMetric {
  let id = "closeness"
  var properties = MetricProperties(isScaleInvariant: false, isDefinedAtZero: true, smallestSide: 17, channels: [1, 3])

  func compare(_ gradients: Tensor, _ references: Tensor) throws -> [Double] {
    guard properties.requirement(missedBy: gradients.shape.droppingFirst) == nil else { throw CancellationError() }
    return (0..<gradients.batch).map { image in
      let squares = zip(gradients.item(image), references.item(image)).map { Double(($0 - $1) * ($0 - $1)) }
      let distance = squares.reduce(0, +) / Double(squares.count)
      return distance.isFinite ? 1 - distance : .nan
    }
  }
}

/// Promises values at zero, and has none.
private struct UndefinedAtZero: AlignmentMetric {
  let id = "undefined-at-zero"
  let properties = MetricProperties(isDefinedAtZero: true)

  func compare(_ gradients: Tensor, _ references: Tensor) throws -> [Double] {
    cosineSimilarities(gradients, references)
  }
}
