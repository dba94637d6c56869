import Foundation
import Tensor

/// On- and off-manifold sensitivity (the paper, section 4 and figure 3):
/// s(x, e) = || softmax f(x + e v) - softmax f(x) ||_1 in [0, 2], v a unit direction on or off the tangent space.
package enum Sensitivity {
  /// The sensitivities of images along given directions.
  ///
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - clip: whether displaced images are clipped to [0, 1].
  ///   - firstImage: position of the first image in its set, for messages.
  /// - Returns: N x number of step sizes, each.
  /// - Throws: `EvaluationError.nonFinite`, `.wrongOutput`, and the classifier's errors.
  package static func measure(
    _ classifier: any Classifier, at images: Tensor, along directions: PerturbationDirections, stepSizes: [Double],
    clip: Bool = false, firstImage: Int = 0
  ) throws -> (onManifold: Matrix, offManifold: Matrix) {
    let logits = try classifier.checkedLogits(images) { "image \(firstImage + $0)" }
    let responses = Responses(classifier: classifier, images: images, firstImage: firstImage, clip: clip)
    let changes = try changes(responses, from: logits, along: directions, stepSizes: stepSizes, scales: [1])[0]
    func matrix(_ columns: ArraySlice<[Double]>) -> Matrix {
      Matrix(rows: columns.count, columns: images.batch, scalars: columns.flatMap { $0 }).transposed
    }
    return (matrix(changes.prefix(stepSizes.count)), matrix(changes.suffix(stepSizes.count)))
  }

  /// For each factor of the logits one array of N values per step size on the manifold, then one per step size off it.
  static func changes(
    _ responses: Responses, from logits: Tensor, along directions: PerturbationDirections, stepSizes: [Double],
    scales: [Double]
  ) throws -> [[[Double]]] {
    func displacements(_ direction: Tensor, _ side: String) -> [Responses.Displacement] {
      stepSizes.map {
        Responses.Displacement(direction: direction, scale: $0, description: "step \(brief($0)) \(side) the manifold")
      }
    }
    return try responses.probabilityChanges(
      at: displacements(directions.onManifold, "on") + displacements(directions.offManifold, "off"), from: logits,
      scales: scales)
  }
}

struct SensitivityMeasurement: Measurement {
  let classifier: any Classifier
  let stepSizes: [Double]
  let clip: Bool

  /// The derivative with respect to the logarithm of the logits' factor is a central difference over plus and minus this.
  private static let difference = 0.05

  func samples(of block: MeasurementBlock) throws -> SampleTable {
    try samples(
      at: block.images, logits: block.logits, along: block.directions, firstImage: block.range.lowerBound,
      temperatureScale: block.temperatureScale, checkCancellation: block.checkCancellation)
  }

  /// Sensitivities as they are, and at calibrated temperature with their derivatives.
  func samples(
    at images: Tensor, logits: Tensor, along directions: PerturbationDirections, firstImage: Int,
    temperatureScale: Double, checkCancellation: @escaping @Sendable () throws -> Void = {}
  ) throws -> SampleTable {
    let responses = Responses(
      classifier: classifier, images: images, firstImage: firstImage, clip: clip, checkCancellation: checkCancellation)
    let changes = try Sensitivity.changes(
      responses, from: logits, along: directions, stepSizes: stepSizes,
      scales: [
        1, temperatureScale, temperatureScale * exp(-Self.difference), temperatureScale * exp(Self.difference),
      ])
    let names = stepSizes.map(SampleColumn.onManifold) + stepSizes.map(SampleColumn.offManifold)
    var table = SampleTable(zip(names, changes[0]).map { ($0, $1) })
    for (index, name) in names.enumerated() {
      table.append(SampleColumn.calibrated(name), changes[1][index])
      let slopes = zip(changes[2][index], changes[3][index]).map { ($1 - $0) / (2 * Self.difference) }
      table.append(SampleColumn.calibratedSlope(name), slopes)
    }
    return table
  }

  func result(from means: ResampledMeans) -> [SensitivityEntry] {
    stepSizes.map { step in
      SensitivityEntry(
        stepSize: step, onManifold: means.mean(SampleColumn.onManifold(step: step)),
        offManifold: means.mean(SampleColumn.offManifold(step: step)))
    }
  }
}
