import BenchCore
import Checkpoints
import Foundation
import JSON
import Networks
import Plugins
import Served
import Text

/// The answers of a program that serves a model, right or wrong: this program plays them back (`Peer`).
enum PluginInput: InputKind {
  static let id = "plugin"

  static func files(_ dice: inout Dice) -> [InputFile] {
    var answers: [Data] = []
    let image = [dice.pick([1, 3]), 2, 3]
    let classes = dice.integer(2...4)
    let shares = dice.chance(0.4)
    var request = 1
    func frame(_ header: JSONValue, payload: Data = Data(), _ dice: inout Dice) {
      var header = header
      if dice.chance(0.12) { header = dice.mutated(header, count: 1) }
      answers.append(Self.frame(header, payload, &dice))
      request += 1
    }
    frame(ready(image, classes, shares: shares, &dice), &dice)
    if shares {
      frame(
        object([
          ("type", .string("shared-memory")), ("request", integer(request)), ("accepted", .bool(dice.chance(0.8))),
        ]),
        &dice)
    }
    for images in 1...2 {
      for (type, width) in [("logits", classes), ("logits", classes), ("gradient", image.reduce(1, *))] {
        let shape = type == "logits" ? [images, classes] : [images] + image
        let values = dice.floats(images * width)
        let isShared = shares && dice.chance(0.8)
        // Where the runner puts answers behind requests is its own matter; often this is not it.
        let place: [(String, JSONValue)] =
          isShared
          ? [("place", .string("shared")), ("offset", integer(dice.pick([4096, 64, 128, 192, 256])))]
          : [("place", .string("inline"))]
        let tensor = object([("shape", .array(shape.map(integer)))] + place)
        frame(
          object([("type", .string(type)), ("request", integer(request)), ("tensor", tensor)]),
          payload: isShared ? Data() : values.withUnsafeBytes { Data($0) }, &dice)
      }
    }
    if dice.chance(0.1) { answers.shuffle(by: dice.integer(1...5)) }
    if dice.chance(0.1) { answers.removeLast(dice.integer(0...answers.count - 1)) }
    return answers.enumerated().map { InputFile("answers/\($0.offset)", $0.element) }
  }

  private static func ready(_ image: [Int], _ classes: Int, shares: Bool, _ dice: inout Dice) -> JSONValue {
    let numbers = JSONValue.array((0..<image[0]).map { _ in .number(0.5) })
    return object([
      ("type", .string("ready")), ("request", integer(1)), ("protocol", integer(1)), ("id", .string("made")),
      ("version", .string("1")), ("inputShape", .array(image.map(integer))), ("classCount", integer(classes)),
      ("input", .string(dice.pick(["pixels", "normalised"]))),
      ("preprocessing", object([("mean", numbers), ("std", numbers)])),
      ("capabilities", .array((shares ? ["vjp", "shared-memory"] : ["vjp"]).map(JSONValue.string))),
      ("parameters", integer(7)), ("notes", .array([.string(dice.chance(0.1) ? dice.oddName("note") : "note")])),
    ])
  }

  private static func frame(_ header: JSONValue, _ payload: Data, _ dice: inout Dice) -> Data {
    let text = JSONText.text(header)
    let sizes = (
      header: dice.chance(0.02) ? UInt32(truncatingIfNeeded: dice.extremeInteger()) : UInt32(text.utf8.count),
      payload: dice.chance(0.02) ? UInt64(bitPattern: Int64(dice.extremeInteger())) : UInt64(payload.count)
    )
    var data = Data("PAGS".utf8)
    withUnsafeBytes(of: sizes.header.littleEndian) { data.append(contentsOf: $0) }
    withUnsafeBytes(of: sizes.payload.littleEndian) { data.append(contentsOf: $0) }
    data += Data(text.utf8) + payload
    return dice.chance(0.03) ? dice.mutated(data) : data
  }

  private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    .object(members.map { JSONMember(key: $0.0, value: $0.1) })
  }

  private static func integer(_ value: Int) -> JSONValue { .integer(Int64(value)) }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    let program = ServerCommand(
      command: [Self.program, Peer.option, folder.appendingPathComponent("answers").path], folder: folder.path,
      startLimit: .seconds(3), requestLimit: .seconds(3))
    let checkpoint = CheckpointFile(name: "none", data: Data([0]))
    do {
      let model = try ServedPlugin().load(checkpoint, nil, LoadOptions(batch: 2, threads: 1, server: program))
      try ModelExercise.exercise(model, &progress)
    } catch let error as ServedPluginError {
      // Only what is no frame at all was not understood.
      if case .strayOutput = error {} else { progress = max(progress, .parsed) }
      throw error
    }
  }

  private static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
}

extension Array {
  /// Moved in a circle.
  fileprivate mutating func shuffle(by count: Int) {
    let first = count % Swift.max(1, self.count)
    self = Array(self[first...] + self[..<first])
  }
}
