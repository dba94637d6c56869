import Attacks
import BenchCore
import Foundation
import Text

/// What `direction` prints.
struct DirectionReport: Codable, Equatable {
  struct Model: Codable, Equatable {
    var label: String
    var id: String
    var sha256: String?
    var accuracy: Estimate
    var alphaDx: [DirectionResult.Alpha]
    /// Absolute cosine with the image: in the report's unit, and with pixels in [0, 1].
    var alphaX: Estimate
    var alphaXOfPixels: Estimate
    /// In the unit of the images.
    var medianLinearisedDistance: Estimate

    init(_ label: String, _ record: ModelRecord, _ measured: DirectionMeasurement) {
      (self.label, id, sha256) = (label, record.id, record.checkpoint?.sha256)
      accuracy = measured.accuracy
      alphaDx = measured.result.alphaDx
      (alphaX, alphaXOfPixels) = (measured.result.alphaX, measured.result.alphaXOfPixels)
      medianLinearisedDistance = measured.result.medianLinearisedDistance
    }
  }

  var task: String
  var taskVersion: Int
  var images: Int
  var digest: String
  var seed: UInt64
  /// Training images among which the nearest are looked for; nil where there are none.
  var referenceImages: Int?
  /// Noise of the estimator `density`.
  var noise: Double?
  /// Of `alphaX`: `"[-1, 1]"` for pixels in that range, as published; `"coordinates"` for points.
  var unit: String
  /// What |cos| of a direction without preference is in the mean.
  var chance: Double
  var models: [Model]

  var table: Table {
    let estimators = models.first?.alphaDx.map(\.estimator) ?? []
    return Table(
      title:
        "Task \(task) (version \(taskVersion)): direction of the gradient, \(images) images; |cos| by chance \(fixed(chance, 4))",
      columns: [.init("model", key: "name", isNumeric: false), .init("accuracy", key: "accuracy", isInterval: true)]
        + estimators.map { .init("alpha dx, \($0)", key: "alphaDx@\($0)", isInterval: true) } + [
          .init("alpha x", key: "alphaX", isInterval: true),
          .init("alpha x of [0, 1]", key: "alphaXOfPixels", isInterval: true),
          .init("linearised distance", key: "medianLinearisedDistance", isInterval: true),
        ],
      rows: models.map { model in
        [.text(PlainText.printable(model.label)), .estimate(model.accuracy, .fixed(3))]
          + model.alphaDx.map { .estimate($0.value, .fixed(3)) } + [
            .estimate(model.alphaX, .fixed(3)), .estimate(model.alphaXOfPixels, .fixed(3)),
            .estimate(model.medianLinearisedDistance, .significant(3)),
          ]
      })
  }
}
