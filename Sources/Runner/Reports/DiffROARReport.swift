import BenchCore
import Figures
import Foundation
import Text
import Training

/// The curves of `diffroar`.
struct DiffROARReport: Codable, Equatable {
  struct Point: Codable, Equatable {
    /// Of the coordinates that are left.
    var share: Double
    /// Test accuracy with the most important ones, with the least, and the first less the second.
    var top: Estimate
    var bottom: Estimate
    var difference: Estimate
    /// Of each training.
    var topRuns: [Double]
    var bottomRuns: [Double]

    init(_ point: DiffROAR.Point, images: Int) {
      share = point.share
      (topRuns, bottomRuns) = (point.top, point.bottom)
      let (first, second) = (Spread(point.top, images: images), Spread(point.bottom, images: images))
      (top, bottom) = (first.accuracy, second.accuracy)
      // The same images are in both, which would only make it narrower.
      difference = Spread.estimate(
        first.mean - second.mean, (first.variance + second.variance).squareRoot(), within: -1...1)
    }
  }

  struct Curve: Codable, Equatable {
    var label: String
    /// Nil for a control.
    var id: String?
    var sha256: String?
    var points: [Point]
  }

  var task: String
  var taskVersion: Int?
  var architecture: String
  var objective: String
  var epochs: Int
  var trainImages: Int
  var testImages: Int
  var runs: Int
  var seed: UInt64
  /// Test accuracy on whole images, and that of each training.
  var unmasked: Estimate
  var unmaskedRuns: [Double]
  var curves: [Curve]

  /// A curve as a result holds it.
  func result(of curve: Curve) -> RoarResult {
    RoarResult(
      architecture: architecture, objective: objective, epochs: epochs, trainImages: trainImages,
      testImages: testImages,
      runs: runs, seed: seed, unmasked: unmasked,
      points: curve.points.map {
        .init(share: $0.share, top: $0.top, bottom: $0.bottom, difference: $0.difference)
      })
  }

  static func estimate(_ runs: [Double], images: Int) -> Estimate { Spread(runs, images: images).accuracy }

  /// The mean of several trainings' accuracies, and its variance: that of the test images, and that between trainings.
  private struct Spread {
    let mean: Double
    let variance: Double

    init(_ runs: [Double], images: Int) {
      let mean = runs.reduce(0, +) / Double(runs.count)
      let between =
        runs.count > 1
        ? runs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(runs.count - 1) / Double(runs.count) : 0
      (self.mean, variance) = (mean, mean * (1 - mean) / Double(images) + between)
    }

    var accuracy: Estimate { Self.estimate(mean, variance.squareRoot(), within: 0...1) }

    /// 95 %, by the normal distribution.
    static func estimate(_ value: Double, _ error: Double, within range: ClosedRange<Double>) -> Estimate {
      Estimate(
        value: value, low: max(range.lowerBound, value - 1.96 * error),
        high: min(range.upperBound, value + 1.96 * error))
    }
  }

  var table: Table {
    Table(
      title: "Task \(task): \(FigureDiffROAR.subject); whole images \(fixed(unmasked.value ?? .nan, 3))",
      columns: [
        .init("attribution", key: "attribution", isNumeric: false), .init("left", key: "share"),
        .init("top", key: "top", isInterval: true), .init("bottom", key: "bottom", isInterval: true),
        .init("DiffROAR", key: "difference", isInterval: true),
      ],
      rows: curves.flatMap { curve in
        curve.points.map { point in
          [
            .text(PlainText.printable(curve.label)), .number(point.share, .significant(3)),
            .estimate(point.top, .fixed(3)),
            .estimate(point.bottom, .fixed(3)), .estimate(point.difference, .fixed(3)),
          ]
        }
      })
  }

  var figure: FigureDiffROAR {
    FigureDiffROAR(
      task: task,
      lines: curves.map { curve in
        func samples(_ value: (Point) -> Estimate) -> [Series.Sample] {
          curve.points.map { point in
            let estimate = value(point)
            let mean = estimate.value ?? .nan
            return .init(x: point.share, y: mean, low: estimate.low ?? mean, high: estimate.high ?? mean)
          }
        }
        return .init(
          name: PlainText.printable(curve.label), difference: samples(\.difference), top: samples(\.top),
          bottom: samples(\.bottom))
      }, whole: unmasked.value)
  }
}
