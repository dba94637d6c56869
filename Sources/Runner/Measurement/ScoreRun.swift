import BenchCore
import Checkpoints
import Foundation
import Plugins
import Served
import Tensor

/// `run --score`: the score at given images, for whoever wants to compare it with what another program says.
struct ScoreRun {
  let id: String
  /// One path, or several separated by commas, as the plugin takes them.
  let file: String
  /// In pixel units.
  let noise: Double
  /// One for all images or one of each; nil for the score without a class.
  let classes: [Int]?

  /// Reads `images` and writes the tensor `score`.
  /// - Throws: what reading and computing throw, `ScoreRunError`.
  func run(inputs: String, outputs: String, threads: Int) throws {
    let plugin = PagsBench.plugins.scores.first { $0.id == id }
    guard plugin != nil || id == ServedReferences.id else {
      throw ReferenceChoiceError.unknown(
        .score, id: id, known: PagsBench.plugins.scores.map { $0.id } + [ServedReferences.id])
    }
    let place = URL(fileURLWithPath: outputs)
    let paths = try plugin?.filesRead(file, option: "--score") ?? []
    let named = [OutputPlace.Input("the file of --inputs", inputs)]
    try OutputPlace.check(
      place, as: .tensors, apartFrom: named + paths.map { OutputPlace.Input("the checkpoint of --score", $0) })
    let images = try InputImages.read(inputs, needingLabels: false).images
    let lookup = DescriptionLookup(modelsFolder: ProjectFiles.locate()?.models)
    let files = try paths.map { try ReferenceFile(at: $0, lookup) }
    // There is no task that the files could be for another than.
    let options = ReferenceOptions(
      task: files.compactMap { $0.description?.task }.first ?? "run", imageShape: images.shape.droppingFirst,
      classCount: 0,
      threads: threads, scoreNoises: [noise])
    let score =
      try plugin?.load(files, options).score
      ?? ServedReferences.score(file, options, server: .forReferences).score
    let result = try evaluate(score, images)
    try Folder.make(place.deletingLastPathComponent())
    try SafetensorsWriter.write(
      [TensorToWrite("score", result)],
      metadata: [
        "score": id, "noise": "\(noise)",
        "checkpoint": ([score.learned?.checkpoint].compactMap { $0 } + (score.learned?.further ?? [])).map(\.sha256)
          .joined(separator: ","),
        "classes": classes.map { $0.map(String.init).joined(separator: ",") } ?? "none",
      ], to: outputs)
    CommandLineOutput.result("\(outputs): score \(result.shape.dimensions) at noise \(noise) of \(images.batch) images")
  }

  private func evaluate(_ score: any Score, _ images: Tensor) throws -> Tensor {
    let conditional = score as? any ClassConditionalScore
    guard let classes else {
      if let conditional, !conditional.knowsAllImages {
        CommandLineOutput.note(
          "WARNING: \(file): is conditional on \(conditional.classCount) classes; without --classes its label vector is zeros, as in "
            + "NVIDIA's code, which it was never trained with: this is not the score of all images")
      }
      return try score.score(at: images, noise: noise)
    }
    guard let conditional else { throw ScoreRunError.knowsNoClasses(file) }
    guard classes.count == 1 || classes.count == images.batch else {
      throw ScoreRunError.count(classes.count, images: images.batch)
    }
    if let wrong = classes.first(where: { $0 >= conditional.classCount }) {
      throw ScoreRunError.label(file, got: wrong, classes: conditional.classCount)
    }
    let labels = classes.count == 1 ? [Int](repeating: classes[0], count: images.batch) : classes
    return try conditional.score(ofClasses: labels, at: images, noise: noise)
  }
}

enum ScoreRunError: Error, CustomStringConvertible {
  case knowsNoClasses(String)
  case count(Int, images: Int)
  case label(String, got: Int, classes: Int)

  var description: String {
    switch self {
    case .knowsNoClasses(let file):
      "\(file): its score knows no classes; leave --classes out, or name a conditional model"
    case .count(let count, let images):
      "--classes names \(count) classes for \(images) images; expected one for all, or one of each"
    case .label(let file, let got, let classes): "\(file): --classes names class \(got), expected 0 to \(classes - 1)"
    }
  }
}
