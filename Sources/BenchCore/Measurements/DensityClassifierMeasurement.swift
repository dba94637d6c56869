import Tensor

/// The classifier of the task's density on the same images: its accuracy, and of the exact Bayes classifier also the
/// sensitivity along the same directions.
struct DensityClassifierMeasurement: Measurement {
  let classifier: DensityClassifier
  /// Of the exact Bayes classifier's on-manifold sensitivity; nil where the density is fitted.
  let smallStep: Double?
  let clip: Bool

  func samples(of block: MeasurementBlock) throws -> SampleTable {
    let logits = try classifier.checkedLogits(block.images) {
      "image \(block.range.lowerBound + $0) (classifier of the density)"
    }
    let correct = zip(logits.argmaxOfRows(), block.labels).map { $0 == $1 ? 1.0 : 0.0 }
    var table = SampleTable([(SampleColumn.densityCorrect, correct)])
    guard let smallStep else { return table }
    let responses = Responses(
      classifier: classifier, images: block.images, firstImage: block.range.lowerBound, clip: clip)
    let changes = try responses.probabilityChanges(
      at: [
        .init(
          direction: block.directions.onManifold, scale: smallStep,
          description: "step \(brief(smallStep)) on the manifold (Bayes classifier)")
      ], from: logits)
    // Under its old name as well: rule v1 reads it.
    table.append(SampleColumn.referenceCorrect, correct)
    table.append(SampleColumn.referenceOnManifold(step: smallStep), changes[0])
    return table
  }
}
