/// Finds the named tensors in what a pickle describes: at the top level, under the names training scripts use, first in
/// a list, or in the modules of a network that was pickled as a whole.
struct StateDictSearch<Source: StorageSource> {
  let interpreter: TensorInterpreter<Source>
  private var visited: Set<Container> = []

  /// Names under which training scripts put a state dict, in order of preference.
  static var wrapperKeys: [String] { ["state_dict", "model_state_dict", "model", "net", "ema"] }

  struct Found {
    /// Where it was: the keys and indices from the top.
    let path: [String]
    let items: [(name: String, value: PickleValue)]
    /// Whether it came out of a pickled network and not a dictionary.
    let isModule: Bool
  }

  private struct Container: Hashable {
    let kind: Int
    let index: Int
  }

  init(_ interpreter: TensorInterpreter<Source>) {
    self.interpreter = interpreter
  }

  private var view: PickleView { interpreter.view }

  /// nil where nothing is found. Each container is looked at once, so structures that contain themselves end.
  mutating func find() throws(CheckpointError) -> Found? {
    try find(view.value, path: [])
  }

  private mutating func find(_ value: PickleValue, path: [String]) throws(CheckpointError) -> Found? {
    guard path.count <= 8, let container = Self.container(value), visited.insert(container).inserted else { return nil }
    let modules = ModuleWalk(interpreter: interpreter)
    if modules.isModule(value) {
      let items = try modules.stateDict(of: value)
      return items.isEmpty ? nil : Found(path: path, items: items, isModule: true)
    }
    if let items = view.namedItems(value) {
      // A wrapper wins over tensors beside it: those are results that were saved along, e.g. a best accuracy.
      for key in Self.wrapperKeys {
        if let nested = items.first(where: { $0.name == key }), let found = try find(nested.value, path: path + [key]) {
          return found
        }
      }
      guard items.contains(where: { interpreter.isTensor($0.value) }) else { return nil }
      return Found(path: path, items: items, isModule: false)
    }
    for (index, element) in (view.heap.elements(of: value) ?? []).prefix(16).enumerated() {
      if let found = try find(element, path: path + ["[\(index)]"]) { return found }
    }
    return nil
  }

  private static func container(_ value: PickleValue) -> Container? {
    switch value {
    case .list(let index), .tuple(let index): return Container(kind: 0, index: index)
    case .dictionary(let index): return Container(kind: 1, index: index)
    case .object(let index): return Container(kind: 2, index: index)
    default: return nil
    }
  }
}
