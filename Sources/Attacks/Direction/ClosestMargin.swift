import BenchCore
import Tensor

/// The other class that is closest by the linearised, signed distance (z_y - z_j) / |grad z_y - grad z_j|, y the label, and the gradient of z_j - z_y.
///
/// Of an image that is classified wrongly the most negative distance counts: the class it has gone to the farthest. DeepFool takes absolute
/// values; `GradientTarget.logitMargin` takes the largest other logit, which may be another class.
struct ClosestMargin {
  /// For each image.
  let classes: [Int]
  /// Infinite where no logit's difference has a gradient.
  let distances: [Double]
  let predicted: [Int]
  /// Of z_j - z_y.
  let gradients: Tensor
  /// Of the predicted class's logit.
  let predictedGradients: Tensor

  /// - Throws: `EvaluationError` for numbers that are not finite, and the classifier's errors.
  init(
    of classifier: any Classifier, id: String, at images: Tensor, labels: [Int], firstImage: Int
  ) throws {
    let (count, classCount, size) = (images.batch, classifier.classCount, images.stride)
    let result = try classifier.inputGradients(at: images) { logits, range in
      func vectors(_ value: (_ image: Int, _ row: ArraySlice<Float>, _ label: Int) -> Float) -> Tensor {
        Tensor(
          shape: logits.shape,
          scalars: (0..<range.count).flatMap { image in
            let row = logits.item(image)
            return (0..<classCount).map { value(image, row, $0) }
          })
      }
      let predicted = logits.argmaxOfRows()
      return (0..<classCount).map { other in
        vectors { image, _, label in
          let own = labels[range.lowerBound + image]
          return (label == other ? 1 : 0) - (label == own ? 1 : 0)
        }
      } + [vectors { image, _, label in label == predicted[image] ? 1 : 0 }]
    }
    for tensor in [result.logits] + result.gradients {
      if let bad = tensor.scalars.firstIndex(where: { !$0.isFinite }) {
        throw EvaluationError.nonFinite(
          what: "\(id)'s logits or gradients", place: "image \(firstImage + bad / tensor.stride)",
          value: "\(tensor.scalars[bad])")
      }
    }
    var classes: [Int] = []
    var distances: [Double] = []
    for image in 0..<count {
      let (row, own) = (Array(result.logits.item(image)), labels[image])
      let all = (0..<classCount).map { other -> Double in
        guard other != own else { return .infinity }
        let square = result.gradients[other].item(image).reduce(0.0) { $0 + Double($1) * Double($1) }
        return square > 0 ? (Double(row[own]) - Double(row[other])) / square.squareRoot() : .infinity
      }
      let closest = all.indices.min { all[$0] < all[$1] } ?? 0
      // Where there is no gradient at all, any other class: its gradient is zero and its direction undefined.
      classes.append(all[closest].isFinite ? closest : (own == 0 ? 1 : 0))
      distances.append(all[closest])
    }
    self.classes = classes
    self.distances = distances
    predicted = result.logits.argmaxOfRows()
    predictedGradients = result.gradients[classCount]
    gradients = Tensor(shape: images.shape) { output in
      for image in 0..<count {
        let gradient = result.gradients[classes[image]]
        for place in 0..<size { output[image * size + place] = gradient.scalars[image * size + place] }
      }
    }
  }
}
