import BenchCore
import Networks
import Tensor

/// The gradient of log p_sigma(c | x) = log p_sigma(x | c) - log p_sigma(x) + const from two diffusion models, one
/// conditional on the class and one of all images, at the same noise: what classifier-free guidance (Ho and Salimans 2022) takes for
/// a classifier's gradient. They need not be of one architecture.
///
/// It classifies by which class's denoiser finds the noise best (Li et al., "Your Diffusion Model is Secretly a Zero-Shot
/// Classifier", ICCV 2023), here at its one noise level, from one draw: each is a pass through the network for every class.
package struct DiffusionPosterior: PosteriorScore {
  package let id: String
  /// That at which the task's references decide.
  package let noise: Double
  package let classCount: Int
  package let learned: LearnedReference?
  package let fingerprint: String?
  private let conditional: DiffusionModel
  private let unconditional: DiffusionModel

  /// - Parameter id: of the plugin.
  /// - Throws: `DiffusionError`, `ReferenceError`, `EvaluationError`, and what reading the files throws.
  init(
    id: String, _ options: ReferenceOptions, conditional: () throws -> DiffusionModel,
    unconditional: () throws -> DiffusionModel
  ) throws {
    guard let noise = options.decisiveNoise else {
      throw EvaluationError.invalidTask(
        task: options.subject,
        problem: "does not say at which noise level references decide, which the reference \(id) needs")
    }
    let conditional = try conditional()
    guard let classes = conditional.classes else {
      throw DiffusionError.notConditional(file: conditional.file, id: id)
    }
    guard classes == options.classCount else {
      throw ReferenceError.otherClasses(
        file: conditional.file, got: classes, task: options.subject, expected: options.classCount)
    }
    let unconditional = try unconditional()
    if let classes = unconditional.classes {
      throw DiffusionError.notUnconditional(file: unconditional.file, classes: classes)
    }
    self.id = id
    self.noise = noise
    (self.conditional, self.unconditional) = (conditional, unconditional)
    classCount = classes
    var learned = conditional.learned
    learned.further =
      (learned.further ?? []) + [unconditional.learned.checkpoint] + (unconditional.learned.further ?? [])
    learned.parameters += unconditional.learned.parameters
    self.learned = learned
    fingerprint = conditional.fingerprint + " " + unconditional.fingerprint
  }

  package func posteriorScore(ofClasses classes: [Int], at images: Tensor) throws -> Tensor {
    let own = try conditional.score(at: images, classes: classes, noise: noise)
    let all = try unconditional.score(at: images, noise: noise)
    return Tensor(shape: images.shape, scalars: zip(own.scalars, all.scalars).map { $0 - $1 })
  }

  package func predictions(at images: Tensor, range: Range<Int>, seed: UInt64) throws -> [Int] {
    let normals = Tensor.normals(
      RandomStream(seed: seed, name: "posterior-score 0"), range: range, itemShape: images.shape.droppingFirst,
      scale: noise)
    let noised = Tensor(shape: images.shape, scalars: zip(images.scalars, normals.scalars).map { $0 + $1 })
    var best = [(error: Double, label: Int)](repeating: (.infinity, 0), count: images.batch)
    for label in 0..<classCount {
      let labels = [Int](repeating: label, count: images.batch)
      let scores = try conditional.score(at: noised, classes: labels, noise: noise)
      for image in 0..<images.batch {
        // The noise that is found is -sigma^2 times the score.
        let error = zip(scores.item(image), normals.item(image)).reduce(0.0) { sum, pair in
          let rest = Double(pair.1) + noise * noise * Double(pair.0)
          return sum + rest * rest
        }
        if error < best[image].error { best[image] = (error, label) }
      }
    }
    return best.map(\.label)
  }
}
