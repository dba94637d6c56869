/// Finds the named tensors in what a pickle describes: at the top level, under the names training scripts use, in a list, or
/// in the modules of a network that was pickled as a whole. A file may hold several networks.
struct StateDictSearch<Source: StorageSource> {
  let interpreter: TensorInterpreter<Source>
  private var visited: Set<Container> = []

  struct Found {
    /// Where it was: the keys and indices from the top.
    let path: [String]
    let items: [(name: String, value: PickleValue)]
    /// Of a pickled network; empty for a dictionary.
    var modules: [ModuleRecord] = []

    /// Such as `state_dict[0]`; empty for the top level.
    var location: String {
      path.reduce("") { $0.isEmpty || $1.hasPrefix("[") ? $0 + $1 : $0 + "." + $1 }
    }

    var isAverage: Bool { path.contains { WeightsKey.isAverage($0) } }
    var isMember: Bool { path.contains { $0.hasPrefix("[") } }
    /// Whether all keys are those that training scripts use.
    var isExpected: Bool { path.allSatisfy { $0.hasPrefix("[") || WeightsKey.isKnown($0) } }
  }

  private struct Container: Hashable {
    let kind: Int
    let index: Int
  }

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
    guard path.count <= 8, let container = Self.container(value), visited.insert(container).inserted else { return [] }
    let modules = ModuleWalk(interpreter: interpreter)
    if modules.isModule(value) {
      let content = try modules.content(of: value)
      return content.items.isEmpty ? [] : [Found(path: path, items: content.items, modules: content.modules)]
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
    if items.contains(where: { interpreter.isTensor($0.value) }) { return [Found(path: path, items: items)] }
    // Under keys of the author's own.
    for item in items {
      let isModule = modules.isModule(item.value)
      guard isModule || view.namedItems(item.value)?.contains(where: { interpreter.isTensor($0.value) }) ?? false
      else { continue }
      found += try all(item.value, path: path + [item.name], key: key)
    }
    return found
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

extension StateDictSearch {
  struct Chosen {
    let found: Found
    /// What is to be recorded, where the file holds more than this.
    let weights: String?
    let notes: [String]
  }

  /// The one that is meant.
  ///
  /// Of a network and the averages of its weights over a training, the averages are taken: they are what such a training
  /// evaluates. They must have all tensors of the network. Of the members of a list the first is taken. Keys of the author's own
  /// have no order: one of them is asked for.
  /// - Returns: nil where there is none.
  /// - Throws: `CheckpointError.noSuchWeights`, `.severalStateDicts`.
  mutating func find(_ choice: WeightsChoice) throws(CheckpointError) -> Chosen? {
    let all = try all(key: choice.key)
    if all.isEmpty { return nil }
    let file = interpreter.file
    func place(_ found: Found) -> String { TensorInterpreter<NoStorages>.printable(found.location) }
    let places = all.map(place)
    var matching = all
    if let key = choice.key {
      // A whole place is meant before a key in it.
      let exact = all.filter { $0.location == key }
      matching = exact.isEmpty ? all.filter { $0.path.contains(key) } : exact
    }
    if let member = choice.member { matching = matching.filter { $0.path.contains("[\(member)]") } }
    guard let first = matching.first else {
      throw .noSuchWeights(
        file: file, wanted: choice.key.map { "--weights \($0)" } ?? "--member \(choice.member ?? 0)", places: places)
    }
    let isOne = all.count == 1
    func chosen(_ found: Found, _ notes: [String]) -> Chosen {
      Chosen(found: found, weights: isOne && choice.isEmpty ? nil : found.location, notes: notes)
    }
    if matching.count == 1 {
      return chosen(first, isOne ? [] : ["the file holds \(Self.list(places)); taken as asked: `\(place(first))`"])
    }
    guard first.isExpected else {
      throw .severalStateDicts(file: file, places: matching.map(place), areMembers: first.isMember)
    }
    if first.isMember {
      // The first network of a cascade judges all images, the later ones what is left to them.
      return chosen(
        first,
        ["the file holds \(Self.list(places)): the first, `\(place(first))`, is taken; --member N takes another"])
    }
    var taken = first
    var notes: [String] = []
    if !first.isAverage, let average = matching.first(where: { $0.isAverage && !$0.isMember }) {
      let missing = names(first).subtracting(names(average))
      if missing.isEmpty {
        taken = average
        notes.append(
          "the file holds \(Self.list(places)): the averaged weights `\(place(average))` are taken, as a training that "
            + "averages evaluates them; --weights \(place(first)) takes the others")
      } else {
        notes.append(
          "the file holds \(Self.list(places)): `\(place(first))` is taken, as the averaged weights "
            + "`\(place(average))` lack \(missing.count) of its tensors (first: `\(missing.sorted()[0])`)")
      }
    } else {
      notes.append("the file holds \(Self.list(places)): `\(place(taken))` is taken; --weights KEY takes another")
    }
    return chosen(taken, notes)
  }

  private static func list(_ places: [String]) -> String {
    "\(places.count) state dicts (" + places.prefix(8).map { "`\($0)`" }.joined(separator: ", ")
      + (places.count > 8 ? ", ..." : "") + ")"
  }

  /// The network's own names, which wrappers lengthen.
  private func names(_ found: Found) -> Set<String> {
    Set(
      found.items.compactMap { item in
        guard interpreter.isTensor(item.value), !item.name.hasSuffix("num_batches_tracked") else { return nil }
        let parts = item.name.split(separator: ".").filter { !CanonicalNames.wrapperComponents.contains($0) }
        return parts.last == "n_averaged" ? nil : parts.joined(separator: ".")
      })
  }
}
