import BenchCore
import Foundation
import Tensor

/// `--task square`, `--task square32`.
package struct SquarePlugin: TaskPlugin {
  package let id: String
  package let summary: String
  let image: SquareImage

  static let large = SquarePlugin(
    id: "square",
    summary: "a large or a small square under smooth noise, 1 x 224 x 224; the way to the other class is exact",
    image: SquareImage(side: 224, smoothing: 2.5, deviation: 0.5, clips: false))
  static let small = SquarePlugin(
    id: "square32",
    summary: "a large or a small square under smooth noise, 1 x 32 x 32; the way to the other class is exact",
    image: SquareImage(side: 32, smoothing: 1, deviation: 0.25, clips: true))

  package var dataRequirement: String? { nil }

  package var facts: TaskFacts {
    TaskFacts(
      version: SquareTask.version, constants: SquareTask.constants, imageShape: image.shape,
      classNames: SquareImage.classNames, references: [DirectionTasks.reference], pixelRange: pixelRange)
  }

  /// Where the noise is clipped.
  fileprivate var pixelRange: ClosedRange<Float>? { image.clips ? 0...1 : nil }

  package func make(_ options: TaskOptions) throws -> any BenchmarkTask {
    SquareTask(plugin: self, threads: options.threads, progress: options.progress)
  }

  package func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)? { try drawn(split, count: count, seed: seed) }

  fileprivate func drawn(_ split: DataSplit, count: Int?, seed: UInt64) throws(DatasetError) -> DrawnImages {
    let stream = DirectionTasks.streams(id, version: SquareTask.version, split, seed: seed)
    let (noise, image) = (stream("noise"), image)
    return try DrawnImages(
      name: id, imageShape: image.shape, classCount: SquareImage.classNames.count,
      count: count ?? DirectionTasks.count(split), labels: stream("class")
    ) { index, label, output in
      image.write(label, normals: noise.normals(item: index, count: image.side * image.side), to: output)
    }
  }
}

/// What the tasks of the direction paper have in common.
enum DirectionTasks {
  static let reference =
    "Bigolin Lanfredi, Schroeder, Tasdizen: Quantifying the Preferential Direction of the Model Gradient in Adversarial Training With "
    + "PGD, Pattern Recognition 2023"

  /// The paper's numbers of images.
  static func count(_ split: DataSplit) -> Int { split == .training ? 10_000 : 1000 }

  /// Random numbers of a purpose: no two splits share an image, whatever the seed.
  static func streams(
    _ task: String, version: Int, _ split: DataSplit, seed: UInt64
  ) -> (_ purpose: String) -> RandomStream {
    { RandomStream(seed: seed, name: "\(task)-\(version)/\(split.rawValue)/\($0)") }
  }
}

/// A square of one of two sizes under smooth noise: the label can be read from the ring between the two, and from nowhere else.
///
/// The way to the other class is exact as the paper has it: the difference of the images without noise. It is *not* where the gradient of the
/// most accurate classifier points to. Smoothed noise has hardly any power at high frequencies, so edges are seen through it where areas are
/// not: with the spectrum of the noise the cosine of the two is below 0.11 (docs/direction.md).
struct SquareTask: BenchmarkTask {
  static let version = 1
  /// In pixel units; without noise the classes are 8 apart on `square32`, 56 on `square`.
  static let constants = ProtocolConstants(
    stepSizes: [0.5, 1, 2, 4], wideStep: 2, smallStep: 0.5, scoreNoises: [0.1], alignmentNoises: [0.1],
    decisiveNoise: 0.1, robustnessNoise: 0.01)

  fileprivate let plugin: SquarePlugin
  fileprivate let threads: Int
  fileprivate let progress: any ProgressReporter

  var id: String { plugin.id }
  var version: Int { Self.version }
  var classNames: [String] { SquareImage.classNames }
  var imageShape: Shape { plugin.image.shape }
  var defaultImageCount: Int { DirectionTasks.count(.evaluation) }
  var protocolConstants: ProtocolConstants { Self.constants }
  var pixelRange: ClosedRange<Float>? { plugin.pixelRange }
  // Noise fills the whole space, and scaling and clipping it leave no density in closed form.
  var manifold: (any Manifold)? { nil }
  var score: (any Score)? { nil }
  var density: (any ClassConditionalDensity)? { nil }
  var densityIsExact: Bool { false }
  var quality: ReferenceQuality? { nil }
  var calibration: RegimeCalibration { .none }
  var criteria: RegimeCriteria? { nil }
  var closestPoints: (any ClosestPoints)? { RingDifference(ring: plugin.image.ring) }
  /// On images without noise.
  var marginClassifier: (any Classifier)? { RingMean(ring: plugin.image.ring, inputShape: imageShape) }
  let ruleContradiction: String? =
    "the most accurate classifier of these images sees edges through the noise and not areas, so that gradients cannot both be its and "
    + "point to the other class"

  func trainingImages(count: Int?, seed: UInt64) throws -> (any LabelledImages)? {
    try plugin.drawn(.training, count: count, seed: seed)
  }

  func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet {
    try plugin.drawn(.evaluation, count: count, seed: seed).set(
      split: .evaluation, mask: plugin.image.ring, threads: threads, progress: progress)
  }
}

/// clean(other class) - clean(own class): the ring turns bright towards the large square, dark towards the small one.
struct RingDifference: ClosestPoints {
  let id = "exact"
  let ring: [Bool]

  func directions(from images: Tensor, towards classes: [Int]) -> Tensor {
    Tensor(
      shape: images.shape,
      scalars: classes.flatMap { label in ring.map { $0 ? (label == 0 ? 0.5 : -0.5) : 0 } })
  }
}

/// The matched filter: the mean of the ring against the middle between bright and dark. Its logits differ by 6 on images without noise.
struct RingMean: TwoClassScore {
  let ring: [Bool]
  let inputShape: Shape
  let classCount = 2

  private var slope: Double { 24 / Double(max(1, ring.count { $0 })) }

  func value(at point: ArraySlice<Float>) -> Double {
    var sum = 0.0
    for (pixel, isInRing) in zip(point, ring) where isInRing { sum += 0.5 - Double(pixel) }
    return slope * sum / 2
  }

  func gradient(at point: ArraySlice<Float>, times factor: Float) -> [Float] {
    let value = Float(-slope / 2) * factor
    return ring.map { $0 ? value : 0 }
  }
}
