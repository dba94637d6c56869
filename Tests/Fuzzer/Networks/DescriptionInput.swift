import BenchCore
import Foundation
import JSON
import Networks
import Plugins
import Served
import Submissions
import Text

/// `model.json` with lists of layers of every type, beside the tensors that they ask for.
enum DescriptionInput: InputKind {
  static let id = "description"

  static func files(_ dice: inout Dice) -> [InputFile] {
    var list = LayerGrammar(channels: dice.pick([1, 3]))
    let layers = list.classifier(&dice)
    var members = [
      JSONMember(key: "id", value: .string("made-1.0")), JSONMember(key: "name", value: .string("made")),
      JSONMember(key: "checkpoint", value: .object([JSONMember(key: "file", value: .string("weights.safetensors"))])),
      JSONMember(key: "architecture", value: .array(layers)),
    ]
    if dice.chance(0.5) {
      let numbers = JSONValue.array((0..<list.network.image[0]).map { _ in .number(0.5) })
      members.append(
        JSONMember(
          key: "preprocessing",
          value: .object([JSONMember(key: "mean", value: numbers), JSONMember(key: "std", value: numbers)])))
    }
    if dice.chance(0.3) { members += submission(&dice) }
    let description = dice.mutated(.object(members), count: dice.pick([0, 1, 1, 2, 3]))
    var network = list.network
    if dice.chance(0.15) { network.mutate(&dice) }
    var text = JSONText.text(description)
    if dice.chance(0.04) { text = String(decoding: dice.mutated(Data(text.utf8)), as: UTF8.self) }
    return [
      InputFile("model.json", text),
      InputFile("weights.safetensors", CheckpointInput.safetensors(network, &dice)),
      InputFile("image", network.image.map(String.init).joined(separator: ",")),
    ]
  }

  private static func submission(_ dice: inout Dice) -> [JSONMember] {
    [
      JSONMember(key: "task", value: .string("glyphs")),
      JSONMember(
        key: "claims",
        value: .object([
          JSONMember(key: "accuracy", value: .number(dice.unit())),
          JSONMember(key: "standardModel", value: .string("glyphs-cnn-cross-entropy")),
        ])),
      JSONMember(
        key: "source",
        value: .object(["paper", "authors", "license", "training"].map { JSONMember(key: $0, value: .string("x")) })),
    ]
  }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    let url = folder.appendingPathComponent("model.json")
    let value = try JSONDecoding.parse(Data(contentsOf: url), source: "model.json")
    _ = try ModelSchema.load().problems(in: value).map(\.description)
    _ = try DescriptionLookup.read(url)
    progress = .parsed
    let image = try String(contentsOf: folder.appendingPathComponent("image"), encoding: .utf8)
    try ModelExercise.load(url.path, image: image.split(separator: ",").compactMap { Int($0) }, &progress)
  }
}
