import Foundation
import Tensor
import _Fixtures

/// A snapshot as NVlabs/edm's trainer pickles it, with things wrong that no network in memory can have: tensors beyond their storage,
/// objects in the place of others, modules that hold themselves or stand in several places.
struct MadeSnapshot {
  private var kept = 1000

  /// The whole file.
  mutating func file(_ network: EDMFixture.Module, _ dice: inout Dice) -> PickleNode {
    var module = self.module(network, &dice)
    switch dice.integer(0...39) {
    case 0:
      // Two places in each of many levels.
      for _ in 0..<dice.pick([3, 14, 40, 200]) { module = twice(module) }
    case 1:
      kept += 1
      module = .kept(kept, .dictionary([(.text("_modules"), .dictionary([(.text("model"), .reference(kept))]))]))
    case 2: module = (0..<dice.pick([5, 101, 3000])).reduce(module) { value, _ in .tuple([value]) }
    default: break
    }
    var items: [PickleNode.Item] = [
      (.text(dice.chance(0.95) ? "ema" : dice.pick(["G_ema", "model", "net", dice.oddName("ema")])), module)
    ]
    if dice.chance(0.5) {
      items.append((.text("loss_fn"), persistent("EDMLoss", [(.text("P_mean"), .float(-1.2))])))
    }
    if dice.chance(0.2) { items.append((.text("augment_pipe"), anything(&dice))) }
    if dice.chance(0.1) { items.append((.text("net"), self.module(network, &dice))) }
    guard dice.chance(0.9) else {
      return .filled(.newObject(.global("dnnlib.util", "EasyDict"), .tuple([])), items)
    }
    return .dictionary(items)
  }

  private mutating func twice(_ module: PickleNode) -> PickleNode {
    kept += 1
    let children = PickleNode.dictionary([
      (.text("a"), .kept(kept, module)), (.text("b"), .reference(kept)),
    ])
    return persistent("UNetBlock", [(.text("_parameters"), .dictionary([])), (.text("_modules"), children)])
  }

  private func module(_ module: EDMFixture.Module, _ dice: inout Dice) -> PickleNode {
    guard !dice.chance(0.0005) else { return anything(&dice) }
    let tensors = [("_parameters", module.parameters), ("_buffers", module.buffers)].map { key, list in
      let items = list.map { name, tensor in
        (key: PickleNode.text(name), value: tensor.map { self.tensor($0, &dice) } ?? .none)
      }
      return (key: PickleNode.text(key), value: dictionary(items, &dice))
    }
    let children = module.children.map { (key: PickleNode.text($0.name), value: self.module($0.module, &dice)) }
    let settings = module.settings.map { (key: PickleNode.text($0.name), value: setting($0.value, &dice)) }
    let state =
      [(key: PickleNode.text("training"), value: PickleNode.bool(false))] + tensors
      + [(key: .text("_modules"), value: dictionary(children, &dice))] + settings
    guard module.className == "ModuleDict", !dice.chance(0.002) else {
      return persistent(module.className, state, version: dice.chance(0.001) ? dice.extremeInteger() : 6)
    }
    return .build(
      .newObject(.global("torch.nn.modules.container", "ModuleDict"), .tuple([])), .dictionary(state))
  }

  private func persistent(_ className: String, _ state: [PickleNode.Item], version: Int = 6) -> PickleNode {
    .call(
      .global("torch_utils.persistence", "_reconstruct_persistent_obj"),
      .tuple([
        .dictionary([
          (.text("type"), .text("class")), (.text("version"), .integer(version)),
          (.text("module_src"), .text(SnapshotPickle.source)), (.text("class_name"), .text(className)),
          (.text("state"), .dictionary(state)),
        ])
      ]))
  }

  private func tensor(_ tensor: Tensor, _ dice: inout Dice) -> PickleNode {
    var (shape, strides) = (tensor.shape.dimensions, tensor.shape.strides)
    var storage = SnapshotPickle.storage(tensor.scalars)
    var offset = 0
    if dice.chance(0.0015) {
      switch dice.integer(0...5) {
      case 0: storage = SnapshotPickle.storage(tensor.scalars, claimed: dice.extremeInteger())
      case 1: storage = dice.mutated(storage)
      case 2: offset = dice.extremeInteger()
      case 3 where !shape.isEmpty: shape[dice.integer(0...shape.count - 1)] = dice.extremeInteger()
      case 4 where !strides.isEmpty: strides[dice.integer(0...strides.count - 1)] = dice.extremeInteger()
      default: storage = Data(storage.dropLast(dice.integer(1...9)))
      }
    }
    let made = PickleNode.call(
      .global("torch._utils", "_rebuild_tensor_v2"),
      .tuple([
        .call(.global("torch.storage", "_load_from_bytes"), .tuple([.bytes(storage)])), .integer(offset),
        .tuple(shape.map(PickleNode.integer)), .tuple(strides.map(PickleNode.integer)), .bool(false), .dictionary([]),
      ]))
    guard dice.chance(0.7) else { return made }
    return .call(.global("torch._utils", "_rebuild_parameter"), .tuple([made, .bool(false), .dictionary([])]))
  }

  private func setting(_ value: EDMFixture.Module.Setting, _ dice: inout Dice) -> PickleNode {
    if dice.chance(0.0005) { return anything(&dice) }
    return switch value {
    case .integer(let number): .integer(number)
    case .number(let number): .float(number)
    case .numpy(let number): numpy(number)
    case .flag(let flag): .bool(flag)
    case .none: .none
    }
  }

  private func numpy(_ value: Double) -> PickleNode {
    let type = PickleNode.build(
      .call(.global("numpy", "dtype"), .tuple([.text("f8"), .bool(false), .bool(true)])),
      .tuple([
        .integer(3), .text("<"), .none, .none, .none, .integer(-1), .integer(-1), .integer(0),
      ]))
    let bytes = withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) }
    return .call(.global("numpy.core.multiarray", "scalar"), .tuple([type, .bytes(bytes)]))
  }

  private func dictionary(_ items: [PickleNode.Item], _ dice: inout Dice) -> PickleNode {
    dice.chance(0.5) ? .dictionary(items) : PyTorchPickle(network: MadeNetwork()).orderedDictionary(items)
  }

  private func anything(_ dice: inout Dice) -> PickleNode {
    PyTorchPickle(network: MadeNetwork()).anything(&dice, depth: 1)
  }
}
