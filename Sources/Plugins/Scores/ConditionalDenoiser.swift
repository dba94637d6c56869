import BenchCore
import Checkpoints
import Networks
import Tensor

/// The gradient of log p_sigma(c | x) = log p_sigma(x | c) - log p_sigma(x) + const from a class-conditional denoiser: the score
/// of class c less the score of all images, which is what classifier-free guidance (Ho and Salimans 2022) takes for a
/// classifier's gradient.
///
/// It classifies by which class's denoiser finds the noise best (Li et al., "Your Diffusion Model is Secretly a Zero-Shot
/// Classifier", ICCV 2023), here at its one noise level.
package struct ConditionalDenoiser: PosteriorScore {
  package var id: String { ConditionalDenoiserPlugin.id }
  package var noise: Double { network.noise }
  package let classCount: Int
  package var learned: LearnedReference? { network.learned }
  package var fingerprint: String? { network.fingerprint }
  private let network: DenoiserNetwork

  /// Draws of the noise for an image's prediction.
  private static let draws = 4

  /// - Throws: `ReferenceError`, `ModelError`, `CheckpointError`, `JSONError`, `GraphError`.
  init(_ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: ReferenceOptions) throws {
    network = try DenoiserNetwork(checkpoint, description, options)
    guard let classes = network.classes else { throw ReferenceError.notConditional(file: network.file) }
    guard classes == options.classCount else {
      throw ReferenceError.otherClasses(
        file: network.file, got: classes, task: options.subject, expected: options.classCount)
    }
    classCount = classes
  }

  package func posteriorScore(ofClasses classes: [Int], at images: Tensor) throws -> Tensor {
    precondition(classes.count == images.batch && classes.allSatisfy((0..<classCount).contains), "one class per image")
    let pixels = images.stride
    let gradients = try network.map(images) { image, scores in
      let (own, all) = (scores[(classes[image] * pixels)...].prefix(pixels), scores.suffix(pixels))
      return zip(own, all).map { $0 - $1 }
    }
    return Tensor(shape: images.shape, scalars: gradients.flatMap { $0 })
  }

  package func predictions(at images: Tensor, range: Range<Int>, seed: UInt64) throws -> [Int] {
    let (pixels, noise) = (images.stride, noise)
    var errors = [[Double]](repeating: [Double](repeating: 0, count: classCount), count: images.batch)
    for draw in 0..<Self.draws {
      let normals = Tensor.normals(
        RandomStream(seed: seed, name: "posterior-score \(draw)"), range: range,
        itemShape: images.shape.droppingFirst, scale: noise)
      let noised = Tensor(shape: images.shape, scalars: zip(images.scalars, normals.scalars).map { $0 + $1 })
      // The noise that is found is -sigma^2 times the score.
      let found = try network.map(noised) { [classCount] image, scores in
        (0..<classCount).map { label in
          let drawn = normals.item(image)
          return zip(scores[(label * pixels)...].prefix(pixels), drawn).reduce(0.0) { sum, pair in
            let rest = Double(pair.1) + noise * noise * Double(pair.0)
            return sum + rest * rest
          }
        }
      }
      for (image, classes) in found.enumerated() {
        for (label, error) in classes.enumerated() { errors[image][label] += error }
      }
    }
    return errors.map { row in row.indices.reduce(0) { row[$1] < row[$0] ? $1 : $0 } }
  }
}

/// `--reference denoiser=FILE`.
package enum ConditionalDenoiserPlugin: PosteriorScorePlugin {
  package static let id = "denoiser"
  package static let summary =
    "class-conditional denoiser at the noise level it was trained for with `train --kind denoiser --conditional`"

  package static func load(
    _ files: [ReferenceFile], _ options: ReferenceOptions
  ) throws -> any PosteriorScore {
    try check(count: files.count)
    return try ConditionalDenoiser(files[0].checkpoint, files[0].description, options)
  }
}
