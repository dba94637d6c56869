import ONNXSchema

/// Inputs and attributes that operators ask for. What is not here gets any inputs, which is right for most.
extension ONNXGrammar {
  mutating func signature(_ name: String, _ dice: inout Dice) -> ([String], [ProtoAttribute])? {
    let side = Self.extent
    let image = "x"
    func small(_ dice: inout Dice) -> Int { dice.chance(0.04) ? dice.extremeInteger() : dice.integer(1...3) }
    func pair(_ dice: inout Dice) -> [Int] { [small(&dice), small(&dice)] }
    func axis(_ dice: inout Dice) -> Int { dice.chance(0.05) ? dice.extremeInteger() : dice.integer(-4...3) }
    func axes(_ dice: inout Dice) -> [Int] {
      Array(Set((0..<dice.integer(1...3)).map { _ in dice.integer(0...3) })).sorted()
    }
    func window(_ dice: inout Dice) -> [ProtoAttribute] {
      var list: [ProtoAttribute] = []
      if dice.chance(0.5) { list.append(.integers("strides", pair(&dice))) }
      if dice.chance(0.4) {
        list.append(
          .integers("pads", (0..<4).map { _ in dice.chance(0.05) ? dice.extremeInteger() : dice.integer(0...2) }))
      } else if dice.chance(0.3) {
        list.append(.text("auto_pad", dice.pick(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", "OTHER"])))
      }
      if dice.chance(0.3) { list.append(.integers("dilations", pair(&dice))) }
      return list
    }
    switch name {
    case "Conv":
      let group = dice.pick([1, 1, channels])
      let kernel = [dice.integer(1...3), dice.integer(1...3)]
      let outputs = group * dice.integer(1...2)
      var inputs = [image, floats([outputs, channels / group] + kernel, &dice)]
      if dice.chance(0.5) { inputs.append(floats([outputs], &dice)) }
      return (
        inputs,
        window(&dice) + (group > 1 ? [.integer("group", group)] : [])
          + (dice.chance(0.3) ? [.integers("kernel_shape", kernel)] : [])
      )
    case "ConvTranspose":
      let group = dice.pick([1, 1, channels])
      var list = window(&dice) + [.integer("group", group)]
      if dice.chance(0.3) { list.append(.integers("output_padding", [dice.integer(0...1), dice.integer(0...1)])) }
      if dice.chance(0.3) { list.append(.integers("output_shape", [dice.integer(6...14), small(&dice) &* 6])) }
      return ([image, floats([channels, dice.integer(1...2), dice.integer(1...3), dice.integer(1...3)], &dice)], list)
    case "MaxPool", "AveragePool", "LpPool":
      var list = window(&dice) + [.integers("kernel_shape", pair(&dice))]
      for flag in ["ceil_mode", "count_include_pad", "storage_order"] where dice.chance(0.3) {
        list.append(.integer(flag, 1))
      }
      if name == "LpPool" { list.append(.integer("p", small(&dice))) }
      return ([image], list)
    case "BatchNormalization":
      return (
        [image] + (0..<4).map { _ in floats([channels], &dice) },
        [.number("epsilon", Float(dice.chance(0.2) ? dice.extremeNumber() : 1e-5))]
      )
    case "InstanceNormalization", "GroupNormalization":
      return (
        [image, floats([channels], &dice), floats([channels], &dice)],
        name.hasPrefix("G") ? [.integer("num_groups", dice.pick([1, channels, small(&dice)]))] : []
      )
    case "LayerNormalization", "RMSNormalization":
      return ([image, floats([side], &dice)], [.integer("axis", dice.chance(0.7) ? -1 : axis(&dice))])
    case "LRN": return ([image], [.integer("size", small(&dice)), .number("alpha", 0.1)])
    case "Gemm":
      return (
        ["flat", floats([channels * side * side, 2], &dice), floats(dice.pick([[2], [1, 2], [], [1]]), &dice)],
        dice.chance(0.3) ? [.number("alpha", Float(dice.extremeNumber()))] : []
      )
    case "MatMul": return ([image, floats([side, dice.integer(1...3)], &dice)], [])
    case "Einsum":
      let equations = [
        "nchw->nc", "nchw,wk->nchk", "...hw->...wh", "nchw,nchw->n", "ii->i", "nchw->", "a...b,b->...", "->",
        "nchw,nchw,nchw->c", "nchw->nn", ",->",
      ]
      let equation = dice.pick(equations)
      let count = equation.split(separator: "-", omittingEmptySubsequences: false)[0].split(
        separator: ",", omittingEmptySubsequences: false
      ).count
      return (
        (0..<count).map { $0 == 1 && equation.contains("wk") ? floats([side, 2], &dice) : image },
        [.text("equation", dice.chance(0.1) ? dice.oddName(equation) : equation)]
      )
    case "Reshape":
      let shapes = [
        [0, -1], [1, -1, side], [-1], [0, 0, side * side], [0, channels, side, side, 1], [1, 1, -1, 0],
      ]
      return ([image, integers(dice.pick(shapes), &dice)], dice.chance(0.1) ? [.integer("allowzero", 1)] : [])
    case "Flatten", "Softmax", "LogSoftmax", "LpNormalization":
      return ([image], dice.chance(0.7) ? [.integer("axis", axis(&dice))] : [])
    case "Expand":
      return (
        [
          floats(dice.pick([[1], [1, 3, 1], []]), &dice), integers(dice.pick([[2, 3, 4], [1, 1], [3, 1]]), &dice),
        ], []
      )
    case "Tile": return ([image, integers([1, small(&dice), 1, small(&dice)], &dice)], [])
    case "Pad":
      let pads = (0..<8).map { _ in dice.integer(-1...2) }
      let mode = dice.pick(["constant", "reflect", "edge", "wrap", "other"])
      return (
        [image, integers(pads, &dice)] + (dice.chance(0.4) ? [floats([], &dice)] : []),
        [.text("mode", mode), .integers("pads", pads)]
      )
    case "Slice":
      let count = dice.integer(1...2)
      let (starts, ends) = (
        (0..<count).map { _ in dice.integer(-7...5) }, (0..<count).map { _ in dice.integer(-3...8) }
      )
      let places = dice.pick([[2, 3], [1, 2], [-1, -2]])
      let steps = (0..<count).map { _ in dice.chance(0.1) ? dice.extremeInteger() : dice.pick([1, 1, 2, -1, -2]) }
      return (
        [
          image, integers(starts, &dice), integers(ends, &dice), integers(Array(places.prefix(count)), &dice),
          integers(steps, &dice),
        ], [.integers("starts", starts), .integers("ends", ends)]
      )
    case "Gather":
      return (
        [image, integers((0..<dice.integer(1...3)).map { _ in dice.integer(-1...2) }, scalar: true, &dice)],
        [.integer("axis", axis(&dice))]
      )
    case "GatherND", "GatherElements":
      return ([image, integers([0, 0, 1], &dice)], dice.chance(0.3) ? [.integer("batch_dims", small(&dice))] : [])
    case "ScatterND", "ScatterElements":
      return (
        [
          floats([3, 4], &dice), constant(.integers("", [2, 1], [0, dice.integer(-4...3)]), &dice),
          floats([2, 4], &dice),
        ], [.text("reduction", dice.pick(["none", "add", "mul", "max", "min"]))]
      )
    case "Transpose":
      return (
        [image], [.integers("perm", dice.pick([[0, 2, 3, 1], [3, 2, 1, 0], [0, 1], [0, 0, 1, 2], [0, 1, 2, 4]]))]
      )
    case "Concat": return ((0..<dice.integer(1...3)).map { _ in image }, [.integer("axis", axis(&dice))])
    case "Split":
      return (
        [image] + (dice.chance(0.5) ? [integers([dice.integer(1...5), dice.integer(1...3)], &dice)] : []),
        [.integer("axis", dice.pick([1, 2, 3, -1])), .integer("num_outputs", small(&dice))]
      )
    case "Squeeze", "Unsqueeze", "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1",
      "ReduceL2",
      "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare":
      let list = axes(&dice)
      var attributes: [ProtoAttribute] = dice.chance(0.4) ? [.integers("axes", list)] : []
      if dice.chance(0.4) { attributes.append(.integer("keepdims", dice.integer(0...1))) }
      return ([image] + (attributes.isEmpty || dice.chance(0.5) ? [integers(list, &dice)] : []), attributes)
    case "Resize", "Upsample":
      let scales = (0..<4).map { axis -> Float in
        axis < 2 ? 1 : dice.chance(0.1) ? Float(dice.extremeNumber()) : Float(dice.pick([0.5, 1, 1.5, 2, 3]))
      }
      let scale = constant(.floats("", [4], scales), &dice)
      var list: [ProtoAttribute] = [
        .text("mode", dice.pick(["nearest", "linear", "cubic", "bilinear"])), .numbers("scales", scales),
      ]
      if dice.chance(0.6) {
        list.append(
          .text(
            "coordinate_transformation_mode",
            dice.pick([
              "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "tf_crop_and_resize",
              "half_pixel_symmetric", "x",
            ])))
      }
      if dice.chance(0.3) {
        list.append(.text("nearest_mode", dice.pick(["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])))
      }
      for flag in ["antialias", "exclude_outside"] where dice.chance(0.2) { list.append(.integer(flag, 1)) }
      if dice.chance(0.2) {
        list.append(.text("keep_aspect_ratio_policy", dice.pick(["stretch", "not_larger", "not_smaller"])))
      }
      if dice.chance(0.2) { list.append(.integers("axes", [2, 3])) }
      if name == "Upsample" { return ([image, scale], list) }
      if dice.chance(0.4) {
        return ([image, "", "", integers([1, channels, small(&dice) &* 3, dice.integer(1...12)], &dice)], list)
      }
      return ([image, dice.chance(0.2) ? floats([8], &dice) : "", scale], list)
    case "TopK":
      return ([image, integers([small(&dice)], &dice)], [.integer("axis", axis(&dice)), .integer("k", small(&dice))])
    case "OneHot":
      return ([integers([0, 1, 2], &dice), integers([small(&dice)], scalar: true, &dice), floats([2], &dice)], [])
    case "Range":
      return (
        [
          integers([dice.integer(-3...3)], scalar: true, &dice), integers([dice.integer(-3...9)], scalar: true, &dice),
          integers([dice.pick([1, 2, -1])], scalar: true, &dice),
        ], []
      )
    case "ConstantOfShape":
      return (
        [integers([small(&dice), small(&dice)], &dice)],
        dice.chance(0.5) ? [.tensor("value", .floats("", [1], [2]))] : []
      )
    case "Constant":
      let attributes: [ProtoAttribute] = [
        .number("value_float", 2), .integer("value_int", dice.extremeInteger()), .integers("value_ints", [1, 2]),
        .numbers("value_floats", []), .text("value_string", "x"),
        .tensor("value", .integers("", [2], [dice.extremeInteger(), 3])),
      ]
      return ([], [dice.pick(attributes)])
    case "Where": return ([integers([1], scalar: true, &dice), image, floats([side], &dice)], [])
    case "CumSum":
      return (
        [image, integers([axis(&dice)], scalar: true, &dice)],
        dice.chance(0.4) ? [.integer("reverse", 1), .integer("exclusive", 1)] : []
      )
    case "Clip":
      return (
        [image, floats([], &dice), floats([], &dice)],
        dice.chance(0.3) ? [.number("min", Float(dice.extremeNumber())), .number("max", 1)] : []
      )
    case "DepthToSpace", "SpaceToDepth":
      return ([image], [.integer("blocksize", small(&dice)), .text("mode", dice.pick(["DCR", "CRD"]))])
    case "Trilu":
      return (
        [image, integers([dice.integer(-3...3)], scalar: true, &dice)], dice.chance(0.5) ? [.integer("upper", 0)] : []
      )
    case "Cast":
      return ([any(&dice)], [.integer("to", dice.chance(0.1) ? dice.extremeInteger() : dice.integer(0...17))])
    case "Pow", "Mod", "Div", "Add", "Sub", "Mul", "Min", "Max", "BitShift", "BitwiseAnd":
      // Whole numbers are computed exactly, when the graph is built.
      if dice.chance(0.5) {
        return (
          [
            integers([dice.extremeInteger(), dice.integer(-9...9)], &dice),
            integers([dice.chance(0.4) ? dice.extremeInteger() : dice.integer(-3...9)], &dice),
          ], name == "Mod" && dice.chance(0.3) ? [.integer("fmod", 1)] : []
        )
      }
      return ([image, dice.chance(0.5) ? image : floats(dice.pick([[], [side], [channels, 1, 1]]), &dice)], [])
    case "Abs", "Neg", "Sign", "Ceil", "Floor", "Not", "Sqrt":
      if dice.chance(0.3) { return ([integers([dice.extremeInteger()], &dice)], []) }
      return ([image], [])
    case "PRelu": return ([image, floats(dice.pick([[channels, 1, 1], [1], [side]]), &dice)], [])
    case "SwiGLU": return ([image, dice.chance(0.7) ? image : any(&dice)], [.number("alpha", dice.pick([0, 1, 2]))])
    case "GridSample":
      return (
        [image, floats([1, 2, 3, 2], &dice)],
        [
          .text("mode", dice.pick(["bilinear", "linear", "nearest", "cubic", "bicubic"])),
          .text("padding_mode", dice.pick(["zeros", "border", "reflection"])),
          .integer("align_corners", dice.integer(0...1)),
        ]
      )
    case "AffineGrid":
      return ([floats([1, 2, 3], &dice), integers([1, channels, small(&dice), small(&dice)], &dice)], [])
    case "Attention":
      let (heads, rank) = (dice.pick([1, 2]), dice.pick([3, 4]))
      let shape = rank == 3 ? [1, 3, heads * 2] : [1, heads, 3, 2]
      var inputs = (0..<3).map { _ in floats(shape, &dice) }
      if dice.chance(0.4) { inputs.append(floats(dice.pick([[3, 3], [1, 1, 3, 3], [3, 2], []]), &dice)) }
      var list: [ProtoAttribute] = [
        .integer("q_num_heads", dice.chance(0.05) ? dice.extremeInteger() : heads), .integer("kv_num_heads", heads),
      ]
      if dice.chance(0.3) { list.append(.integer("is_causal", 1)) }
      if dice.chance(0.2) { list += [.number("softcap", 2), .integer("qk_matmul_output_mode", dice.integer(-1...4))] }
      for side in ["left_window_size", "right_window_size"] where dice.chance(0.2) {
        list.append(.integer(side, dice.chance(0.2) ? dice.extremeInteger() : dice.integer(-1...3)))
      }
      return (inputs, list)
    case "RotaryEmbedding":
      return (
        [floats([1, 2, 3, 4], &dice), floats([1, 3, 2], &dice), floats([1, 3, 2], &dice)],
        dice.chance(0.3) ? [.integer("rotary_embedding_dim", small(&dice) &* 2), .integer("interleaved", 1)] : []
      )
    case "LinearAttention":
      let rule = dice.pick(["linear", "gated", "delta", "gated_delta"])
      let values = (0..<3).map { _ in floats([1, 3, 4], &dice) }
      let gate = rule.hasPrefix("gated") ? floats([1, 3, dice.pick([1, 2, 4])], &dice) : ""
      let beta = rule.hasSuffix("delta") ? floats([1, 3, 2], &dice) : ""
      return (
        values + ["", gate, beta],
        [.text("update_rule", rule), .integer("q_num_heads", 2), .integer("kv_num_heads", dice.pick([1, 2]))]
      )
    case "LinearClassifier":
      return (
        ["flat"],
        [
          .numbers("coefficients", dice.floats(3 * channels * side * side)), .numbers("intercepts", dice.floats(3)),
          .integers("classlabels_ints", [0, 1, 2]),
          .text("post_transform", dice.pick(["NONE", "SOFTMAX", "LOGISTIC", "PROBIT"])),
        ]
      )
    case "Scaler": return (["flat"], [.numbers("offset", dice.floats(1)), .numbers("scale", dice.floats(1))])
    case "Normalizer": return (["flat"], [.text("norm", dice.pick(["MAX", "L1", "L2", ""]))])
    case "If":
      var branch = ProtoGraph()
      var node = ProtoNode()
      (node.opType, node.input, node.output) = ("Relu", [image], ["inner"])
      branch.node = [node]
      branch.output = [.value("inner", [])]
      return ([integers([dice.integer(0...1)], &dice)], [.graph("then_branch", branch), .graph("else_branch", branch)])
    default: return nil
    }
  }
}
