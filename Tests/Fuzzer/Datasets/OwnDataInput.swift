import BenchCore
import Foundation
import Images
import JSON
import Plugins

/// A data set of the user's own, given to `tasks describe`, and its description, which a stranger may have written: arrays of a `.npz` file, or
/// folders of PNG and JPEG images.
enum OwnDataInput: InputKind {
  static let id = "own-data"

  static func files(_ dice: inout Dice) -> [InputFile] {
    let isArrays = dice.chance(0.6)
    let side = dice.chance(0.05) ? dice.integer(1...600) : dice.integer(4...9)
    let channels = dice.pick([1, 3])
    let data = isArrays ? arrays(channels, side, &dice) : folders(channels, side, &dice)
    var text = JSONText.text(
      dice.mutated(document(isArrays, channels, side, &dice), count: dice.pick([0, 0, 0, 0, 1, 1, 2])))
    if dice.chance(0.03) { text = String(decoding: dice.mutated(Data(text.utf8)), as: UTF8.self) }
    return data + [InputFile("task.json", text)]
  }

  // MARK: Arrays

  private static func arrays(_ channels: Int, _ side: Int, _ dice: inout Dice) -> [InputFile] {
    var zip = ZipFile()
    for (split, count) in [("train", dice.integer(1...6)), ("test", dice.integer(1...4))] {
      let shape = dice.pick([[count, side, side, channels], [count, channels, side, side]])
      zip.add("x_\(split).npy", array("|u1", channels == 1 ? [count, side, side] : shape, &dice))
      zip.add("y_\(split).npy", array(dice.pick(["|u1", "<i8", "<i4"]), dice.pick([[count], [count, 1]]), &dice))
    }
    var data = zip.finished(odd: dice.chance(0.03), &dice)
    if dice.chance(0.1) { data = dice.mutated(data) }
    return [InputFile("set.npz", data)]
  }

  /// A `.npy` file: its header and as many bytes as that says, unless something is wrong.
  private static func array(_ type: String, _ shape: [Int], _ dice: inout Dice) -> Data {
    var (type, shape) = (type, shape)
    let width = Int(String(type.suffix(1))) ?? 1
    let count = shape.reduce(width, *)
    if dice.chance(0.03) { shape[dice.integer(0...shape.count - 1)] = dice.extremeInteger() }
    if dice.chance(0.03) { type = dice.pick(["|O", ">i8", "<f4", "<U4", "[('a', '<i4')]", dice.oddName("|u1")]) }
    let sizes = shape.map { "\($0)" }.joined(separator: ", ")
    let header =
      "{'descr': '\(type)', 'fortran_order': \(dice.chance(0.1) ? "True" : "False"), 'shape': (\(sizes)), }\n"
    let length = dice.chance(0.02) ? dice.integer(0...65_535) : header.utf8.count
    let version: UInt8 = dice.chance(0.1) ? dice.pick([2, 3, 0, 255]) : 1
    let size = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
    // Numbers below 2 in the first byte of each: labels.
    let content = (0..<count).map { index -> UInt8 in
      width == 1 && shape.count > 2
        ? UInt8(truncatingIfNeeded: index &* 37) : index % width == 0 ? UInt8(index / width % 2) : 0
    }
    return Data([0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(header.utf8)) + Data(content)
  }

  // MARK: Folders

  private static func folders(_ channels: Int, _ side: Int, _ dice: inout Dice) -> [InputFile] {
    var files: [InputFile] = []
    for (split, count) in [("train", 3), ("test", 2)] {
      for name in ["a", "b"] {
        for index in 0..<count {
          let isJPEG = dice.chance(0.2)
          var data = isJPEG ? jpeg : png(channels, dice.chance(0.04) ? dice.integer(1...40) : side, &dice)
          if dice.chance(0.1) { data = dice.mutated(data) }
          files.append(InputFile("\(split)/\(name)/\(index).\(isJPEG ? "jpg" : "png")", data))
        }
      }
    }
    if dice.chance(0.05) { files.remove(at: dice.integer(0...files.count - 1)) }
    return files
  }

  private static func png(_ channels: Int, _ side: Int, _ dice: inout Dice) -> Data {
    let (first, step) = (dice.integer(0...255), dice.integer(0...255))
    let pixels = (0..<side * side * channels).map { UInt8(truncatingIfNeeded: first + $0 * step) }
    let image = PixelImage(width: side, height: side, channels: channels, pixels: pixels)
    return (try? PNG.encode(image)) ?? Data()
  }

  private static let jpeg: Data = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return (try? Data(contentsOf: folder.appendingPathComponent("Fixtures/images/420.jpg"))) ?? Data()
  }()

  // MARK: The description

  private static func document(_ isArrays: Bool, _ channels: Int, _ side: Int, _ dice: inout Dice) -> JSONValue {
    func part(_ split: String) -> JSONValue {
      isArrays
        ? .object([
          JSONMember(key: "file", value: .string("set.npz")), JSONMember(key: "images", value: .string("x_\(split)")),
          JSONMember(key: "labels", value: .string("y_\(split)")),
        ]) : .object([JSONMember(key: "folder", value: .string(split))])
    }
    func integers(_ values: [Int]) -> JSONValue { .array(values.map { .integer(Int64($0)) }) }
    let crop = !isArrays && dice.chance(0.5)
    let sides = crop ? dice.integer(4...8) : side
    var members = [
      JSONMember(key: "id", value: .string("mine")), JSONMember(key: "title", value: .string("Mine")),
      JSONMember(key: "version", value: .integer(1)),
      JSONMember(key: "classes", value: .array([.string("a"), .string("b")])),
      JSONMember(key: "imageShape", value: integers([isArrays ? channels : 3, sides, sides])),
      JSONMember(key: "train", value: part("train")), JSONMember(key: "test", value: part("test")),
      JSONMember(key: "stepSizes", value: integers([1, 2, 3, 4])),
      JSONMember(
        key: "mixture",
        value: .object([
          JSONMember(key: "imagesPerComponent", value: .integer(450)),
          JSONMember(key: "maximumComponents", value: .integer(2)),
          JSONMember(key: "factors", value: .integer(2)), JSONMember(key: "tangentDimension", value: .integer(1)),
          JSONMember(key: "priorImages", value: .number(100)),
        ])),
    ]
    if crop {
      members.append(JSONMember(key: "resize", value: .integer(Int64(sides))))
      members.append(JSONMember(key: "crop", value: integers([sides, sides])))
    }
    return .object(members)
  }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    var failure: (any Error)?
    do {
      _ = try TaskInspection(folder, beside: BuiltinPlugins.all.tasks).find()
      progress = .parsed
    } catch { failure = error }
    let task = try DescribedTask(folder.path, beside: BuiltinPlugins.all.tasks)
    progress = .parsed
    let options = TaskOptions()
    for split in [DataSplit.training, .evaluation] {
      guard let images = try task.images(split, options, count: nil, seed: 0) else { continue }
      _ = try images.images(0..<min(4, images.count)).scalars.reduce(0, +)
    }
    // Making the task would fit a mixture, of which no file decides more than how long it takes.
    _ = try task.evaluationImages(options, count: 1, seed: 0).digest
    progress = .loaded
    if let failure { throw failure }
  }
}
