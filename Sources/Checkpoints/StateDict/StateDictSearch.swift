/// Finds the named tensors in what a pickle describes: at the top level, under the names training scripts use, in a list, or
/// in the modules of a network that was pickled as a whole. A file may hold several networks.
struct StateDictSearch<Source: StorageSource> {
  let interpreter: TensorInterpreter<Source>
  private var visited: Set<PickleContainer> = []

  typealias Found = FoundWeights<PickleValue>

  init(_ interpreter: TensorInterpreter<Source>) {
    self.interpreter = interpreter
  }

  private var view: PickleView { interpreter.view }

  /// All state dicts, the preferred ones first. Each container is looked at once, so structures that contain themselves end.
  /// - Parameter key: of interest, whatever it is called.
  mutating func all(key: String?) throws(CheckpointError) -> [Found] {
    try all(view.value, path: [], key: key)
  }

  private mutating func all(_ value: PickleValue, path: [String], key: String?) throws(CheckpointError) -> [Found] {
    guard path.count <= 8, let container = PickleContainer(value), visited.insert(container).inserted else { return [] }
    let modules = ModuleWalk(interpreter: interpreter)
    if modules.isModule(value) {
      let content = try modules.content(of: value)
      return content.items.isEmpty
        ? [] : [Found(path: path, items: content.items.map(item), modules: content.modules)]
    }
    guard let items = view.namedItems(value) else {
      var found: [Found] = []
      for (index, element) in (view.heap.elements(of: value) ?? []).prefix(16).enumerated() {
        found += try all(element, path: path + ["[\(index)]"], key: key)
      }
      return found
    }
    let known = items.filter { WeightsKey.isKnown($0.name) || $0.name == key }
    let preferred = WeightsKey.preferred.compactMap { name in known.first { $0.name == name } }
    var found: [Found] = []
    for item in preferred + known.filter({ !WeightsKey.preferred.contains($0.name) }) {
      found += try all(item.value, path: path + [item.name], key: key)
    }
    // A wrapper wins over tensors beside it: those are results that were saved along, e.g. a best accuracy.
    guard found.isEmpty else { return found }
    if items.contains(where: { interpreter.isTensor($0.value) }) {
      return Found(path: path, items: items.map(item)).networks
    }
    if let tree = try flaxTree(items) { return [Found(path: path, items: tree)] }
    // Under keys of the author's own.
    for item in items {
      let isModule = modules.isModule(item.value)
      guard isModule || view.namedItems(item.value)?.contains(where: { interpreter.isTensor($0.value) }) ?? false
      else { continue }
      found += try all(item.value, path: path + [item.name], key: key)
    }
    return found
  }

  /// The tensors of dictionaries in dictionaries, as Flax keeps the parameters of its modules, with names such as
  /// `Block_0.Dense_0.kernel`.
  /// - Returns: nil where none is called `kernel`, as no other framework calls them.
  private func flaxTree(_ items: [(name: String, value: PickleValue)]) throws(CheckpointError) -> [Found.Item]? {
    var tree = NestedTensors(interpreter: interpreter)
    try tree.add(items, under: "", depth: 0)
    return tree.leaves.contains { $0.name.hasSuffix(".kernel") }
      ? tree.leaves.map { Found.Item(name: $0.name, value: $0.value, isTensor: true) } : nil
  }

  private func item(_ name: String, _ value: PickleValue) -> Found.Item {
    Found.Item(name: name, value: value, isTensor: interpreter.isTensor(value))
  }
}
