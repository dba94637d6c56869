import Tensor

/// The classifier of the task's density on the same images: its accuracy, and of the exact Bayes classifier also the
/// sensitivity along the same directions.
struct DensityClassifierMeasurement: Measurement {
  let classifier: DensityClassifier
  /// Of the exact Bayes classifier's on-manifold sensitivity; nil where the density is fitted.
  let smallStep: Double?
  let clip: Bool

  func samples(of block: MeasurementBlock) throws -> SampleTable {
    // In double precision: log-densities of two classes may differ by less than a logit in single precision can tell.
    let density = classifier.density
    let posteriors = density.logPosteriors(try density.logDensities(at: block.images, noise: 0))
    let correct = block.labels.indices.map { image in
      let row = Array(posteriors.row(image))
      return row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 } == block.labels[image] ? 1.0 : 0
    }
    var table = SampleTable([(SampleColumn.densityCorrect, correct)])
    guard let smallStep else { return table }
    let logits = try classifier.checkedLogits(block.images) {
      "image \(block.range.lowerBound + $0) (Bayes classifier)"
    }
    let responses = Responses(
      classifier: classifier, images: block.images, firstImage: block.range.lowerBound, clip: clip,
      checkCancellation: block.checkCancellation)
    let changes = try responses.probabilityChanges(
      at: [
        .init(
          direction: block.directions.onManifold, scale: smallStep,
          description: "step \(brief(smallStep)) on the manifold (Bayes classifier)")
      ], from: logits)
    // Of the logits, as rule v1 has it.
    table.append(
      SampleColumn.referenceCorrect, zip(logits.argmaxOfRows(), block.labels).map { $0 == $1 ? 1.0 : 0.0 })
    table.append(SampleColumn.referenceOnManifold(step: smallStep), changes[0])
    return table
  }
}
