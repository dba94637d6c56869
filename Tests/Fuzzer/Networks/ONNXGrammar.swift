import Foundation
import Networks
import ONNXSchema
import Plugins
import Served
import Text

/// Makes classifiers in which a few nodes of any operators stand between a linear layer and its output.
///
/// Whatever the shape of what a node makes, it is added up and the sum added to the logits: so it is computed, and has a derivative.
struct ONNXGrammar {
  static let extent = 6
  static let classes = 3
  private(set) var graph = ProtoGraph()
  /// Values whose shape is known, by name.
  var known: [(name: String, shape: [Int])] = []
  /// Values that nodes have made, and whole numbers.
  var others: [String] = []
  private var made: [String] = []
  private var count = 0
  let channels: Int

  init(_ dice: inout Dice) {
    channels = dice.pick([1, 3, 4])
    graph.name = "made"
    let side = Self.extent
    // One image, so that shapes are known; free, so that rebatching is tried.
    graph.input = [.value("x", [dice.chance(0.4) ? nil : dice.pick([1, 1, 2]), channels, side, side])]
    known = [("x", [1, channels, side, side])]
    add("Flatten", ["x"], [], outputs: ["flat"])
    let weights = floats([channels * side * side, Self.classes], &dice)
    add("MatMul", ["flat", weights], [], outputs: ["head"])
    known += [("flat", [1, channels * side * side]), ("head", [1, Self.classes])]
    for _ in 0..<dice.integer(1...3) { node(&dice) }
    tail()
  }

  // MARK: Values

  mutating func fresh() -> String {
    count += 1
    return "v\(count)"
  }

  mutating func floats(_ shape: [Int], _ dice: inout Dice) -> String {
    let size = shape.reduce(1, *)
    return constant(.floats("", shape, dice.floats(size)), &dice)
  }

  mutating func integers(_ values: [Int], scalar: Bool = false, _ dice: inout Dice) -> String {
    let values = values.map { dice.chance(0.03) ? dice.extremeInteger() : $0 }
    return constant(.integers("", scalar && values.count == 1 ? [] : [values.count], values), &dice)
  }

  /// An initialiser, or the value of a node.
  mutating func constant(_ tensor: ProtoTensor, _ dice: inout Dice) -> String {
    let name = fresh()
    if dice.chance(0.2) {
      add("Constant", [], [.tensor("value", tensor)], outputs: [name])
    } else {
      var tensor = tensor
      tensor.name = name
      graph.initializer.append(tensor)
    }
    return name
  }

  /// A value of the graph, or a constant of any shape.
  mutating func any(_ dice: inout Dice) -> String {
    switch dice.integer(0...9) {
    case 0...2: return "x"
    case 3, 4: return dice.pick(known).name
    case 5...6 where !others.isEmpty: return dice.pick(others)
    case 7: return integers((0..<dice.integer(0...4)).map { _ in dice.integer(-3...6) }, scalar: true, &dice)
    case 8: return floats([], &dice)
    default: return floats(dice.shape(odd: 0), &dice)
    }
  }

  mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [ProtoAttribute], outputs: [String], domain: String = ""
  ) {
    var node = ProtoNode()
    node.opType = operation
    node.domain = domain
    node.input = inputs
    node.output = outputs
    node.attribute = attributes
    graph.node.append(node)
  }

  // MARK: Nodes

  private mutating func node(_ dice: inout Dice) {
    let (name, domain) = dice.pick(ONNXOperators.names + [("If", "")])
    let specific = dice.chance(0.75) ? signature(name, &dice) : nil
    var (inputs, attributes) = specific ?? generic(name, &dice)
    if dice.chance(0.06), !inputs.isEmpty {
      inputs[dice.integer(0...inputs.count - 1)] = dice.chance(0.5) ? "" : any(&dice)
    }
    if dice.chance(0.05) { attributes.append(anyAttribute(&dice)) }
    if dice.chance(0.12), !attributes.isEmpty {
      let place = dice.integer(0...attributes.count - 1)
      attributes[place] = changed(attributes[place], &dice)
    }
    let several = [
      "Split", "TopK", "Attention", "LinearAttention", "Dropout", "LinearClassifier", "BatchNormalization",
    ]
    let outputs = (0..<(several.contains(name) ? dice.integer(1...3) : 1)).map { _ in fresh() }
    add(name, inputs, attributes, outputs: outputs, domain: domain)
    others += outputs
    made += outputs
  }

  private mutating func generic(_ name: String, _ dice: inout Dice) -> ([String], [ProtoAttribute]) {
    let count = dice.pick([1, 1, 1, 2, 2, 2, 3, 4, 0])
    let inputs = (0..<count).map { _ in any(&dice) }
    let attributes = (0..<dice.pick([0, 0, 1, 2])).map { _ in anyAttribute(&dice) }
    return (inputs, attributes)
  }

  private mutating func tail() {
    var logits = "head"
    for name in made {
      let (number, sum, next) = (fresh(), fresh(), fresh())
      add("Cast", [name], [.integer("to", 1)], outputs: [number])
      add("ReduceSum", [number], [.integer("keepdims", 0)], outputs: [sum])
      add("Add", [logits, sum], [], outputs: [next])
      logits = next
    }
    graph.output = [.value(logits, [nil, Self.classes])]
  }

  /// A model with more wrong with it than single attributes and inputs.
  func model(_ dice: inout Dice) -> ProtoModel {
    var graph = graph
    for _ in 0..<dice.pick([0, 0, 0, 1, 2]) { graph.mutate(&dice) }
    var model = ProtoModel()
    model.irVersion = 8
    model.graph = graph
    for domain in ["", "ai.onnx.ml"] {
      var opset = ProtoOperatorSet()
      opset.domain = domain
      opset.version = domain.isEmpty ? Int64(dice.pick([7, 9, 11, 12, 13, 16, 18, 20, 21, 24, 27, 28, 28])) : 3
      if dice.chance(0.01) { opset.version = Int64(dice.extremeInteger()) }
      model.opsetImport.append(opset)
    }
    if dice.chance(0.1) { model.useFunction(&dice) }
    return model
  }
}
