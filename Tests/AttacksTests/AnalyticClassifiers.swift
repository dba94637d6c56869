import BenchCore
import Tensor

/// z = W x + b: every radius is known.
struct LinearClassifier: Classifier {
  let inputShape: Shape
  /// One row per class.
  let weights: [[Float]]
  let biases: [Float]

  var classCount: Int { biases.count }

  func logits(_ images: Tensor) -> Tensor {
    Tensor(
      shape: [images.batch, classCount],
      scalars: (0..<images.batch).flatMap { image -> [Float] in
        let pixels = images.item(image)
        return zip(weights, biases).map { row, bias in
          Float(zip(row, pixels).reduce(Double(bias)) { $0 + Double($1.0) * Double($1.1) })
        }
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
          let vector = Array(vectors.item(image))
          return (0..<inputShape.count).map { pixel in
            weights.indices.reduce(Float(0)) { $0 + vector[$1] * weights[$1][pixel] }
          }
        })
    }
    return (logits, gradients)
  }

  /// The smallest of the distances to the planes where another class overtakes the label.
  func radius(of image: [Float], label: Int, _ norm: AttackNorm) -> Double {
    let logits = logits(Tensor(shape: inputShape.prepending(1), scalars: image)).scalars
    return weights.indices.filter { $0 != label }.map { other in
      let difference = zip(weights[label], weights[other]).map { Double($0) - Double($1) }
      let dual =
        norm == .linf
        ? difference.reduce(0) { $0 + abs($1) } : difference.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return (Double(logits[label]) - Double(logits[other])) / dual
    }.min() ?? 0
  }
}

extension LinearClassifier {
  init(shape: Shape, classes: Int, seed: UInt64) {
    let random = RandomStream(seed: seed, name: "linear classifier")
    inputShape = shape
    weights = (0..<classes).map { random.normals(item: $0, count: shape.count).map { Float($0) } }
    biases = random.normals(item: classes, count: classes).map { Float($0) }
  }
}

/// The exact classifier of two concentric spheres: of radius 1, and of 1.3.
struct RadialClassifier: Classifier {
  let inputShape: Shape = [1, 20, 25]
  let classCount = 2

  func logits(_ images: Tensor) -> Tensor {
    Tensor(
      shape: [images.batch, 2],
      scalars: (0..<images.batch).flatMap { image -> [Float] in
        let square = images.item(image).reduce(0.0) { $0 + Double($1) * Double($1) }
        return [0, Float(square - 1.15 * 1.15)]
      })
  }

  func inputGradients(
    at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    let logits = logits(images)
    let gradients = try cotangents(logits, 0..<images.batch).map { vectors in
      Tensor(
        shape: images.shape,
        scalars: (0..<images.batch).flatMap { image in images.item(image).map { 2 * $0 * vectors.item(image).last! } })
    }
    return (logits, gradients)
  }

  static func points(_ count: Int) -> ImageSet {
    let random = RandomStream(seed: 3, name: "sphere")
    let labels = (0..<count).map { $0 % 2 }
    let scalars = labels.enumerated().flatMap { place, label -> [Float] in
      let draws = random.normals(item: place, count: 500)
      let length = draws.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return draws.map { Float($0 / length * (label == 1 ? 1.3 : 1)) }
    }
    return ImageSet(
      name: "sphere", split: "test", images: Tensor(shape: [count, 1, 20, 25], scalars: scalars), labels: labels)
  }
}

extension LinearClassifier {
  /// Random images with the labels that are predicted.
  func images(_ count: Int, seed: UInt64 = 1) -> ImageSet {
    let random = RandomStream(seed: seed, name: "images")
    let images = Tensor(
      shape: inputShape.prepending(count),
      scalars: (0..<count).flatMap { random.uniforms(item: $0, count: inputShape.count).map { Float($0) } })
    return ImageSet(name: "uniform", split: "test", images: images, labels: logits(images).argmaxOfRows())
  }
}
