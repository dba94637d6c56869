import BenchCore
import Tensor

/// Logits given as functions of the pixels, with their gradients.
struct FunctionClassifier: Classifier {
  let inputShape: Shape
  /// One for each class.
  let functions: [@Sendable ([Double]) -> (value: Double, gradient: [Double])]

  var classCount: Int { functions.count }

  /// w . x for each row.
  static func linear(_ shape: Shape, _ weights: [[Double]]) -> FunctionClassifier {
    FunctionClassifier(
      inputShape: shape,
      functions: weights.map { row in { pixels in (zip(row, pixels).reduce(0) { $0 + $1.0 * $1.1 }, row) } })
  }

  /// -a |x - m|^2 / 2 for each (a, m).
  static func quadratic(_ shape: Shape, _ classes: [(a: Double, m: [Double])]) -> FunctionClassifier {
    FunctionClassifier(
      inputShape: shape,
      functions: classes.map { a, m in
        { pixels in
          let differences = zip(pixels, m).map { $0 - $1 }
          return (-a / 2 * differences.reduce(0) { $0 + $1 * $1 }, differences.map { -a * $0 })
        }
      })
  }

  func logits(_ images: Tensor) -> Tensor {
    Tensor(
      shape: [images.batch, classCount],
      scalars: (0..<images.batch).flatMap { image in
        functions.map { Float($0(images.item(image).map(Double.init)).value) }
      })
  }

  func inputGradients(
    at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    let logits = logits(images)
    let gradients = try cotangents(logits, 0..<images.batch).map { vectors in
      Tensor(
        shape: images.shape,
        scalars: (0..<images.batch).flatMap { image -> [Float] in
          let all = functions.map { $0(images.item(image).map(Double.init)).gradient }
          return (0..<inputShape.count).map { pixel in
            Float(zip(vectors.item(image), all).reduce(0.0) { $0 + Double($1.0) * $1.1[pixel] })
          }
        })
    }
    return (logits, gradients)
  }
}

/// The score of N(mean, variance I), and of what noise makes of it.
struct GaussianScore: Score {
  let id = "gaussian"
  let mean: Float
  let variance: Double

  func score(at images: Tensor, noise: Double) -> Tensor {
    Tensor(
      shape: images.shape,
      scalars: images.scalars.map { Float(-(Double($0) - Double(mean)) / (variance + noise * noise)) })
  }
}

/// A score that says to be of a checkpoint.
struct LearnedScore: Score {
  let id = "learned"
  var learned: LearnedReference? {
    LearnedReference(
      id: id, name: id, checkpoint: .init(file: "score.pt", sha256: "", bytes: 0, format: "none"), parameters: 0)
  }

  func score(at images: Tensor, noise: Double) -> Tensor { images }
}

/// `[count, 1, side, side]` of standard normal pixels.
func randomImages(_ count: Int, side: Int = 4, seed: UInt64 = 1) -> Tensor {
  let random = RandomStream(seed: seed, name: "images of a test")
  return Tensor(
    shape: [count, 1, side, side],
    scalars: (0..<count).flatMap { random.normals(item: $0, count: side * side).map { Float($0) } })
}
