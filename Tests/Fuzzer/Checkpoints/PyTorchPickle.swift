import Foundation

/// How `torch.save` describes tensors, and what people put around them.
struct PyTorchPickle {
  let network: MadeNetwork

  /// What is done to one tensor of so many: a network of a hundred tensors has not five times as much wrong with it as one of twenty.
  private func rarely(_ probability: Double, _ dice: inout Dice) -> Bool {
    dice.chance(probability * min(1, 20 / Double(max(1, network.tensors.count))))
  }

  func tensor(_ tensor: MadeTensor, legacy: Bool, _ dice: inout Dice) -> PickleNode {
    var identifier: [PickleNode] = [
      .text("storage"), .global("torch", tensor.storageClass), .text("\(tensor.storage)"), .text("cpu"),
      .integer(tensor.storageCount),
    ]
    if legacy { identifier.append(.none) }
    if rarely(0.004, &dice) { identifier.removeLast(dice.integer(1...4)) }
    var arguments: [PickleNode] = [
      .persistent(.tuple(identifier)), .integer(tensor.offset), .tuple(tensor.shape.map(PickleNode.integer)),
      .tuple(tensor.strides.map(PickleNode.integer)), .bool(false), orderedDictionary([]),
    ]
    if rarely(0.004, &dice) { arguments.swapAt(dice.integer(0...5), dice.integer(0...5)) }
    if rarely(0.004, &dice) { arguments.removeLast(dice.integer(1...5)) }
    let made = PickleNode.call(.global("torch._utils", "_rebuild_tensor_v2"), .tuple(arguments))
    guard dice.chance(0.1) else { return made }
    return .call(
      .global("torch._utils", "_rebuild_parameter"), .tuple([made, .bool(true), orderedDictionary([])]))
  }

  func array(_ tensor: MadeTensor, _ dice: inout Dice) -> PickleNode {
    let empty = PickleNode.call(
      .global(dice.pick(["numpy.core.multiarray", "numpy._core.multiarray"]), "_reconstruct"),
      .tuple([.global("numpy", "ndarray"), .tuple([.integer(0)]), .bytes(Data("b".utf8))]))
    let code =
      rarely(0.004, &dice) ? dice.pick(["f8", "i8", "O", "S5", "c8", "U99999999999", "", "f3"]) : "f4"
    let type = PickleNode.build(
      .call(.global("numpy", "dtype"), .tuple([.text(code), .bool(false), .bool(true)])),
      .tuple([
        .integer(3), .text(rarely(0.002, &dice) ? ">" : "<"), .none, .none, .none, .integer(-1), .integer(-1),
        .integer(0),
      ]))
    return .build(
      empty,
      .tuple([
        .integer(1), .tuple(tensor.shape.map(PickleNode.integer)), type, .bool(dice.chance(0.2)), .bytes(tensor.bytes),
      ]))
  }

  /// The object that is saved.
  func object(legacy: Bool, arrays: Bool, _ dice: inout Dice) -> PickleNode {
    var items: [(key: PickleNode, value: PickleNode)] = []
    for made in network.tensors {
      let value = arrays ? array(made, &dice) : tensor(made, legacy: legacy, &dice)
      items.append((rarely(0.003, &dice) ? anything(&dice, depth: 0) : .text(made.name), value))
    }
    if dice.chance(0.05) { items.append((.text("epoch"), anything(&dice, depth: 0))) }
    let dictionary = dice.chance(0.5) ? PickleNode.dictionary(items) : orderedDictionary(items)
    return wrapped(dictionary, &dice)
  }

  private func wrapped(_ dictionary: PickleNode, _ dice: inout Dice) -> PickleNode {
    switch dice.integer(0...13) {
    case 0...6: return dictionary
    case 7:
      return .dictionary([
        (.text(dice.pick(["state_dict", "model", "net"])), dictionary), (.text("epoch"), .integer(3)),
      ])
    case 8: return .dictionary([(.text("model"), dictionary), (.text("optimizer"), anything(&dice, depth: 0))])
    case 9: return .list([dictionary, anything(&dice, depth: 0)])
    case 10:
      // A whole network.
      return .build(
        .newObject(.global("__main__", "Net"), .tuple([])),
        .dictionary([
          (.text("training"), .bool(false)), (.text("_parameters"), dictionary),
          (.text("_buffers"), orderedDictionary([])),
          (.text("_modules"), orderedDictionary([(.text("inner"), anything(&dice, depth: 1))])),
        ]))
    case 11:
      // In a circle.
      return .kept(7, .dictionary([(.text("self"), .reference(7)), (.text("model"), dictionary)]))
    case 12:
      let depth = dice.pick([3, 90, 101, 3000])
      return (0..<depth).reduce(dictionary) { value, _ in .list([value]) }
    default:
      // Billions of laughs.
      return .tuple([
        .kept(100, .list([dictionary, .integer(1)])),
        .list((101...130).map { .kept($0, .list([.reference($0 - 1), .reference($0 - 1)])) }),
      ])
    }
  }

  func orderedDictionary(_ items: [(key: PickleNode, value: PickleNode)]) -> PickleNode {
    .filled(.call(.global("collections", "OrderedDict"), .tuple([])), items)
  }

  /// By themselves, where they mean nothing, or with lengths beyond the file's.
  private static let opcodes: [[UInt8]] = [
    [0x30], [0x31], [0x28], [0x32], [0x74], [0x73], [0x97], [0x98], [0x8b, 0xff, 0xff, 0xff, 0x7f],
    [0x95, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x8e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  ]

  func anything(_ dice: inout Dice, depth: Int) -> PickleNode {
    switch dice.integer(0...(depth > 3 ? 8 : 14)) {
    case 0: .none
    case 1: .bool(dice.chance(0.5))
    case 2: .integer(dice.extremeInteger())
    case 3: .float(dice.extremeNumber())
    case 4: .text(dice.oddName("key"))
    case 5: .bytes(Data(repeating: 7, count: dice.integer(0...9)))
    case 6:
      .global(
        dice.pick(["os", "torch", "builtins", "numpy", "torch.storage", ""]),
        dice.pick(["system", "Size", "set", "dtype", "_load_from_bytes", ""]))
    case 7: .reference(dice.pick([0, 7, 99, Int(UInt32.max)]))
    case 8: .raw(dice.pick(Self.opcodes))
    case 9: .list((0..<dice.integer(0...3)).map { _ in anything(&dice, depth: depth + 1) })
    case 10: .tuple((0..<dice.integer(0...4)).map { _ in anything(&dice, depth: depth + 1) })
    case 11:
      .dictionary(
        (0..<dice.integer(0...3)).map { _ in (anything(&dice, depth: depth + 1), anything(&dice, depth: depth + 1)) })
    case 12: .call(anything(&dice, depth: depth + 1), anything(&dice, depth: depth + 1))
    case 13: .build(anything(&dice, depth: depth + 1), anything(&dice, depth: depth + 1))
    default: .persistent(anything(&dice, depth: depth + 1))
    }
  }
}
