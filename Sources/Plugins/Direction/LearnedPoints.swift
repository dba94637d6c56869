import BenchCore
import Checkpoints
import Foundation
import Networks
import Tensor

/// The way to a class by a generator in a file: one that `train --kind generator` made, which answers at once, or a user's as an ONNX graph,
/// onto whose images the image is projected.
struct LearnedPoints: ClosestPoints {
  let id = "learned"
  private let ways: @Sendable (Tensor, [Int]) throws -> Tensor

  /// - Throws: what reading the file throws, `ReferenceError.otherClasses`.
  init(
    _ path: String, of task: any BenchmarkTask, projection: ONNXGenerator.Projection, threads: Int, files: ProjectFiles?
  ) throws {
    let file = try ReferenceFile(at: path, DescriptionLookup(modelsFolder: files?.models))
    if FileProbe(file.checkpoint).format == .onnx {
      let generator = try ONNXGenerator(
        file.checkpoint, preprocessing: file.description?.preprocessing, imageShape: task.imageShape,
        classCount: task.classCount, projection: projection, threads: threads)
      ways = { try generator.ways(from: $0, towards: $1) }
      return
    }
    let generator = try GeneratorNetwork(
      file.checkpoint, file.description,
      ReferenceOptions(task: task.id, imageShape: task.imageShape, classCount: task.classCount, threads: threads))
    guard generator.classes == task.classCount else {
      throw ReferenceError.otherClasses(
        file: file.checkpoint.name, got: generator.classes, task: task.id, expected: task.classCount)
    }
    ways = { try generator.ways(from: $0, towards: $1) }
  }

  func directions(from images: Tensor, towards classes: [Int]) throws -> Tensor { try ways(images, classes) }
}
