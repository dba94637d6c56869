import BenchCore
import Foundation
import Networks
import Tensor

/// Whether a model's gradients are large where a task's signal is (Shah, Jain, Netrapalli: "Do Input Gradients Highlight Discriminative Features?",
/// NeurIPS 2021): networks are trained anew on images of which only the share k of coordinates with the largest, or the smallest, gradient is
/// left, and tested on test images masked alike.
///
/// The published code keeps the best test accuracy of a training; here it is that of the last epoch.
package struct DiffROAR: Sendable {
  package let configuration: TrainingConfiguration
  /// Of coordinates that are kept, rising, each in (0, 1).
  package let shares: [Double]
  /// Trainings of each kind, with seeds from the configuration's on.
  package let runs: Int
  private let train: any LabelledImages
  private let test: any LabelledImages
  private let fill: Float
  private let threads: Int
  private let progress: any ProgressReporter

  /// At one share of coordinates.
  package struct Point: Sendable, Codable, Equatable {
    package var share: Double
    /// Test accuracy of each run, with the most important coordinates and with the least.
    package var top: [Double]
    package var bottom: [Double]
  }

  /// - Throws: `TrainingError.noTrainingImages`, and what reading the images throws.
  package init(
    _ configuration: TrainingConfiguration, shares: [Double], runs: Int, testImages: Int, task plugin: any TaskPlugin,
    options: TaskOptions
  ) throws {
    guard
      let train = try plugin.images(.training, options, count: configuration.images, seed: configuration.dataSeed),
      let test = try plugin.images(.evaluation, options, count: nil, seed: 0), train.count > 0, test.count > 0
    else { throw TrainingError.noTrainingImages(task: plugin.id) }
    if let remark = train.remark { options.progress.note("WARNING: \(remark)") }
    self.configuration = configuration
    (self.shares, self.runs) = (shares, runs)
    (self.train, self.test) = (train, FirstImages(test, min(test.count, testImages)))
    (threads, progress) = (options.threads, options.progress)
    fill = try Self.meanPixel(of: train)
  }

  package var trainImages: Int { train.count }
  package var testImages: Int { test.count }

  /// What stands in the place of a coordinate: the mean of all training pixels, one number as published.
  private static func meanPixel(of images: any LabelledImages) throws -> Float {
    let count = min(images.count, 10_000)
    var sum = 0.0
    for start in stride(from: 0, to: count, by: 256) {
      sum += try images.images(start..<min(count, start + 256)).scalars.reduce(0) { $0 + Double($1) }
    }
    return Float(sum / Double(count * images.imageShape.count))
  }

  /// Test accuracy on whole images: the same for every model.
  package func unmasked() throws -> [Double] { try accuracies("whole images", train: train, test: test) }

  /// - Parameter name: of the attribution, for the progress.
  package func curve(of source: AttributionOrder.Source, name: String) throws -> [Point] {
    func order(_ images: any LabelledImages, _ split: String) throws -> AttributionOrder {
      try AttributionOrder(
        of: source, on: images, seed: configuration.seed, split: split, threads: threads, progress: progress)
    }
    let (trained, tested) = (try order(train, "training"), try order(test, "test"))
    return try shares.map { share in
      func accuracies(top: Bool) throws -> [Double] {
        try self.accuracies(
          "\(name), \(top ? "top" : "bottom") \(percent(share))",
          train: MaskedImages(images: train, order: trained, share: share, top: top, fill: fill),
          test: MaskedImages(images: test, order: tested, share: share, top: top, fill: fill))
      }
      return Point(share: share, top: try accuracies(top: true), bottom: try accuracies(top: false))
    }
  }

  private func percent(_ share: Double) -> String { "\(significant(100 * share, trimming: true)) %" }

  private func accuracies(
    _ what: String, train: any LabelledImages, test: any LabelledImages
  ) throws -> [Double] {
    progress.begin(what, total: runs)
    return try (0..<runs).map { run in
      var configuration = configuration
      configuration.seed += UInt64(run)
      let trainer = try Trainer(
        configuration,
        network: TrainableNetwork(
          architecture: configuration.architecture,
          NetworkSize(inputShape: train.imageShape, classCount: train.classCount, width: configuration.width),
          preprocessing: configuration.preprocessing),
        objective: ObjectiveCatalogue.make(configuration.objective), images: train)
      let trained = try trainer.train(threads: threads, progress: UntoldProgress(reporter: progress))
      let accuracy = try trained.accuracy(on: test, threads: threads)
      try progress.advance(by: 1)
      return accuracy
    }
  }
}

/// Passes on nothing but the wish to stop: of many trainings, each is one unit.
private struct UntoldProgress: ProgressReporter {
  let reporter: any ProgressReporter

  func begin(_ stage: String, total: Int) {}
  func advance(by units: Int) throws { try reporter.checkCancellation() }
  func note(_ text: String) {}
}
