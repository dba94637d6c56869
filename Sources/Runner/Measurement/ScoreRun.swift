import BenchCore
import Checkpoints
import Foundation
import Plugins
import Served
import Tensor

/// `run --score`: the score at given images, for whoever wants to compare it with what another program says.
struct ScoreRun {
  /// Not the exact one, which is a task's.
  let choice: ReferenceChoice
  /// In pixel units.
  let noise: Double
  /// One for all images or one of each; nil for the score without a class.
  let classes: [Int]?

  /// Writes the tensor `score` at the images of `source`.
  /// - Throws: what reading and computing throw, `ScoreRunError`.
  func run(
    _ source: RunImageOptions, outputs: String, threads: Int, _ progress: any ProgressReporter,
    _ reporting: ReportingOptions
  ) throws {
    let place = URL(fileURLWithPath: outputs)
    try OutputPlace.check(
      place, as: .tensors, apartFrom: source.named + choice.inputs(.score))
    let given = try source.read(needingLabels: false, threads: threads, progress: progress)
    let images = given.images
    let options = ReferenceOptions(
      task: nil, imageShape: images.shape.droppingFirst, classCount: 0, threads: threads, scoreNoises: [noise])
    guard let score = try ReferenceLoader(PagsBench.plugins).score(choice, options)?.score else {
      throw ScoreRunError.exact
    }
    let result = try evaluate(score, images)
    try Folder.make(place.deletingLastPathComponent())
    try SafetensorsWriter.write(
      [TensorToWrite("score", result)] + source.written(given),
      metadata: [
        "score": score.id, "noise": "\(noise)",
        "checkpoint": ([score.learned?.checkpoint].compactMap { $0 } + (score.learned?.further ?? [])).map(\.sha256)
          .joined(separator: ","),
        "classes": classes.map { $0.map(String.init).joined(separator: ",") } ?? "none",
      ], to: outputs)
    try reporting.result(
      WrittenTensors(
        file: outputs, [("score", result.shape.dimensions)] + source.written(given).map { ($0.name, $0.shape) }),
      text: "\(outputs): score \(result.shape.dimensions) at noise \(noise) of \(images.batch) images")
  }

  private func evaluate(_ score: any Score, _ images: Tensor) throws -> Tensor {
    let conditional = score as? any ClassConditionalScore
    guard let classes else {
      if let conditional, !conditional.knowsAllImages {
        CommandLineOutput.note(
          "WARNING: \(score.id): is conditional on \(conditional.classCount) classes; without --classes its label vector is zeros, as in "
            + "NVIDIA's code, which it was never trained with: this is not the score of all images")
      }
      return try score.score(at: images, noise: noise)
    }
    guard let conditional else { throw ScoreRunError.knowsNoClasses(score.id) }
    guard classes.count == 1 || classes.count == images.batch else {
      throw ScoreRunError.count(classes.count, images: images.batch)
    }
    if let wrong = classes.first(where: { $0 >= conditional.classCount }) {
      throw ScoreRunError.label(score.id, got: wrong, classes: conditional.classCount)
    }
    let labels = classes.count == 1 ? [Int](repeating: classes[0], count: images.batch) : classes
    return try conditional.score(ofClasses: labels, at: images, noise: noise)
  }
}

enum ScoreRunError: Error, CustomStringConvertible {
  case exact
  case knowsNoClasses(String)
  case count(Int, images: Int)
  case label(String, got: Int, classes: Int)

  var description: String {
    switch self {
    case .exact: "--score exact is a task's own; expected the file of a model, such as edm=FILE"
    case .knowsNoClasses(let file):
      "\(file): its score knows no classes; leave --classes out, or name a conditional model"
    case .count(let count, let images):
      "--classes names \(count) classes for \(images) images; expected one for all, or one of each"
    case .label(let file, let got, let classes): "\(file): --classes names class \(got), expected 0 to \(classes - 1)"
    }
  }
}
