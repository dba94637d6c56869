import JSON

/// Lists of layers whose shapes fit, with their tensors.
struct LayerGrammar {
  var network = MadeNetwork()
  /// `[C, H, W]`, or `[D]` behind the last map.
  private var shape: [Int]
  private var count = 0

  init(channels: Int) {
    shape = [channels, 8, 8]
    network.image = shape
  }

  mutating func classifier(_ dice: inout Dice) -> [JSONValue] {
    var layers: [JSONValue] = []
    for _ in 0..<dice.integer(0...4) { layers.append(layer(&dice, depth: 0)) }
    if shape.count > 1 {
      layers.append(object("Flatten"))
      shape = [shape.reduce(1, *)]
    }
    layers.append(linear(3, &dice))
    if dice.chance(0.2) { layers.append(object(dice.pick(["LogSoftmax", "Softmax"]))) }
    return layers
  }

  private mutating func linear(_ outputs: Int, _ dice: inout Dice) -> JSONValue {
    let name = fresh("fc")
    network.add("\(name).weight", [outputs, shape.last ?? 1], &dice)
    network.add("\(name).bias", [outputs], &dice)
    shape = Array(shape.dropLast()) + [outputs]
    return object("Linear", [("name", .string(name))])
  }

  private mutating func fresh(_ stem: String) -> String {
    count += 1
    return "\(stem)\(count)"
  }

  private func object(_ type: String, _ options: [(String, JSONValue)] = []) -> JSONValue {
    .object(
      [JSONMember(key: "type", value: .string(type))] + options.map { JSONMember(key: $0.0, value: $0.1) })
  }

  private mutating func layer(_ dice: inout Dice, depth: Int) -> JSONValue {
    let (channels, side) = (shape[0], shape.count == 3 ? shape[1] : 1)
    guard shape.count == 3, shape[1] == shape[2] else { return activation(&dice) }
    switch dice.integer(0...19) {
    case 0, 1, 2:
      let (outputs, padding, stride) = (dice.integer(1...4), dice.integer(0...1), dice.integer(1...2))
      guard side >= 3 else { return activation(&dice) }
      let name = fresh("conv")
      let groups = dice.chance(0.2) ? channels : 1
      let wide = outputs * groups
      network.add("\(name).weight", [wide, channels / groups, 3, 3], &dice)
      if dice.chance(0.5) { network.add("\(name).bias", [wide], &dice) }
      let next = (side + 2 * padding - 3) / stride + 1
      shape = [wide, next, next]
      return object(
        "Conv2d",
        [
          ("name", .string(name)), ("padding", integer(padding)), ("stride", integer(stride)),
          ("groups", integer(groups)),
        ])
    case 3:
      let name = fresh("up")
      network.add("\(name).weight", [channels, 2, 2, 2], &dice)
      shape = [2, 2 * side, 2 * side]
      return object("ConvTranspose2d", [("name", .string(name)), ("stride", integer(2))])
    case 4, 5:
      let name = fresh("bn")
      for part in ["weight", "bias", "running_mean", "running_var"] {
        network.add("\(name).\(part)", [channels], &dice)
      }
      return object("BatchNorm2d", [("name", .string(name))])
    case 6:
      return object("GroupNorm", [("numGroups", integer(dice.pick([1, channels])))])
    case 7: return object("InstanceNorm2d", dice.chance(0.3) ? [("eps", .number(1e-3))] : [])
    case 8 where side >= 2:
      shape = [channels, side / 2, side / 2]
      return object(dice.pick(["MaxPool2d", "AvgPool2d"]), [("kernelSize", integer(2))])
    case 9:
      let size = dice.integer(1...4)
      shape = [channels, size, size]
      return object("AdaptiveAvgPool2d", [("outputSize", integer(size))])
    case 10 where side <= 16:
      let factor = dice.integer(1...3)
      shape = [channels, side * factor, side * factor]
      return object("Upsample", [("factor", integer(factor)), ("mode", .string(dice.pick(["nearest", "bilinear"])))])
    case 11:
      shape = [channels, side + 2, side + 2]
      return object(
        "Pad", [("low", integers([0, 0, 1, 1])), ("high", integers([0, 0, 1, 1])), ("value", .number(0.5))])
    case 12:
      guard side >= 2 else { return activation(&dice) }
      shape = [channels, side / 2, side]
      return object(
        "Slice", [("axis", integer(2)), ("start", integer(0)), ("count", integer(side / 2)), ("step", integer(2))])
    case 13:
      shape = [channels, side * side]
      return object("Reshape", [("shape", integers([channels, dice.chance(0.5) ? -1 : side * side]))])
    case 14:
      return object("Permute", [("permutation", integers([0, 1, 3, 2]))])
    case 15:
      shape = [channels]
      return object(dice.pick(["Mean", "Sum", "Max"]), [("axes", integers([2, 3]))])
    case 16 where depth < 3:
      // What adds keeps its shape.
      let main = (0..<dice.integer(0...2)).map { _ in activation(&dice) }
      return object("Residual", [("main", .array(main)), ("shortcut", .array([]))])
    case 17 where depth < 3:
      let branches = (0..<dice.integer(1...3)).map { _ in JSONValue.array([activation(&dice)]) }
      shape[0] *= branches.count
      return object("Concatenate", [("branches", .array(branches))])
    case 18 where depth < 3:
      return object("Multiply", [("branches", .array([.array([]), .array([activation(&dice)])]))])
    case 19 where shape.count == 3:
      let name = fresh("attention")
      let (channels, positions) = (shape[0], shape[1] * shape[2])
      for (suffix, extents) in [
        ("in_proj_weight", [3 * channels, channels]), ("in_proj_bias", [3 * channels]),
        ("out_proj.weight", [channels, channels]), ("out_proj.bias", [channels]),
      ] { network.add("\(name).\(suffix)", extents, &dice) }
      network.add("\(name).token", [1, 1, channels], &dice)
      let heads = dice.pick([1, 2, channels, 1 << 40])
      shape = [positions + 1, channels]
      return object(
        "Sequential",
        [
          (
            "layers",
            .array([
              object("Reshape", [("shape", integers([channels, positions]))]),
              object("Permute", [("permutation", integers([0, 2, 1]))]),
              object("PrependParameter", [("name", .string("\(name).token"))]),
              object("MultiheadAttention", [("name", .string(name)), ("numHeads", integer(heads))]),
            ])
          )
        ])
    default: return activation(&dice)
    }
  }

  private mutating func activation(_ dice: inout Dice) -> JSONValue {
    switch dice.integer(0...16) {
    case 0: return object("LeakyReLU", [("negativeSlope", .number(dice.unit()))])
    case 1: return object("Softplus", [("beta", .number(dice.chance(0.1) ? 1e300 : 2))])
    case 2: return object("GELU", [("approximate", .string("tanh"))])
    case 3: return object("Clip", [("minimum", .number(-1)), ("maximum", .number(1))])
    case 4: return object("Scale", [("value", .number(dice.unit()))])
    case 5: return object("Shift", [("value", .number(dice.unit()))])
    case 6:
      return object(
        dice.pick([
          "Sigmoid", "Tanh", "SiLU", "Dropout", "Identity", "SELU", "Mish", "Softsign", "Hardsigmoid", "Hardswish",
          "ReLU6", "LogSigmoid", "Tanhshrink", "RReLU", "Softmin", "Softmax2d",
        ]))
    case 7:
      let name = fresh("ln")
      network.add("\(name).weight", [shape[shape.count - 1]], &dice)
      network.add("\(name).bias", [shape[shape.count - 1]], &dice)
      return object("LayerNorm", [("name", .string(name))])
    case 8: return object("Sequential", [("layers", .array([object("ReLU")]))])
    case 9: return object(dice.pick(["ELU", "CELU"]), [("alpha", .number(dice.chance(0.2) ? 0 : dice.unit()))])
    case 10: return object("Hardtanh", [("minVal", .number(dice.unit() - 1)), ("maxVal", .number(dice.unit()))])
    case 11:
      let name = fresh("parameter")
      network.add(name, dice.chance(0.8) ? [shape[shape.count - 1]] : [2] + shape, &dice)
      return object(dice.pick(["AddParameter", "MultiplyParameter"]), [("name", .string(name))])
    case 12:
      let name = fresh("prelu")
      network.add("\(name).weight", [dice.chance(0.5) ? 1 : shape[0]], &dice)
      return object("PReLU", [("name", .string(name))])
    case 13:
      return object(dice.pick(["Hardshrink", "Softshrink"]), [("lambd", .number(dice.unit() - 0.1))])
    case 14: return object("Threshold", [("threshold", .number(dice.unit())), ("value", .number(dice.unit()))])
    case 15: return dice.pick([true, false]) ? windows(&dice) : cosineWindows(&dice)
    default: return object("ReLU")
    }
  }

  /// Swin's attention on whatever the map is, which it reads as [N, H, W, C]; tables of other heads and windows too.
  private mutating func windows(_ dice: inout Dice) -> JSONValue {
    let (name, width) = (fresh("windows"), shape[shape.count - 1])
    let window = dice.pick([1, 2, 3, 200])
    let heads = dice.pick([1, 2, width])
    network.add("\(name).relative_position_bias_table", [(2 * window - 1) * (2 * window - 1), heads], &dice)
    network.add("\(name).qkv.weight", [3 * width, width], &dice)
    network.add("\(name).proj.weight", [width, width], &dice)
    network.add("\(name).proj.bias", [width], &dice)
    return object(
      "WindowAttention", [("name", .string(name)), ("shiftSize", integer(dice.pick([0, 1, window / 2])))])
  }

  /// The same of Swin V2, with a network of biases that may not fit.
  private mutating func cosineWindows(_ dice: inout Dice) -> JSONValue {
    let (name, width) = (fresh("windows"), shape[shape.count - 1])
    let window = dice.pick([1, 2, 3, 64, 200])
    let (heads, inner) = (dice.pick([1, 2, width]), dice.pick([1, 3, 8]))
    network.add("\(name).logit_scale", [heads, 1, 1], &dice)
    network.add("\(name).cpb_mlp.0.weight", [inner, 2], &dice)
    network.add("\(name).cpb_mlp.0.bias", [inner], &dice)
    network.add("\(name).cpb_mlp.2.weight", [dice.pick([heads, heads, 1]), inner], &dice)
    network.add("\(name).qkv.weight", [3 * width, width], &dice)
    network.add("\(name).qkv.bias", [3 * width], &dice)
    network.add("\(name).proj.weight", [width, width], &dice)
    network.add("\(name).proj.bias", [width], &dice)
    return object(
      "CosineWindowAttention",
      [
        ("name", .string(name)), ("windowSize", integer(window)),
        ("shiftSize", integer(dice.pick([0, 1, window / 2]))),
      ])
  }

  private func integer(_ value: Int) -> JSONValue { .integer(Int64(value)) }
  private func integers(_ values: [Int]) -> JSONValue { .array(values.map(integer)) }
}
