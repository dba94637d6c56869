import BenchCore
import Foundation
import Tensor

/// `--task sphere`.
package struct SpherePlugin: TaskPlugin {
  package let id = "sphere"
  package let summary =
    "points of two concentric spheres in 500 dimensions, 1 x 20 x 25; manifold, score and way to the other class are exact"
  package let dataRequirement: String? = nil

  package init() {}

  package var facts: TaskFacts {
    TaskFacts(
      version: SphereTask.version, constants: SphereTask.constants, imageShape: SphereTask.shape,
      classNames: SphereTask.classNames, references: [DirectionTasks.reference])
  }

  package func make(_ options: TaskOptions) throws -> any BenchmarkTask {
    SphereTask(threads: options.threads, progress: options.progress)
  }

  package func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)? { try SphereTask.drawn(split, count: count, seed: seed) }
}

/// Two concentric spheres (Gilmer et al. 2018; the direction paper's second synthetic task): uniform on the one of radius 1 or on that of 1.3.
/// Coordinates are as published, about +-0.06, and no pixels.
struct SphereTask: BenchmarkTask {
  static let version = 1
  static let shape: Shape = [1, 20, 25]
  static let radii = [1, 1.3]
  static let classNames = ["radius 1", "radius 1.3"]
  /// The spheres are 0.3 apart; noise of standard deviation s is about 22 s long.
  static let constants = ProtocolConstants(
    stepSizes: [0.05, 0.1, 0.15, 0.3], wideStep: 0.15, smallStep: 0.05, scoreNoises: [0.002, 0.005, 0.01],
    alignmentNoises: [0.005], decisiveNoise: 0.005, robustnessNoise: 0.002)

  let threads: Int
  let progress: any ProgressReporter

  var id: String { "sphere" }
  var version: Int { Self.version }
  var classNames: [String] { Self.classNames }
  var imageShape: Shape { Self.shape }
  var defaultImageCount: Int { DirectionTasks.count(.evaluation) }
  var protocolConstants: ProtocolConstants { Self.constants }
  var imageUnit: ImageUnit { .coordinates }
  var manifold: (any Manifold)? { SphereManifold(dimension: Self.shape.count - 1) }
  var score: (any Score)? { SphereScore(radii: Self.radii) }
  var exactManifold: (any Manifold)? { manifold }
  var exactScore: (any Score)? { score }
  // Without noise the distribution has none: all of it lies on two surfaces.
  var density: (any ClassConditionalDensity)? { nil }
  var densityIsExact: Bool { false }
  var quality: ReferenceQuality? { nil }
  var calibration: RegimeCalibration { .none }
  var criteria: RegimeCriteria? { nil }
  var closestPoints: (any ClosestPoints)? { RadialDifference(radii: Self.radii) }
  var marginClassifier: (any Classifier)? { RadialClassifier(radii: Self.radii, inputShape: Self.shape) }
  let ruleContradiction: String? =
    "the label lies across the spheres: the one direction off the manifold is the signal, and the best classifier would be called weak"

  func trainingImages(count: Int?, seed: UInt64) throws -> (any LabelledImages)? {
    try Self.drawn(.training, count: count, seed: seed)
  }

  func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet {
    try Self.drawn(.evaluation, count: count, seed: seed).set(
      split: .evaluation, mask: nil, threads: threads, progress: progress)
  }

  fileprivate static func drawn(_ split: DataSplit, count: Int?, seed: UInt64) throws(DatasetError) -> DrawnImages {
    let stream = DirectionTasks.streams("sphere", version: version, split, seed: seed)
    let points = stream("point")
    return try DrawnImages(
      name: "sphere", imageShape: shape, classCount: radii.count, count: count ?? DirectionTasks.count(split),
      labels: stream("class")
    ) { index, label, output in
      let normals = points.normals(item: index, count: shape.count)
      let length = normals.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for (place, value) in normals.enumerated() { output[place] = Float(value / length * radii[label]) }
    }
  }
}

/// Along the radius, to the sphere of the class.
struct RadialDifference: ClosestPoints {
  let id = "exact"
  let radii: [Double]

  func directions(from images: Tensor, towards classes: [Int]) -> Tensor {
    Tensor(
      shape: images.shape,
      scalars: classes.enumerated().flatMap { image, label -> [Float] in
        let point = images.item(image)
        let length = max(.leastNormalMagnitude, length(point))
        return point.map { Float(Double($0) * (radii[label] / length - 1)) }
      })
  }
}

/// |x| against the middle between the radii. Its logits differ by 6 on the spheres themselves.
struct RadialClassifier: TwoClassScore {
  let radii: [Double]
  let inputShape: Shape
  let classCount = 2

  private var slope: Double { 12 / (radii[1] - radii[0]) }

  func value(at point: ArraySlice<Float>) -> Double { slope * (length(point) - (radii[0] + radii[1]) / 2) / 2 }

  func gradient(at point: ArraySlice<Float>, times factor: Float) -> [Float] {
    // At the centre there is no direction.
    let length = length(point)
    let factor = length > 0 ? slope / 2 * Double(factor) / length : 0
    return point.map { Float(factor * Double($0)) }
  }
}

private func length(_ point: ArraySlice<Float>) -> Double {
  point.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}
