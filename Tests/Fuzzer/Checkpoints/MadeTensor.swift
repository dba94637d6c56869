import Foundation

/// A tensor of a made-up checkpoint, right or wrong.
struct MadeTensor {
  var name: String
  var shape: [Int]
  var strides: [Int]
  var offset = 0
  /// Of PyTorch's storage classes, such as `FloatStorage`.
  var storageClass = "FloatStorage"
  /// Elements that the storage says it has.
  var storageCount: Int
  var bytes: Data
  /// Which storage; several tensors may share one.
  var storage: Int

  init(_ name: String, _ shape: [Int], _ floats: [Float], storage: Int) {
    self.name = name
    self.shape = shape
    strides = Self.rowMajor(shape)
    storageCount = floats.count
    bytes = floats.withUnsafeBytes { Data($0) }
    self.storage = storage
  }

  static func rowMajor(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] &* max(1, shape[axis + 1]) }
    return strides
  }
}

/// The tensors of small networks as their checkpoints name them.
struct MadeNetwork {
  var tensors: [MadeTensor] = []
  /// `[C, H, W]`.
  var image = [1, 8, 8]

  static func made(_ dice: inout Dice) -> MadeNetwork {
    var network = MadeNetwork()
    let channels = dice.pick([1, 3])
    switch dice.integer(0...7) {
    case 0: network.smallCNN(channels, width: dice.integer(1...2), &dice)
    case 1: network.leNet(channels, width: 1, &dice)
    case 2: network.resNet(channels, stages: 3, blocks: 1, widths: 2, head: "linear", &dice)
    case 3: network.resNet(channels, stages: 4, blocks: 2, widths: 1, head: dice.pick(["fc", "linear"]), &dice)
    case 4: network.vgg(channels, norm: dice.chance(0.5), &dice)
    case 5: network.wideResNet(channels, &dice)
    case 6: network.sequence(channels, &dice)
    default: network.any(&dice)
    }
    return network
  }

  mutating func add(_ name: String, _ shape: [Int], _ dice: inout Dice) {
    let count = shape.reduce(1, *)
    var values = dice.floats(count)
    if name.hasSuffix("running_var") { values = values.map { 0.5 + abs($0) } }
    tensors.append(MadeTensor(name, shape, values, storage: tensors.count))
  }

  private mutating func conv(
    _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int = 3, bias: Bool = false, _ dice: inout Dice
  ) {
    add("\(name).weight", [outputs, inputs, kernel, kernel], &dice)
    if bias { add("\(name).bias", [outputs], &dice) }
  }

  private mutating func norm(_ name: String, _ channels: Int, _ dice: inout Dice) {
    for part in ["weight", "bias", "running_mean", "running_var"] { add("\(name).\(part)", [channels], &dice) }
  }

  private mutating func linear(_ name: String, _ inputs: Int, _ outputs: Int, _ dice: inout Dice) {
    add("\(name).weight", [outputs, inputs], &dice)
    add("\(name).bias", [outputs], &dice)
  }

  private mutating func smallCNN(_ channels: Int, width: Int, _ dice: inout Dice) {
    image = [channels, 8, 8]
    var inputs = channels
    for index in 1...3 {
      conv("conv\(index)", inputs, width << (index - 1), &dice)
      norm("bn\(index)", width << (index - 1), &dice)
      inputs = width << (index - 1)
    }
    linear("fc", inputs * 4, 3, &dice)
  }

  private mutating func leNet(_ channels: Int, width: Int, _ dice: inout Dice) {
    image = [channels, 28, 28]
    conv("conv1", channels, width, bias: true, &dice)
    conv("conv2", width, 2 * width, bias: true, &dice)
    linear("fc1", 288 * width, 2, &dice)
    linear("fc2", 2, 3, &dice)
  }

  private mutating func resNet(
    _ channels: Int, stages: Int, blocks: Int, widths: Int, head: String, _ dice: inout Dice
  ) {
    image = [channels, 32, 32]
    conv("conv1", channels, widths, kernel: stages == 4 && dice.chance(0.2) ? 7 : 3, &dice)
    norm("bn1", widths, &dice)
    var inputs = widths
    for stage in 1...stages {
      for block in 0..<blocks {
        let outputs = widths << (stage - 1)
        let name = "layer\(stage).\(block)"
        conv("\(name).conv1", inputs, outputs, &dice)
        norm("\(name).bn1", outputs, &dice)
        conv("\(name).conv2", outputs, outputs, &dice)
        norm("\(name).bn2", outputs, &dice)
        if inputs != outputs, stages == 4 {
          let place = head == "fc" ? "downsample" : "shortcut"
          conv("\(name).\(place).0", inputs, outputs, kernel: 1, &dice)
          norm("\(name).\(place).1", outputs, &dice)
        }
        inputs = outputs
      }
    }
    linear(head, inputs, 3, &dice)
  }

  private mutating func vgg(_ channels: Int, norm hasNorm: Bool, _ dice: inout Dice) {
    image = [channels, 32, 32]
    var (index, inputs) = (0, channels)
    for count in [1, 1, 2, 2, 2] {
      for _ in 0..<count {
        conv("features.\(index)", inputs, 2, bias: true, &dice)
        if hasNorm { norm("features.\(index + 1)", 2, &dice) }
        inputs = 2
        index += hasNorm ? 3 : 2
      }
      index += 1
    }
    if dice.chance(0.7) {
      linear("classifier", 2, 3, &dice)
    } else {
      linear("classifier.0", 2, 2, &dice)
      linear("classifier.3", 2, 2, &dice)
      linear("classifier.6", 2, 3, &dice)
    }
  }

  private mutating func wideResNet(_ channels: Int, _ dice: inout Dice) {
    image = [channels, 32, 32]
    conv("conv1", channels, 2, &dice)
    var inputs = 2
    for block in 1...3 {
      let outputs = 2 << (block - 1)
      let name = "block\(block).layer.0"
      norm("\(name).bn1", inputs, &dice)
      conv("\(name).conv1", inputs, outputs, &dice)
      norm("\(name).bn2", outputs, &dice)
      conv("\(name).conv2", outputs, outputs, &dice)
      if inputs != outputs { conv("\(name).convShortcut", inputs, outputs, kernel: 1, &dice) }
      inputs = outputs
    }
    norm("bn1", inputs, &dice)
    linear("fc", inputs, 3, &dice)
  }

  /// A list of modules, for which a description is proposed.
  private mutating func sequence(_ channels: Int, _ dice: inout Dice) {
    var (index, inputs) = (0, channels)
    for _ in 0..<dice.integer(0...3) {
      conv("\(index)", inputs, 2, bias: dice.chance(0.5), &dice)
      if dice.chance(0.5) { norm("\(index + 1)", 2, &dice) }
      inputs = 2
      index += dice.integer(1...3)
    }
    linear("\(index)", inputs * dice.pick([1, 4, 16, 64]), dice.integer(1...4), &dice)
  }

  private mutating func any(_ dice: inout Dice) {
    let words = [
      "conv1", "bn1", "layer1", "layer4", "0", "1", "weight", "bias", "running_mean", "features", "classifier", "fc",
      "linear", "block1", "layer", "shortcut", "downsample", "weight_g", "weight_v", "num_batches_tracked",
    ]
    for _ in 0..<dice.integer(1...8) {
      let name = (0..<dice.integer(1...4)).map { _ in dice.pick(words) }.joined(separator: ".")
      add(name, dice.shape(odd: 0), &dice)
    }
  }
}
