import BenchCore
import Checkpoints
import Foundation
import Plugins

/// PyTorch's zip and legacy formats, plain pickles and safetensors: the tensors of small networks with a few things wrong.
enum CheckpointInput: InputKind {
  static let id = "checkpoint"

  static func files(_ dice: inout Dice) -> [InputFile] {
    var network = MadeNetwork.made(&dice)
    let image = network.image
    let changes = dice.pick([0, 0, 1, 1, 2])
    for _ in 0..<changes { network.mutate(&dice) }
    var data = encoded(network, &dice)
    if dice.chance(0.15) { data = dice.mutated(data) }
    var files = [InputFile("model.ckpt", data)]
    if dice.chance(0.5) { files.append(InputFile("image", image.map(String.init).joined(separator: ","))) }
    return files
  }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    let path = folder.appendingPathComponent("model.ckpt").path
    let file = try CheckpointFile.open(path)
    // Each by itself, so that its own errors are made.
    for choice in [WeightsChoice(key: "model"), WeightsChoice(member: 0)] {
      _ = (try? CheckpointReader.stateDict(of: file, choosing: choice)).map { "\($0)" }
    }
    let stateDict: StateDict
    do { stateDict = try CheckpointReader.stateDict(of: file) } catch {
      // What is wrong with a tensor is found behind the format's own rules.
      switch error {
      case .invalidTensor, .unsupportedDType, .noStateDict, .severalStateDicts: progress = .parsed
      default: break
      }
      throw error
    }
    progress = .parsed
    _ = "\(stateDict.notes)"
    let text = try? String(contentsOf: folder.appendingPathComponent("image"), encoding: .utf8)
    try ModelExercise.load(path, image: text.map { $0.split(separator: ",").compactMap { Int($0) } }, &progress)
  }

  /// In one of the formats.
  static func encoded(_ network: MadeNetwork, _ dice: inout Dice) -> Data {
    switch dice.integer(0...9) {
    case 0...3: zip(network, &dice)
    case 4: legacy(network, &dice)
    case 5, 6:
      PickleEncoder.encode(
        PyTorchPickle(network: network).object(legacy: false, arrays: true, &dice), protocol: dice.pick([2, 3, 4]))
    default: safetensors(network, &dice)
    }
  }

  static func zip(_ network: MadeNetwork, _ dice: inout Dice) -> Data {
    let root = dice.chance(0.9) ? "archive/" : dice.pick(["", "/", "../", "a/b/", "\0/"])
    let object = PyTorchPickle(network: network).object(legacy: false, arrays: false, &dice)
    var zip = ZipFile()
    zip.add("\(root)data.pkl", PickleEncoder.encode(object, protocol: dice.pick([2, 2, 3, 4])))
    if dice.chance(0.5) { zip.add("\(root)byteorder", Data(dice.chance(0.97) ? "little".utf8 : "big".utf8)) }
    for tensor in storages(network) { zip.add("\(root)data/\(tensor.storage)", tensor.bytes) }
    zip.add("\(root)version", Data((dice.chance(0.97) ? "3\n" : "99999999999999999999").utf8))
    return zip.finished(odd: dice.chance(0.1), &dice)
  }

  private static func storages(_ network: MadeNetwork) -> [MadeTensor] {
    var seen: Set<Int> = []
    return network.tensors.filter { seen.insert($0.storage).inserted }
  }

  static func legacy(_ network: MadeNetwork, _ dice: inout Dice) -> Data {
    func pickle(_ node: PickleNode) -> Data { PickleEncoder.encode(node, protocol: 2) }
    let magic: [UInt8] = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
    var data = pickle(.raw(magic)) + pickle(.integer(1001))
    data += pickle(
      .dictionary([
        (.text("protocol_version"), .integer(1001)), (.text("little_endian"), .bool(true)),
        (.text("type_sizes"), .dictionary([(.text("int"), .integer(4))])),
      ]))
    data += pickle(PyTorchPickle(network: network).object(legacy: true, arrays: false, &dice))
    let storages = storages(network)
    data += pickle(.list(storages.map { .text("\($0.storage)") }))
    for tensor in storages {
      withUnsafeBytes(of: Int64(tensor.storageCount).littleEndian) { data.append(contentsOf: $0) }
      data += tensor.bytes
    }
    return data
  }
}
