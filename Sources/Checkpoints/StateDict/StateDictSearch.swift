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
    /// The first component of the network's names, where a dictionary holds several networks side by side.
    var prefix: String?

    private var keys: [String] { path + (prefix.map { [$0] } ?? []) }

    /// Such as `state_dict[0]`; empty for the top level.
    var location: String {
      keys.reduce("") { $0.isEmpty || $1.hasPrefix("[") ? $0 + $1 : $0 + "." + $1 }
    }

    func isUnder(_ key: String) -> Bool { keys.contains(key) }
    var isAverage: Bool { keys.contains { WeightsKey.isAverage($0) } }
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
    if items.contains(where: { interpreter.isTensor($0.value) }) { return networks(Found(path: path, items: items)) }
    // Under keys of the author's own.
    for item in items {
      let isModule = modules.isModule(item.value)
      guard isModule || view.namedItems(item.value)?.contains(where: { interpreter.isTensor($0.value) }) ?? false
      else { continue }
      found += try all(item.value, path: path + [item.name], key: key)
    }
    return found
  }

  /// A network and averages of its weights that one dictionary holds under names such as `model.*` and `ema_model.*`, as training
  /// loops save them whose averages are a module beside the network. What is neither belongs to both.
  private func networks(_ found: Found) -> [Found] {
    func component(_ name: String) -> String? {
      name.firstIndex(of: ".").map { String(name[..<$0]) }
    }
    var counts: [String: Int] = [:]
    for item in found.items where interpreter.isTensor(item.value) {
      if let first = component(item.name), WeightsKey.isKnown(first) { counts[first, default: 0] += 1 }
    }
    let ordered = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    let plain = ordered.first { !WeightsKey.isAverage($0) }
    func part(_ prefix: String, without others: [String]) -> Found {
      let items = found.items.filter { item in component(item.name).map { !others.contains($0) } ?? true }
      return Found(path: found.path, items: items, prefix: prefix)
    }
    let averages = ordered.filter { prefix in
      guard let plain, WeightsKey.isAverage(prefix) else { return false }
      let (own, averaged) = (names(part(plain, without: [prefix])), names(part(prefix, without: [plain])))
      // A module that happens to be called so has names of its own.
      return own.intersection(averaged).count * 2 >= own.count
    }
    guard let plain, !averages.isEmpty else { return [found] }
    let prefixes = [plain] + averages
    return prefixes.map { prefix in part(prefix, without: prefixes.filter { $0 != prefix }) }
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
      matching = exact.isEmpty ? all.filter { $0.isUnder(key) } : exact
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
        var parts = item.name.split(separator: ".")[...]
        if let prefix = found.prefix, parts.first.map(String.init) == prefix { parts = parts.dropFirst() }
        parts = parts.filter { !CanonicalNames.wrapperComponents.contains($0) }[...]
        return parts.last == "n_averaged" ? nil : parts.joined(separator: ".")
      })
  }
}
