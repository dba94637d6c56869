import BenchCore
import Tensor

/// A score that a program computes: `--score program=CMD`. Nothing of it is kept from one run to the next, as its files alone need not
/// decide it.
struct ServedScore: Score {
  let reference: ServedReference
  var id: String { reference.id }
  var learned: LearnedReference? { reference.learned }

  func score(at images: Tensor, noise: Double) throws -> Tensor {
    try reference.score(at: images, noise: noise, classes: nil)
  }
}

/// The same of one that can be asked for the images of single classes.
struct ServedConditionalScore: ClassConditionalScore {
  let reference: ServedReference
  let classCount: Int
  var id: String { reference.id }
  var learned: LearnedReference? { reference.learned }
  var knowsAllImages: Bool { reference.announcement.knowsAllImages ?? false }

  func score(at images: Tensor, noise: Double) throws -> Tensor {
    try reference.score(at: images, noise: noise, classes: nil)
  }

  func score(ofClasses classes: [Int], at images: Tensor, noise: Double) throws -> Tensor {
    try reference.score(at: images, noise: noise, classes: classes)
  }
}

extension ServedReference {
  /// - Throws: `ServedPluginError`, also for a noise level that the program did not announce.
  fileprivate func score(at images: Tensor, noise: Double, classes: [Int]?) throws -> Tensor {
    if let noises = announcement.noises, !noises.contains(noise) {
      throw ServedPluginError.noise(program: name, got: noise, known: noises)
    }
    let scalars = try ask(
      "score", [("images", images)], noise: noise, classes: classes,
      answer: ("score", images.shape.droppingFirst))
    return Tensor(shape: images.shape, scalars: scalars)
  }
}
