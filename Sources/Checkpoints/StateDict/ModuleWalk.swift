/// Names the tensors of a network that was pickled as a whole, as `state_dict()` would, from the inert description of
/// its modules: their classes are placeholders, their `_parameters`, `_buffers` and `_modules` are dictionaries.
struct ModuleWalk<Source: StorageSource> {
  let interpreter: TensorInterpreter<Source>

  private var view: PickleView { interpreter.view }

  func isModule(_ value: PickleValue) -> Bool {
    guard let attributes = attributes(value) else { return false }
    return ["_parameters", "_modules"].allSatisfy { key in
      attributes.contains { $0.name == key && view.items($0.value) != nil }
    }
  }

  /// All parameters and persistent buffers by their full names, in PyTorch's order.
  /// - Throws: `CheckpointError.limitExceeded` where modules are nested too deeply or contain themselves.
  func stateDict(of module: PickleValue) throws(CheckpointError) -> [(name: String, value: PickleValue)] {
    var result: [(name: String, value: PickleValue)] = []
    var visits = 0
    try walk(module, prefix: "", depth: 0, visits: &visits, into: &result)
    return result
  }

  private func walk(
    _ module: PickleValue, prefix: String, depth: Int, visits: inout Int,
    into result: inout [(name: String, value: PickleValue)]
  ) throws(CheckpointError) {
    guard let attributes = attributes(module) else { return }
    func members(_ key: String) -> [(name: String, value: PickleValue)] {
      attributes.first { $0.name == key }.flatMap { view.namedItems($0.value) } ?? []
    }
    let transient = Set(attributes.first { $0.name == "_non_persistent_buffers_set" }.map { names(in: $0.value) } ?? [])
    let children = members("_modules")
    let own = members("_parameters") + members("_buffers").filter { !transient.contains($0.name) }
    visits += 1 + own.count + children.count
    guard depth <= Limits.nesting, prefix.utf8.count <= Limits.nameBytes, visits <= Limits.visits else {
      throw .limitExceeded(
        file: interpreter.file, location: "module `\(prefix.prefix(64))`", quantity: "the nesting of modules",
        value: "beyond \(depth) levels or \(visits) members", limit: Limits.nesting)
    }
    for member in own where interpreter.isTensor(member.value) {
      result.append((prefix + member.name, member.value))
    }
    for child in children {
      try walk(child.value, prefix: prefix + child.name + ".", depth: depth + 1, visits: &visits, into: &result)
    }
  }

  /// What `__dict__` would hold: the state that was to be set on the object.
  private func attributes(_ value: PickleValue) -> [(name: String, value: PickleValue)]? {
    view.object(value)?.state.flatMap { view.namedItems($0) }
  }

  /// The texts in a set, also where protocol 2 describes it as `set(list)`.
  private func names(in value: PickleValue) -> [String] {
    if case .set(let index) = value { return view.heap.sequences[index].compactMap { view.string($0) } }
    guard let object = view.object(value), case .set? = view.meaning(of: object.callable),
      let list = view.heap.elements(of: object.arguments)?.first.flatMap({ view.heap.elements(of: $0) })
    else { return [] }
    return list.compactMap { view.string($0) }
  }
}
