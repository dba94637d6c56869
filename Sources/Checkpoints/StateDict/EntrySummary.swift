import Text

/// Says in a few words what an entry of a checkpoint is, for entries that are not the network's tensors.
extension TensorInterpreter {
  func summary(_ value: PickleValue) -> String {
    switch value {
    case .none: return "None"
    case .bool(let flag): return flag ? "True" : "False"
    case .integer(let number): return "\(number)"
    case .bigInteger(let text): return String(text.prefix(32))
    case .float(let number): return "\(number)"
    case .string(let text): return "\"\(PlainText.shown(text))\""
    case .bytes(let region): return "\(region.count) bytes"
    case .list(let index): return "a list of \(view.heap.sequences[index].count)"
    case .tuple(let index): return "a tuple of \(view.heap.sequences[index].count)"
    case .dictionary(let index): return "a dictionary of \(view.heap.dictionaries[index].count)"
    case .set(let index): return "a set of \(view.heap.sequences[index].count)"
    case .global, .persistent: return view.global(value).map { PlainText.shown($0.path) } ?? "a reference"
    case .object(let index):
      if isTensor(value) { return "a tensor" }
      let object = view.heap.objects[index]
      if let number = numpyScalar(object) { return "\(number)" }
      if let items = view.items(value) { return "a dictionary of \(items.count)" }
      if let persistent = PersistentObject(object, in: view) {
        return "an object of \(PlainText.shown(persistent.className)), pickled with its source code"
      }
      return "an object of " + (view.global(object.callable).map { PlainText.shown($0.path) } ?? "an unknown class")
    }
  }
}
