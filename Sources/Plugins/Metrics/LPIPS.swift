import BenchCore
import Checkpoints
import Networks
import Tensor

/// 1 - LPIPS (`LPIPSNetwork`): 1 for equal images, less for less alike; no lower bound, on images of 32 x 32 pixels about 0.2.
///
/// The images are taken as they come, in [-1, 1] with 0 for grey, as the paper's code does with gradients and scores.
struct LPIPS: AlignmentMetric {
  private let network: LPIPSNetwork
  /// Features of images that were compared before; nil where nobody compares them again.
  private let kept: SharedArrays?

  init(_ network: LPIPSNetwork, kept: SharedArrays? = nil) {
    self.network = network
    self.kept = kept
  }

  var id: String { "lpips-\(network.backbone.rawValue)" }
  var learned: LearnedReference? { network.learned }
  var properties: MetricProperties { Self.properties(network.backbone) }

  static func properties(_ backbone: LPIPSBackbone) -> MetricProperties {
    MetricProperties(
      isScaleInvariant: false, isDefinedAtZero: true, smallestSide: backbone.smallestSide, channels: [1, 3])
  }

  /// Of a block's images the features are kept while it is measured: each gradient and each control is compared with several
  /// references and is sent through the network once. On a disk nothing is kept. The features of AlexNet at 32 x 32 pixels are twice
  /// the bytes of the image and, by estimate, not made much slower than read; VGG's are forty times, a gigabyte for a task.
  func sharing(_ numbers: SharedArrays) -> any AlignmentMetric {
    LPIPS(network, kept: SharedArrays(capacity: Self.keptBytes))
  }

  private static let keptBytes = 256 << 20

  func compare(_ gradients: Tensor, _ references: Tensor) throws -> [Double] {
    try distances(gradients, references).enumerated().map { image, distance in
      // ReLU makes a number of NaN.
      let isDefined = Self.areFinite(gradients.item(image)) && Self.areFinite(references.item(image))
      return isDefined ? 1 - distance : .nan
    }
  }

  /// By vectors: zero times what is not finite is NaN.
  private static func areFinite(_ numbers: ArraySlice<Float>) -> Bool {
    numbers.withUnsafeBytes { bytes in
      typealias Lanes = SIMD16<Float>
      var zeros = Lanes.zero
      var place = 0
      while place + MemoryLayout<Lanes>.stride <= bytes.count {
        zeros += bytes.loadUnaligned(fromByteOffset: place, as: Lanes.self) * 0
        place += MemoryLayout<Lanes>.stride
      }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[place...]).bindMemory(to: Float.self)
      return zeros.sum() == 0 && rest.allSatisfy(\.isFinite)
    }
  }

  private func distances(_ first: Tensor, _ second: Tensor) throws -> [Double] {
    let imageBytes = network.featureCount * MemoryLayout<Float>.stride
    // Of larger blocks too few are held at once for any to be found again.
    if let kept, first.batch * imageBytes <= Self.keptBytes / 16 {
      return network.distances(try features(first, kept), try features(second, kept))
    }
    // As many at a time as take moderate memory.
    let size = max(1, Self.keptBytes / 4 / imageBytes)
    return try stride(from: 0, to: first.batch, by: size).flatMap { start in
      let range = start..<min(start + size, first.batch)
      // Runs that are full need no other images to fill them.
      if range.count % network.imagesPerRun == 0 {
        let (one, other) = (first[batch: range], second[batch: range])
        return network.distances(try network.features(one), try network.features(other))
      }
      let both = try network.features(.concatenating([first[batch: range], second[batch: range]]))
      return network.distances(both[batch: 0..<range.count], both[batch: range.count..<2 * range.count])
    }
  }

  private func features(_ images: Tensor, _ kept: SharedArrays) throws -> Tensor {
    let found = try kept.arrays(
      "lpips-features", of: [id] + network.fingerprint, at: images, reuse: .now,
      isValid: { $0.count == 1 && $0[0].floats?.shape == [images.batch, network.featureCount] }
    ) { [.floats(try network.features(images))] }
    guard let features = found[0].floats else { preconditionFailure("checked when they were found") }
    return features
  }
}

/// What the three have in common: `--metric lpips-alex=BACKBONE[,HEADS]`.
package protocol LPIPSPlugin: MetricPlugin {
  static var backbone: LPIPSBackbone { get }
}

extension LPIPSPlugin {
  package static var id: String { "lpips-\(backbone.rawValue)" }
  package static var files: [ReferenceFileRole] {
    [ReferenceFileRole("BACKBONE"), ReferenceFileRole("HEADS", isOptional: true)]
  }

  package static func load(_ files: [ReferenceFile], _ options: ReferenceOptions) throws -> any AlignmentMetric {
    try check(count: files.count)
    if let needed = LPIPS.properties(backbone).requirement(missedBy: options.imageShape) {
      throw EvaluationError.invalidConfiguration(
        option: "metric \(id)", expected: "\(needed), which are not enlarged because the value depends on the size",
        got: "those of \(options.subject), \(options.imageShape)")
    }
    return LPIPS(
      try LPIPSNetwork(
        backbone, files.map(\.checkpoint), imageShape: options.imageShape, threads: options.threads))
  }
}

package enum LPIPSAlexPlugin: LPIPSPlugin, MetricPlugin {
  package static let backbone = LPIPSBackbone.alex
  package static let summary = "1 - LPIPS (version 0.1) on AlexNet, of images of 31 x 31 pixels at least; the paper's"
}

package enum LPIPSSqueezePlugin: LPIPSPlugin, MetricPlugin {
  package static let backbone = LPIPSBackbone.squeeze
  package static let summary = "1 - LPIPS (version 0.1) on SqueezeNet 1.1, of images of 17 x 17 pixels at least"
}

package enum LPIPSVGGPlugin: LPIPSPlugin, MetricPlugin {
  package static let backbone = LPIPSBackbone.vgg
  package static let summary = "1 - LPIPS (version 0.1) on VGG-16, of images of 16 x 16 pixels at least"
}
