import Checkpoints
import Foundation
import Networks
import _Fixtures

/// Files of LPIPS' networks and heads, as `--metric lpips-alex=BACKBONE[,HEADS]` and its like. Their shapes are those of the published
/// networks, of up to 59 MB; here each tensor shows one number everywhere (strides of 0), so that a file takes some kilobytes.
enum LPIPSInput: InputKind {
  static let id = "lpips"

  static func files(_ dice: inout Dice) -> [InputFile] {
    let backbone = dice.pick([LPIPSBackbone.squeeze, .squeeze, .squeeze, .alex, .alex, .vgg])
    // Now and then another network's file.
    var convolutions = convolutions(dice.chance(0.03) ? dice.pick(LPIPSBackbone.allCases) : backbone, &dice)
    var heads = heads(dice.chance(0.03) ? dice.pick(LPIPSBackbone.allCases) : backbone, &dice)
    for _ in 0..<dice.pick([0, 0, 0, 1, 1, 2]) {
      if dice.chance(0.5) { convolutions.mutate(&dice) } else { heads.mutate(&dice) }
    }
    let isOneFile = dice.chance(0.5)
    if isOneFile { convolutions.append(heads) }
    if dice.chance(0.1) { addScaling(to: &convolutions, &dice) }
    var files = [
      InputFile("metric", "lpips-\(backbone.rawValue)"),
      ReferenceExercise.imageFile(
        dice.pick([[3, 32, 32], [3, 32, 32], [1, 31, 40], [3, 17, 19], [3, 16, 16], [2, 40, 40], [3, 1, 500]])),
      InputFile("backbone.pth", encoded(convolutions, &dice)),
    ]
    if !isOneFile || dice.chance(0.1) { files.append(InputFile("heads.pth", encoded(heads, &dice))) }
    return files
  }

  private static func encoded(_ network: MadeNetwork, _ dice: inout Dice) -> Data {
    let data = dice.chance(0.7) ? CheckpointInput.zip(network, &dice) : CheckpointInput.legacy(network, &dice)
    return dice.chance(0.05) ? dice.mutated(data) : data
  }

  /// Under torchvision's names, without what stands before the number, or as a whole saved LPIPS has them.
  private static func convolutions(_ backbone: LPIPSBackbone, _ dice: inout Dice) -> MadeNetwork {
    let prefix = dice.pick(["features.", "features.", "", "net.slice1."])
    var network = MadeNetwork()
    for (name, shape) in backbone.tensors {
      let size = Float(shape.dropFirst().reduce(1, *))
      network.addConstant(prefix + name, shape, dice.chance(0.5) ? 1 / size : -0.5 / size)
    }
    return network
  }

  private static func heads(_ backbone: LPIPSBackbone, _ dice: inout Dice) -> MadeNetwork {
    let middle = dice.pick([".model.1.weight", ".model.1.weight", ".model.0.weight"])
    let isTwice = dice.chance(0.1)
    var network = MadeNetwork()
    for (index, channels) in backbone.channels.enumerated() {
      for prefix in isTwice ? ["lin", "lins."] : ["lin"] {
        network.addConstant("\(prefix)\(index)\(middle)", [1, channels, 1, 1], 0.25)
      }
    }
    return network
  }

  private static func addScaling(to network: inout MadeNetwork, _ dice: inout Dice) {
    let isWrong = dice.chance(0.5)
    let constants: [(String, [Float])] = [("shift", [-0.030, -0.088, -0.188]), ("scale", [0.458, 0.448, 0.450])]
    for (name, values) in constants {
      network.tensors.append(
        MadeTensor(
          "scaling_layer.\(name)", [1, 3, 1, 1], isWrong ? values.map { $0 * 2 } : values,
          storage: network.tensors.count))
    }
  }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    let paths = ["backbone.pth", "heads.pth"].map { folder.appendingPathComponent($0).path }
      .filter { FileManager.default.fileExists(atPath: $0) }
    for path in paths { _ = try CheckpointReader.stateDict(of: CheckpointFile.open(path)) }
    progress = .parsed
    let metric = try String(contentsOf: folder.appendingPathComponent("metric"), encoding: .utf8)
    try ReferenceExercise.metric(metric, paths, image: ReferenceExercise.image(in: folder), &progress)
  }
}

extension MadeNetwork {
  /// One number that is shown everywhere.
  fileprivate mutating func addConstant(_ name: String, _ shape: [Int], _ value: Float) {
    var tensor = MadeTensor(name, shape, [value], storage: tensors.count)
    tensor.strides = shape.map { _ in 0 }
    tensors.append(tensor)
  }

  /// Another network's tensors behind its own.
  fileprivate mutating func append(_ other: MadeNetwork) {
    let count = tensors.count
    tensors += other.tensors.map { tensor in
      var tensor = tensor
      tensor.storage += count
      return tensor
    }
  }
}
