/// Collects the tensors that stand in dictionaries of dictionaries, under all keys that lead to them, joined by dots.
struct NestedTensors<Source: StorageSource> {
  let interpreter: TensorInterpreter<Source>
  private(set) var leaves: [(name: String, value: PickleValue)] = []
  /// Each dictionary is looked at once, so that structures that share themselves do not grow.
  private var visited: Set<PickleContainer> = []
  /// The file holds a dictionary's key once, the names of its tensors each.
  private var nameBytes = 0

  init(interpreter: TensorInterpreter<Source>) {
    self.interpreter = interpreter
  }

  /// - Throws: `CheckpointError.limitExceeded` where names would take more memory than any network's.
  mutating func add(
    _ items: [(name: String, value: PickleValue)], under prefix: String, depth: Int
  ) throws(CheckpointError) {
    for (name, value) in items {
      let isTensor = interpreter.isTensor(value)
      let inner = isTensor || depth >= 8 ? nil : interpreter.view.namedItems(value)
      guard isTensor || inner != nil else { continue }
      nameBytes += prefix.utf8.count + name.utf8.count
      guard nameBytes <= Limits.joinedNameBytes else {
        throw .limitExceeded(
          file: interpreter.file, location: "dictionaries in dictionaries", quantity: "the length of all names",
          value: "\(nameBytes) bytes", limit: Limits.joinedNameBytes)
      }
      if isTensor {
        leaves.append((prefix + name, value))
      } else if let inner, let container = PickleContainer(value), visited.insert(container).inserted {
        try add(inner, under: prefix + name + ".", depth: depth + 1)
      }
    }
  }
}
