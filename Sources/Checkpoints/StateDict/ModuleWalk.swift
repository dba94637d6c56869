import Text

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

  struct Content {
    /// All parameters and persistent buffers by their full names, in PyTorch's order.
    var items: [(name: String, value: PickleValue)] = []
    /// All modules in the order in which they were made, the network itself first.
    var modules: [ModuleRecord] = []
  }

  /// - Throws: `CheckpointError.limitExceeded` where modules are nested too deeply or contain themselves.
  func content(of module: PickleValue) throws(CheckpointError) -> Content {
    var result = Content()
    var visits = 0
    try walk(module, prefix: "", depth: 0, visits: &visits, into: &result)
    return result
  }

  private func walk(
    _ module: PickleValue, prefix: String, depth: Int, visits: inout Int, into result: inout Content
  ) throws(CheckpointError) {
    guard let attributes = attributes(module) else { return }
    func members(_ key: String) -> [(name: String, value: PickleValue)] {
      attributes.first { $0.name == key }.flatMap { view.namedItems($0.value) } ?? []
    }
    let transient = Set(attributes.first { $0.name == "_non_persistent_buffers_set" }.map { names(in: $0.value) } ?? [])
    let children = members("_modules")
    let own = members("_parameters") + members("_buffers").filter { !transient.contains($0.name) }
    visits += 1 + own.count + children.count
    guard depth <= Limits.nesting, prefix.utf8.count <= Limits.nameBytes, visits <= Limits.visits,
      result.modules.count < largestModuleCount
    else {
      throw .limitExceeded(
        file: interpreter.file, location: "module `\(prefix.prefix(64))`", quantity: "the nesting of modules",
        value: "beyond \(depth) levels or \(visits) members", limit: Limits.nesting)
    }
    // Normalisation is often kept as a plain tensor beside the buffers.
    let plain = attributes.filter { InputNormalisation.isName($0.name) && interpreter.isTensor($0.value) }
    let tensors = own.filter { interpreter.isTensor($0.value) } + plain
    for member in tensors { result.items.append((prefix + member.name, member.value)) }
    result.modules.append(
      ModuleRecord(
        name: String(prefix.dropLast()), classPath: className(of: module), hasTensors: !tensors.isEmpty,
        hasChildren: !children.isEmpty, settings: settings(attributes)))
    for child in children {
      try walk(child.value, prefix: prefix + child.name + ".", depth: depth + 1, visits: &visits, into: &result)
    }
  }

  /// A module may stand in several places, but not so that a small file describes a network beyond all bounds: two places in each of
  /// forty levels are 2^40.
  private var largestModuleCount: Int { min(Limits.modules, 1000 + 8 * view.heap.objects.count) }

  private func className(of module: PickleValue) -> String {
    guard let object = view.object(module) else { return "" }
    if let persistent = PersistentObject(object, in: view) {
      return PlainText.shown(persistent.className)
    }
    let made = view.global(object.callable)
    // Below protocol 2 an object is made by `_reconstructor(class, object, None)`.
    if made?.name == "_reconstructor", let first = view.heap.elements(of: object.arguments)?.first,
      let global = view.global(first)
    {
      return PlainText.shown(global.path)
    }
    return PlainText.shown(made?.path ?? "")
  }

  private func settings(_ attributes: [(name: String, value: PickleValue)]) -> [String: ModuleRecord.Setting] {
    var settings: [String: ModuleRecord.Setting] = [:]
    for (name, value) in attributes where !name.hasPrefix("_") { settings[name] = setting(value) }
    return settings
  }

  private func setting(_ value: PickleValue) -> ModuleRecord.Setting? {
    func number(_ value: PickleValue) -> Double? {
      switch value {
      case .integer(let number): Double(number)
      case .float(let number): number
      case .object: view.object(value).flatMap { interpreter.numpyScalar($0) }
      default: nil
      }
    }
    switch value {
    case .bool(let flag): return .flag(flag)
    case .string(let text): return .text(PlainText.shown(text))
    case .list, .tuple:
      guard let elements = view.heap.elements(of: value), elements.count <= 8 else { return nil }
      let numbers = elements.compactMap(number)
      return numbers.count == elements.count ? .numbers(numbers) : nil
    default: return number(value).map { .number($0) }
    }
  }

  /// What `__dict__` would hold: the state that was to be set on the object, or that stands among its arguments.
  private func attributes(_ value: PickleValue) -> [(name: String, value: PickleValue)]? {
    guard let object = view.object(value) else { return nil }
    return (PersistentObject(object, in: view)?.state ?? object.state).flatMap { view.namedItems($0) }
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
