import BenchCore
import Checkpoints
import Foundation
import Tensor

/// Nearest-prototype classifiers, from text files: the line `prototypes K C H W`, then for each of K classes a line of
/// C * H * W numbers, the class's mean image m.
///
/// logit k = -|x - m_k|^2 / 2, the log-likelihood of a Gaussian around the mean up to a constant.
public struct PrototypePlugin: ModelPlugin {
  public static let id = "prototypes"
  public static let version = "1"
  public static let summary = "nearest-prototype classifiers: text files of one mean image per class"

  public init() {}

  /// By content: the name of a file says nothing.
  public static func recognizes(_ probe: FileProbe) -> Bool {
    probe.head.starts(with: Data("prototypes ".utf8))
  }

  public func load(
    _ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: LoadOptions
  ) throws -> LoadedModel {
    let classifier = try PrototypeClassifier(checkpoint)
    let channels = classifier.inputShape[0]
    return LoadedModel(
      classifier: classifier, architecture: "prototypes",
      parameters: classifier.classCount * classifier.inputShape.count,
      // The means are of pixels as they are, so nothing is assumed.
      preprocessing: .identity(channels: channels), preprocessingIsAssumed: false, notes: [])
  }
}

/// Immutable, so it can be called from any number of threads.
struct PrototypeClassifier: Classifier {
  let inputShape: Shape
  /// `[K, C * H * W]`.
  private let means: [[Float]]
  var classCount: Int { means.count }

  /// - Throws: `PrototypeError`, naming the file: it comes from anywhere.
  init(_ file: CheckpointFile) throws {
    let text = String(decoding: file.data, as: UTF8.self)
    let lines = text.split(separator: "\n")
    let words = lines.first?.split(separator: " ") ?? []
    let numbers = words.dropFirst().compactMap { Int($0) }
    // Checked, because the product of a hostile file's extents may overflow.
    guard words.first == "prototypes", words.count == 5, numbers.count == 4, numbers.allSatisfy({ $0 > 0 }),
      let shape = Shape(checking: Array(numbers.dropFirst()))
    else { throw PrototypeError.header(file: file.name) }
    guard numbers[0] > 1, lines.count == numbers[0] + 1, text.hasSuffix("\n") else {
      throw PrototypeError.classes(file: file.name, expected: numbers[0], got: lines.count - 1)
    }
    means = try lines.dropFirst().enumerated().map { index, line in
      let values = line.split(separator: " ").compactMap { Float($0) }.filter(\.isFinite)
      guard values.count == shape.count else {
        throw PrototypeError.line(file: file.name, line: index + 2, expected: shape.count, got: values.count)
      }
      return values
    }
    inputShape = shape
  }

  func logits(_ images: Tensor) throws -> Tensor {
    // One image at a time: its numbers must not depend on its neighbours.
    let rows = (0..<images.batch).flatMap { index in
      let image = images.item(index)
      return means.map { mean in -zip(image, mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 2 }
    }
    return Tensor(shape: [images.batch, classCount], scalars: rows)
  }

  /// The gradient of logit k is m_k - x, so that of the sum over k of v_k logit k is the sum over k of v_k (m_k - x).
  func inputGradients(
    at images: Tensor, cotangents: @Sendable (_ logits: Tensor, _ range: Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    let logits = try logits(images)
    let gradients = try cotangents(logits, 0..<images.batch).map { vectors in
      let rows = (0..<images.batch).flatMap { index -> [Float] in
        var gradient = [Float](repeating: 0, count: inputShape.count)
        for (weight, mean) in zip(vectors.item(index), means) {
          for (pixel, value) in images.item(index).enumerated() { gradient[pixel] += weight * (mean[pixel] - value) }
        }
        return gradient
      }
      return Tensor(shape: images.shape, scalars: rows)
    }
    return (logits, gradients)
  }
}

/// Closed, with payload; a message says what, where, expected and got, and what to do.
enum PrototypeError: Error, Sendable, CustomStringConvertible {
  case header(file: String)
  case line(file: String, line: Int, expected: Int, got: Int)
  case classes(file: String, expected: Int, got: Int)

  var description: String {
    switch self {
    case .header(let file): "\(file): expected a first line such as `prototypes 10 1 28 28`; is the file complete?"
    case .line(let file, let line, let expected, let got):
      "\(file): line \(line) has \(got) finite numbers, expected \(expected); write one image per line"
    case .classes(let file, let expected, let got):
      "\(file): has \(got) whole lines of images, expected \(expected), at least 2; is the file complete?"
    }
  }
}
