import Text

/// One state dict of a file: where it stands and what is in it.
struct FoundWeights<Value> {
  struct Item {
    let name: String
    let value: Value
    let isTensor: Bool
  }

  /// Where it was: the keys and indices from the top.
  let path: [String]
  let items: [Item]
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
  var isAverage: Bool { !isLastStepOfMMEngine && keys.contains { WeightsKey.isAverage($0) } }
  var isMember: Bool { path.contains { $0.hasPrefix("[") } }
  /// Whether all keys are those that training scripts use.
  var isExpected: Bool { path.allSatisfy { $0.hasPrefix("[") || WeightsKey.isKnown($0) } }

  /// MMEngine's hook for averages writes them as the `state_dict`, and the last step's weights as the `ema_state_dict`, there under
  /// the average's names, `module.*`, with its counter `steps` (seen with MMEngine 0.10.7; findings/mmengine-ema-keys-are-swapped.sh).
  var isLastStepOfMMEngine: Bool {
    path.last == "ema_state_dict" && items.contains { $0.isTensor && $0.name == "steps" }
      && items.allSatisfy { !$0.isTensor || $0.name == "steps" || $0.name.hasPrefix("module.") }
  }

  /// The network's own names, which wrappers lengthen.
  var names: Set<String> {
    Set(
      items.compactMap { item in
        guard item.isTensor, !item.name.hasSuffix("num_batches_tracked") else { return nil }
        var parts = item.name.split(separator: ".")[...]
        if let prefix, parts.first.map(String.init) == prefix { parts = parts.dropFirst() }
        parts = parts.filter { !CanonicalNames.wrapperComponents.contains($0) }[...]
        return parts.last == "n_averaged" ? nil : parts.joined(separator: ".")
      })
  }

  /// A network and averages of its weights that one dictionary holds under names such as `model.*` and `ema_model.*`, as training
  /// loops save them whose averages are a module beside the network. What is neither belongs to both. Itself where it holds
  /// one network.
  var networks: [FoundWeights] {
    func component(_ name: String) -> String? {
      name.firstIndex(of: ".").map { String(name[..<$0]) }
    }
    var counts: [String: Int] = [:]
    for item in items where item.isTensor {
      if let first = component(item.name), WeightsKey.isKnown(first) { counts[first, default: 0] += 1 }
    }
    let ordered = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    guard let plain = ordered.first(where: { !WeightsKey.isAverage($0) }) else { return [self] }
    func part(_ prefix: String, without others: [String]) -> FoundWeights {
      let own = items.filter { item in component(item.name).map { !others.contains($0) } ?? true }
      return FoundWeights(path: path, items: own, prefix: prefix)
    }
    let averages = ordered.filter { prefix in
      guard WeightsKey.isAverage(prefix) else { return false }
      let (own, averaged) = (part(plain, without: [prefix]).names, part(prefix, without: [plain]).names)
      // A module that happens to be called so has names of its own.
      return own.intersection(averaged).count * 2 >= own.count
    }
    guard !averages.isEmpty else { return [self] }
    let prefixes = [plain] + averages
    return prefixes.map { prefix in part(prefix, without: prefixes.filter { $0 != prefix }) }
  }
}

/// The state dict of a file that is meant.
struct ChosenWeights<Value> {
  let found: FoundWeights<Value>
  /// What is to be recorded, where the file holds more than this.
  let weights: String?
  let notes: [String]

  /// Of a network and the averages of its weights over a training, the averages are taken: they are what such a training
  /// evaluates. They must have all tensors of the network. Of the members of a list the first is taken. Keys of the author's own
  /// have no order: one of them is asked for.
  /// - Parameter all: the preferred ones first.
  /// - Returns: nil where there is none.
  /// - Throws: `CheckpointError.noSuchWeights`, `.severalStateDicts`.
  init?(of all: [FoundWeights<Value>], _ choice: WeightsChoice, file: String) throws(CheckpointError) {
    if all.isEmpty { return nil }
    func place(_ found: FoundWeights<Value>) -> String { PlainText.shown(found.location) }
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
    var taken = first
    var notes: [String] = []
    if matching.count == 1 {
      notes = isOne ? [] : ["the file holds \(Self.list(places)); taken as asked: `\(place(first))`"]
    } else if !first.isExpected {
      throw .severalStateDicts(file: file, places: matching.map(place), areMembers: first.isMember)
    } else if first.isMember {
      // The first network of a cascade judges all images, the later ones what is left to them.
      notes = ["the file holds \(Self.list(places)): the first, `\(place(first))`, is taken; --member N takes another"]
    } else if !first.isAverage, let average = matching.first(where: { $0.isAverage && !$0.isMember }) {
      let missing = first.names.subtracting(average.names)
      if missing.isEmpty {
        taken = average
        notes = [
          "the file holds \(Self.list(places)): the averaged weights `\(place(average))` are taken, as a training that "
            + "averages evaluates them; --weights \(place(first)) takes the others"
        ]
      } else {
        notes = [
          "the file holds \(Self.list(places)): `\(place(first))` is taken, as the averaged weights "
            + "`\(place(average))` lack \(missing.count) of its tensors (first: `\(missing.sorted()[0])`)"
        ]
      }
    } else if let last = matching.first(where: \.isLastStepOfMMEngine) {
      notes = [
        "the file holds \(Self.list(places)): `\(place(taken))` is taken, where MMEngine writes the averages; its "
          + "`\(place(last))` are the last step's weights, which --weights \(place(last)) takes"
      ]
    } else {
      notes = ["the file holds \(Self.list(places)): `\(place(taken))` is taken; --weights KEY takes another"]
    }
    found = taken
    weights = isOne && choice.isEmpty ? nil : taken.location
    self.notes = notes
  }

  private static func list(_ places: [String]) -> String {
    "\(places.count) state dicts (" + places.prefix(8).map { "`\($0)`" }.joined(separator: ", ")
      + (places.count > 8 ? ", ..." : "") + ")"
  }
}
