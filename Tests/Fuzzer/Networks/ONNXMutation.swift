import Foundation
import ONNXSchema

extension ONNXGrammar {
  private static let integerAttributes = [
    "axis", "keepdims", "to", "group", "blocksize", "batch_dims", "k", "p", "size", "num_groups", "start", "end",
    "noop_with_empty_axes", "ceil_mode", "num_outputs", "largest", "allowzero", "align_corners", "training_mode",
  ]
  private static let listAttributes = [
    "axes", "perm", "kernel_shape", "strides", "pads", "dilations", "split", "starts", "ends",
  ]
  private static let numberAttributes = ["alpha", "beta", "gamma", "epsilon", "value", "min", "max", "lambd", "bias"]

  func anyAttribute(_ dice: inout Dice) -> ProtoAttribute {
    switch dice.integer(0...5) {
    case 0, 1:
      .integer(dice.pick(Self.integerAttributes), dice.chance(0.5) ? dice.integer(-1...3) : dice.extremeInteger())
    case 2, 3:
      .integers(
        dice.pick(Self.listAttributes),
        (0..<dice.integer(0...5)).map { _ in dice.chance(0.8) ? dice.integer(0...3) : dice.extremeInteger() })
    case 4: .number(dice.pick(Self.numberAttributes), Float(dice.extremeNumber()))
    default:
      .text(
        dice.pick(["mode", "auto_pad", "equation", "approximate"]), dice.pick(["", "SAME_UPPER", "linear", "tanh"]))
    }
  }

  /// The attribute with an extreme value, of another type, or empty.
  func changed(_ attribute: ProtoAttribute, _ dice: inout Dice) -> ProtoAttribute {
    var changed = attribute
    switch dice.integer(0...3) {
    case 0: changed.type = Int32(dice.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, -1]))
    case 1:
      if !changed.ints.isEmpty { changed.ints[dice.integer(0...changed.ints.count - 1)] = Int64(dice.extremeInteger()) }
      if !changed.floats.isEmpty {
        changed.floats[dice.integer(0...changed.floats.count - 1)] = Float(dice.extremeNumber())
      }
      changed.i = Int64(dice.extremeInteger())
      changed.f = Float(dice.extremeNumber())
    case 2:
      changed.ints = dice.chance(0.5) ? [] : changed.ints + [1]
      changed.floats = dice.chance(0.5) ? [] : changed.floats + [1]
    default: changed.s = Data(dice.oddName(String(decoding: changed.s, as: UTF8.self)).utf8)
    }
    return changed
  }
}

extension ProtoGraph {
  /// One change of names, nodes, constants, inputs or outputs.
  mutating func mutate(_ dice: inout Dice) {
    guard !node.isEmpty, !initializer.isEmpty, !input.isEmpty, !output.isEmpty else { return }
    let place = dice.integer(0...node.count - 1)
    let constant = dice.integer(0...initializer.count - 1)
    switch dice.integer(0...15) {
    case 0: node.remove(at: place)
    case 1: node.append(node[place])
    case 2: node.swapAt(place, dice.integer(0...node.count - 1))
    case 3:
      // In a circle.
      if !node[place].input.isEmpty, let later = node.last?.output.first { node[place].input[0] = later }
    case 4: if !node[place].output.isEmpty { node[place].output[0] = dice.chance(0.5) ? "x" : "" }
    case 5: node[place].opType = dice.oddName(node[place].opType)
    case 6: initializer[constant].dims = dice.shape(odd: 0.4).map(Int64.init)
    case 7:
      initializer[constant].dataType = Int32(
        truncatingIfNeeded: dice.chance(0.8) ? dice.integer(0...24) : dice.extremeInteger())
    case 8: initializer[constant].rawData.removeLast(min(initializer[constant].rawData.count, dice.integer(1...9)))
    case 9: initializer.append(initializer[constant])
    case 10: initializer.remove(at: constant)
    case 11:
      var location = ProtoStringEntry()
      (location.key, location.value) = (dice.pick(["location", "offset", "length"]), dice.oddName("weights.bin"))
      initializer[constant].dataLocation = 1
      initializer[constant].externalData.append(location)
    case 12:
      let extents = dice.shape(rank: 0...5, odd: 0.2)
      input[0] = .value("x", extents, type: Int32(dice.pick([1, 1, 2, 7, 10, 8, 99])))
    case 13: input.append(.value(dice.oddName("y"), [1, 2]))
    case 14: output = dice.chance(0.3) ? [] : [.value(dice.pick(node).output.first ?? "", [nil, 3])]
    default:
      // Doubled many times.
      guard let name = node[place].output.first else { return }
      var last = name
      for step in 0..<dice.pick([3, 30, 70]) {
        var doubling = ProtoNode()
        doubling.opType = dice.pick(["Concat", "Add", "Tile", "Identity", "Unsqueeze"])
        (doubling.input, doubling.output) = ([last, last], ["d\(place)-\(step)"])
        doubling.attribute = [.integer("axis", 0), .integers("axes", [0])]
        node.append(doubling)
        last = doubling.output[0]
      }
      output = [.value(last, [nil, 3])]
    }
  }
}

extension ProtoModel {
  /// Replaces a node by a call of a function that holds it, which may call itself.
  mutating func useFunction(_ dice: inout Dice) {
    guard !graph.node.isEmpty else { return }
    let place = dice.integer(0...graph.node.count - 1)
    var inner = graph.node[place]
    var function = ProtoFunction()
    function.name = "Made"
    function.domain = "own"
    function.input = inner.input.indices.map { "i\($0)" }
    function.output = inner.output.indices.map { "o\($0)" }
    (inner.input, inner.output) = (function.input, function.output)
    if dice.chance(0.3) { (inner.opType, inner.domain) = ("Made", "own") }
    function.node = [inner]
    if dice.chance(0.2) {
      // Each calls the next twice.
      function.node = (0..<2).map { index in
        var call = inner
        (call.opType, call.domain) = ("Made", "own")
        call.output = function.output.map { index == 1 ? $0 : "\($0)-" }
        return call
      }
    }
    if dice.chance(0.5) { function.opsetImport = opsetImport }
    graph.node[place].opType = "Made"
    graph.node[place].domain = "own"
    functions.append(function)
  }
}
