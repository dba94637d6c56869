import Tensor

/// The part of the alignment with the reference classifier that belongs to the image, not to its class and not to what an
/// image is like anyway.
///
/// From a gradient g_i and a reference r_i (log-odds of the predicted class c_i, smoothed at the decisive noise) is removed
/// what lies in the span of the image, the blurred image and the mean of each channel; what is left is scaled to unit
/// length. With A_ij = <g_i, r_j> the alignment of image i is A_ii, and of a *same-class partner* A_ij with c_j = c_i, j not i.
/// For n images of a class
///
///     specific_i = A_ii - mean_j A_ij - mean_j A_ji + mean_jk A_jk    (j, k not equal; j, k not i in the first two)
///
/// whose mean over the class is mean_i A_ii - mean_jk A_jk: how much better the gradient fits its own image's reference than
/// that of another image with the same prediction, over *all* partners, so no order of the file matters. It estimates the
/// covariance of gradient and reference within the class, E <g - E g, r - E r>. The values of single images are those of the
/// statistic's Hoeffding projection: the mean over a bootstrap resample of them follows the statistic's to first order,
/// partners included.
///
/// A linear classifier's gradient is the same for all images of a class, so its alignment is all template: specific is
/// nearly 0 whatever the alignment is. The share is specific over alignment.
struct ImageAlignment {
  /// What a block contributes: unit vectors, or NaN throughout where nothing is left of one.
  struct Vectors: Sendable {
    /// `[B, d]` each.
    var gradients: Tensor
    var references: Tensor
    var predicted: [Int]
    /// One value an image: G, and what takes the gradient's place and does not depend on other images.
    var controls: [(name: String, values: [Double])]
  }

  /// The controls that take a gradient's place, in the order of the file.
  enum Control: String, CaseIterable {
    /// The gradient at another image with the same prediction; mean over all.
    case sameClass = "same-class"
    /// The gradient at another image with another prediction; mean over all.
    case otherClass = "other-class"
    /// The mean gradient of the other images with the same prediction.
    case template
    /// The gradient of the nearest class mean, a linear classifier.
    case nearestMean = "nearest-mean"
    case image
    case blurredImage = "blurred-image"
  }

  /// G: before anything is removed.
  static let whole = "image-alignment/whole"
  static let cosine = "image-alignment/cosine"
  static let specific = "image-alignment/specific"
  static func column(_ control: Control) -> String { "image-alignment/\(control.rawValue)" }

  /// - Parameters:
  ///   - gradient, reference: `[B, C, H, W]`.
  ///   - nearestMean: the gradient of the nearest class mean's log-odds; without it there are no controls.
  static func vectors(
    gradient: Tensor, reference: Tensor, nearestMean: Tensor? = nil, images: Tensor, predicted: [Int]
  ) -> Vectors {
    let blurred = blurred(images)
    let common = (0..<images.batch).map { commonDirections(images, blurred, image: $0) }
    func residual(_ tensor: Tensor) -> Tensor {
      Tensor(shape: [tensor.batch, tensor.stride]) { output in
        for image in 0..<tensor.batch {
          let unit = unitResidual(tensor.item(image), common[image])
          for (pixel, value) in unit.enumerated() { output[image * tensor.stride + pixel] = value }
        }
      }
    }
    let references = residual(reference)
    let controls = nearestMean.map { nearestMean in
      [
        (name: whole, values: cosineSimilarities(gradient, reference)),
        (column(.nearestMean), cosineSimilarities(residual(nearestMean), references)),
        (column(.image), cosineSimilarities(images, reference)),
        (column(.blurredImage), cosineSimilarities(blurred, reference)),
      ]
    }
    return Vectors(
      gradients: residual(gradient), references: references, predicted: predicted, controls: controls ?? [])
  }

  /// The columns of all images. Images whose gradient or reference is zero, or that are alone with their prediction, have none.
  static func table(_ blocks: [Vectors]) -> SampleTable {
    let predicted = blocks.flatMap(\.predicted)
    let count = predicted.count
    let vectors = blocks.flatMap { block in
      (0..<block.predicted.count).map { (gradient: block.gradients.item($0), reference: block.references.item($0)) }
    }
    var values = Dictionary(
      uniqueKeysWithValues: [cosine, specific, column(.sameClass), column(.otherClass), column(.template)].map {
        ($0, [Double](repeating: .nan, count: count))
      })
    let defined = (0..<count).filter {
      !(vectors[$0].gradient.first?.isNaN ?? true) && !(vectors[$0].reference.first?.isNaN ?? true)
    }
    let classes = Dictionary(grouping: defined) { predicted[$0] }
    let pixels = vectors.first?.gradient.count ?? 0
    func sum(_ images: [Int], _ vector: (Int) -> ArraySlice<Float>) -> [Double] {
      var result = [Double](repeating: 0, count: pixels)
      for image in images { for (pixel, value) in vector(image).enumerated() { result[pixel] += Double(value) } }
      return result
    }
    let all = sum(defined) { vectors[$0].gradient }
    for label in classes.keys.sorted() {
      let images = classes[label] ?? []
      let gradients = sum(images) { vectors[$0].gradient }
      let references = sum(images) { vectors[$0].reference }
      let (squares, others) = (gradients.reduce(0) { $0 + $1 * $1 }, defined.count - images.count)
      let partners = Double(images.count - 1)
      var rows = images.map { image -> (own: Double, asGradient: Double, asReference: Double) in
        let (gradient, reference) = (vectors[image].gradient, vectors[image].reference)
        let own = innerProduct(gradient, reference)
        let ofClass = product(gradients, reference)
        if others > 0 {
          values[column(.otherClass)]?[image] = (product(all, reference) - ofClass) / Double(others)
        }
        // |sum of the others|^2, the gradients being unit vectors up to rounding.
        let rest = squares - 2 * product(gradients, gradient) + squaredNorm(gradient)
        if partners > 0, rest > 1e-12 {
          values[column(.template)]?[image] = (ofClass - own) / rest.squareRoot()
        }
        return (own, product(references, gradient) - own, ofClass - own)
      }
      guard partners > 0 else { continue }
      for index in rows.indices {
        rows[index].asGradient /= partners
        rows[index].asReference /= partners
      }
      let mean = rows.reduce(0) { $0 + $1.asReference } / Double(rows.count)
      for (image, row) in zip(images, rows) {
        values[cosine]?[image] = row.own
        values[column(.sameClass)]?[image] = row.asReference
        values[specific]?[image] = row.own - row.asGradient - row.asReference + mean
      }
    }
    let names = [cosine, specific] + [Control.sameClass, .otherClass, .template].map(column)
    var table = SampleTable(names.map { ($0, values[$0] ?? []) })
    for (index, control) in (blocks.first?.controls ?? []).enumerated() {
      table.append(control.name, blocks.flatMap { $0.controls[index].values })
    }
    return table
  }

  /// Orthonormal: the image, the blurred image and the channels' constants, by Gram and Schmidt.
  private static func commonDirections(_ images: Tensor, _ blurred: Tensor, image: Int) -> [[Double]] {
    let plane = images.shape[2] * images.shape[3]
    let constants = (0..<images.shape[1]).map { channel in
      (0..<images.stride).map { $0 / plane == channel ? 1.0 : 0 }
    }
    var basis: [[Double]] = []
    for vector in constants + [images.item(image).map(Double.init), blurred.item(image).map(Double.init)] {
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let rest = removing(basis, from: vector)
      let norm = rest.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // An empty image, or one that is its own blurred image, adds no direction but rounding.
      if norm > 1e-6 * length { basis.append(rest.map { $0 / norm }) }
    }
    return basis
  }

  private static func removing(_ basis: [[Double]], from vector: [Double]) -> [Double] {
    var rest = vector
    // Twice: once leaves what rounding left.
    for _ in 0..<2 {
      for direction in basis {
        var product = 0.0
        for index in rest.indices { product += rest[index] * direction[index] }
        for index in rest.indices { rest[index] -= product * direction[index] }
      }
    }
    return rest
  }

  private static func unitResidual(_ vector: ArraySlice<Float>, _ basis: [[Double]]) -> [Float] {
    let values = vector.map(Double.init)
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let rest = removing(basis, from: values)
    let norm = rest.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard norm.isFinite, norm > 1e-6 * length else { return [Float](repeating: .nan, count: values.count) }
    return rest.map { Float($0 / norm) }
  }

  private static func product(_ sum: [Double], _ vector: ArraySlice<Float>) -> Double {
    zip(sum, vector).reduce(0) { $0 + $1.0 * Double($1.1) }
  }
}
