import Checkpoints
import Foundation
import SwiftProtobuf

/// ONNX graphs with nodes of every operator that the importer knows.
enum ONNXInput: InputKind {
  static let id = "onnx"

  static func files(_ dice: inout Dice) -> [InputFile] {
    let model = ONNXGrammar(&dice).model(&dice)
    var data = (try? model.serializedBytes() as Data) ?? Data()
    if dice.chance(0.05) { data = dice.mutated(data) }
    return [InputFile("model.onnx", data)]
  }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    let path = folder.appendingPathComponent("model.onnx").path
    _ = try ONNXReader.model(of: CheckpointFile.open(path))
    progress = .parsed
    try ModelExercise.load(path, image: nil, &progress)
  }
}
